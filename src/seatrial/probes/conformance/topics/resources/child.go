package resources

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
)

// A report is what a fresh Go program makes of the resources that it has.
type report struct {
	CPUs      int      // runtime.NumCPU
	Procs     int      // runtime.GOMAXPROCS
	Memory    int64    // debug.SetMemoryLimit
	OpenFiles []uint64 // the limit of open files: soft and hard at the start, soft and hard now
	Allowed   int      // CPUs that the kernel's own list allows
	Nice      int      // as getpriority gives it: 20 minus the nice value
	OOMScore  string   // /proc/self/oom_score_adj
	Files     []string // what its descriptors are open on
	Child     *report  // what a child of this program reports, if it was told to start one
}

func init() { suite.Helper("resources-report", tellReport) }

// tellReport writes a report; with the argument "child" one with a child's in it.
func tellReport(args []string) int {
	made := report{CPUs: runtime.NumCPU(), Procs: runtime.GOMAXPROCS(0), Memory: debug.SetMemoryLimit(-1)}
	made.addSystem()
	if len(args) > 0 && args[0] == "child" {
		text, err := exec.Command(os.Args[0], os.Args[1], "resources-report").Output()
		if err == nil {
			err = json.Unmarshal(text, &made.Child)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "a child that was to report:", err)
			return 1
		}
	}
	json.NewEncoder(os.Stdout).Encode(made)
	return 0
}

// without is this environment without some variables.
func without(names ...string) []string {
	var kept []string
	for _, variable := range os.Environ() {
		drop := false
		for _, name := range names {
			drop = drop || strings.HasPrefix(variable, name+"=")
		}
		if !drop {
			kept = append(kept, variable)
		}
	}
	return kept
}

// An end is what became of a child.
type end struct {
	out, said string
	state     *os.ProcessState
}

// ended runs a child to its end, which is its own or, when it hangs, the one that this case makes.
func ended(t *suite.T, child *exec.Cmd, patience time.Duration) end {
	var out, said bytes.Buffer
	child.Stdout, child.Stderr = &out, &said
	if err := child.Start(); err != nil {
		t.Fatalf("the child did not start: %v", err)
	}
	hung := time.AfterFunc(t.Patience(patience), func() { child.Process.Kill() })
	child.Wait()
	if !hung.Stop() {
		t.Fatalf("the child did not end within %v; it said %q", t.Patience(patience), excerpt(said.String()))
	}
	return end{out: strings.TrimSpace(out.String()), said: excerpt(said.String()), state: child.ProcessState}
}

// excerpt is enough of what a program said to know why it ended.
func excerpt(text string) string {
	const most = 400
	return strings.TrimSpace(text[:min(len(text), most)])
}

// reported runs a child that reports. A child that could not be prepared exits with cannotPrepare.
func reported(t *suite.T, child *exec.Cmd) report {
	done := ended(t, child, 5*time.Second)
	if done.state.ExitCode() == cannotPrepare {
		t.Unknown("%s", done.said)
	}
	var made report
	if err := json.Unmarshal([]byte(done.out), &made); err != nil {
		t.Fatalf("the child ended with %v, and said %q and %q", done.state, done.out, done.said)
	}
	return made
}

const cannotPrepare = 77

// unprepared is the exit code of a helper that could not do what the case is about.
func unprepared(format string, args ...any) int {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	return cannotPrepare
}

// lastSignal is the signal that ended a child, 0 for none.
func (e end) lastSignal() syscall.Signal {
	if status, ok := e.state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return status.Signal()
	}
	return 0
}
