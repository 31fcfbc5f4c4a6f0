package withcgo

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "linking/go-library-in-c-program",
		Contract: "A C program loads a Go library (c-shared), whose runtime then runs goroutines and collects garbage.",
		Source:   "cmd/go, \"Build modes\": c-shared; Go runtime/cgo, library start (_rt0_GOARCH_lib)",
		Breaks:   "Go cannot be used from C, Python, Java or nginx on this platform.",
		Needs:    []string{"self-exec", "threads"},
		Run:      goLibrary,
	}, suite.Case{
		ID:       "linking/go-archive-in-c-program",
		Contract: "A C program is linked with Go code (c-archive), which knows its arguments and environment and runs goroutines.",
		Source:   "cmd/go, \"Build modes\": c-archive; Go runtime/cgo, library start (_rt0_GOARCH_lib)",
		Breaks:   "Go cannot be built into C programs, agents and firmware of this platform.",
		Needs:    []string{"self-exec", "threads"},
		Run:      goArchive,
	})
	suite.Helper("linking-host", func([]string) int {
		fmt.Fprintln(os.Stderr, "the preloaded library did not take over")
		return 1
	})
}

// goLibrary preloads a library whose constructor takes the process over before the probe's Go runtime starts: a C
// program then, with the one Go runtime of the library.
func goLibrary(t *suite.T) {
	dynamic(t)
	decide(t, "libseatrial_goshared.so", "42 HARBOUR/7\n", func(library string) *exec.Cmd {
		return with(t, t.Self("linking-host"), "libseatrial_preloaded.so", "SEATRIAL_HOST="+library)
	})
}

func goArchive(t *suite.T) {
	decide(t, "seatrial_archivehost", "3 two words aboard\n42\n", func(program string) *exec.Cmd {
		os.Chmod(program, 0o755) // an exported suite is unpacked without modes; who may not change them need not
		command := exec.Command(program, "one", "two words")
		command.Env = append(os.Environ(), "SEATRIAL_TOLD=aboard")
		return command
	})
}

// decide judges a C program with Go code in it by what it says. Where it crashes, and the toolchain that made it has a
// known fault, what a second compiler made of the same source tells whether the platform is at fault.
func decide(t *suite.T, file, want string, start func(path string) *exec.Cmd) {
	path := t.Library(file)
	said, problems, err := output(start(path))
	if fault := faultOf(path); fault != "" && crashed(err) {
		compiler := second(t, path, fault)
		if said, problems, err = output(start(secondOf(path))); err == nil && said == want {
			t.NA("%s. Built by %s the same program works here.", fault, compiler)
		}
		problems += " (built by " + compiler + " too)"
	}
	if err != nil {
		t.Fatalf("the C program ended with %v: %s", err, strings.TrimSpace(problems))
	}
	same(t, "what the C program and Go said", said, want)
}

// faultOf is what the toolchain is known to make wrong of a file, "" for nothing.
func faultOf(path string) string {
	fault, _ := os.ReadFile(path + ".fault")
	if len(fault) == 0 {
		return ""
	}
	return "a known fault of the toolchain, seen here too: " + string(fault)
}

func secondOf(path string) string {
	return filepath.Join(filepath.Dir(path), "second", filepath.Base(path))
}

// second is the compiler of the second opinion. Where there is none the case ends, with the reason.
func second(t *suite.T, path, fault string) string {
	if why, err := os.ReadFile(secondOf(path) + ".reason"); err == nil {
		t.NA("%s. %s.", fault, why)
	}
	compiler, err := os.ReadFile(secondOf(path) + ".compiler")
	if err != nil {
		t.NA("%s. Nothing built by another compiler came with this probe.", fault)
	}
	return string(compiler)
}

func output(command *exec.Cmd) (said, problems string, err error) {
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	return string(out), stderr.String(), err
}

// crashed says whether a program was ended by a signal or by Go's handler of one.
func crashed(err error) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && (status.Signaled() || status.ExitStatus() == 2 || status.ExitStatus() == 128+int(syscall.SIGSEGV))
}
