// Package outcome has helper programs commit faults, and says what the platform and Go make of them.
package outcome

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"seatrial.example/conformance/suite"
)

// What a program does about a fault that it is going to commit.
const (
	plain    = "plain"
	recovers = "recovers"
	onFault  = "panic-on-fault"
)

// Commit is the helper: it commits a fault in one of the ways.
func Commit(way string, fault func()) int {
	debug.SetTraceback("single")
	if way != plain {
		debug.SetPanicOnFault(way == onFault)
		defer func() {
			said := recover()
			problem, isError := said.(runtime.Error)
			fmt.Println("recovered", isError, problem)
		}()
	}
	fault()
	fmt.Println("nothing")
	return 0
}

// Judge has a helper commit a fault, and compares what became of a fault with what the platform is known for.
func Judge(t *suite.T, mode, name string) {
	seen := observe(t, mode, name)
	t.Value("seen", seen)
	expected, known := t.Expected(name)
	if !known {
		t.Unknown("nobody has written down what this platform makes of it; seen here: %s", seen)
	}
	if seen != expected {
		t.Fatalf("seen: %s; expected: %s", seen, expected)
	}
}

var (
	inPanic   = regexp.MustCompile(`(?m)^\[signal (\S+?)(?:: [^=]*)? code=(0x[0-9a-f]+)`)
	inThrow   = regexp.MustCompile(`(?m)^(SIG\w+): .*\nPC=\S+ m=\S+ sigcode=(-?\d+)`)
	inWindows = regexp.MustCompile(`(?m)^Exception (0x[0-9a-f]+) (0x[0-9a-f]+)`)
	headline  = regexp.MustCompile(`(?m)^(?:panic|fatal error|SIG\w+|Exception): .*$`)
)

// observe commits a fault three times, and says in one line: the signal and its code, the message, whether the
// program can recover, and its exit status.
func observe(t *suite.T, mode, name string) string {
	said, status := commit(t, mode, name, plain)
	if status == "exit 0" {
		return said + "; " + status
	}
	which := "no signal"
	for _, form := range []*regexp.Regexp{inPanic, inThrow, inWindows} {
		if found := form.FindStringSubmatch(said); found != nil {
			which = found[1] + " code " + found[2]
			if code, err := strconv.ParseUint(found[2], 10, 64); err == nil { // Go prints si_code, an int, as unsigned
				which = fmt.Sprint(found[1], " code ", int32(code))
			}
			break
		}
	}
	words := "no message"
	if found := headline.FindString(said); found != "" {
		words = strings.TrimSpace(found)
	}
	fate := "fatal"
	for _, way := range []string{recovers, onFault} {
		if said, how := commit(t, mode, name, way); how == "exit 0" {
			fate = way
			if !strings.HasPrefix(said, "recovered true runtime error: ") {
				fate = fmt.Sprintf("%s as %q", way, said)
			}
			break
		}
	}
	return strings.Join([]string{which, words, fate, status}, "; ")
}

// commit gives what the helper said (stdout if it lived, stderr if not), and how it ended.
func commit(t *suite.T, mode, name, way string) (said, status string) {
	var out, problems bytes.Buffer
	helper := t.Self(mode, name, way)
	helper.Stdout, helper.Stderr = &out, &problems
	if err := helper.Start(); err != nil {
		t.Fatalf("a helper does not start: %v", err)
	}
	kill := time.AfterFunc(t.Patience(4*time.Second), func() { helper.Process.Kill() })
	err := helper.Wait()
	if !kill.Stop() {
		return problems.String(), "hangs"
	}
	var ended *exec.ExitError
	if err == nil {
		return strings.TrimSpace(out.String()), "exit 0"
	} else if !errors.As(err, &ended) {
		t.Fatalf("%v", err)
	}
	if code := ended.ExitCode(); code >= 0 {
		return problems.String(), fmt.Sprint("exit ", code)
	}
	return problems.String(), ended.ProcessState.String()
}
