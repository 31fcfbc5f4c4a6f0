//go:build linux && amd64

// Faultinjector runs a program as if the platform broke some of its contracts, to show that the conformance suite
// notices: system calls that fail, lie or are never made, signals that are lost or changed, a vDSO that is not there.
//
//	faultinjector RULES.json PROGRAM ARGUMENT...
//
// The program is unmodified. A seccomp filter stops it at the system calls that rules name (seccomp(2),
// SECCOMP_RET_TRACE), ptrace(2) changes what they do; threads, children and new programs are followed. Rules hold in
// processes started with the first argument "worker" or "helper", and in their children. The exit code is the
// program's; 125 says that the injector could not do its work.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

const stageArgument = "--stage" // the injector's own child, which becomes the program

func init() { runtime.LockOSThread() } // ptrace requests, and the stage's filter, belong to one thread

func main() {
	if len(os.Args) < 3 {
		die("usage: faultinjector RULES.json PROGRAM ARGUMENT...")
	}
	if os.Args[1] == stageArgument {
		die("%v", stage(os.Args[2], os.Args[3:]))
	}
	rules, err := readRules(os.Args[1])
	if err != nil {
		die("%s: %v", os.Args[1], err)
	}
	program, err := exec.LookPath(os.Args[2])
	if err != nil {
		die("%v", err)
	}
	code, err := inject(rules, append([]string{program}, os.Args[3:]...))
	if err != nil {
		die("%v", err)
	}
	os.Exit(code)
}

// inject starts the stage, seizes it before it becomes the program, and follows everything to the program's end.
func inject(rules []*rule, argv []string) (int, error) {
	wait, start, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	// The stage hears through this pipe that it is traced: filters without a tracer make calls fail with ENOSYS.
	child, err := os.StartProcess("/proc/self/exe", append([]string{"faultinjector", stageArgument, numbersOf(rules)}, argv...),
		&os.ProcAttr{Env: os.Environ(), Files: []*os.File{os.Stdin, os.Stdout, os.Stderr, wait}})
	if err != nil {
		return 0, err
	}
	wait.Close()
	t := newTracer(rules, child.Pid)
	if err := t.seize(); err != nil {
		child.Kill()
		return 0, err
	}
	start.Close()
	return t.follow()
}

// stage waits until it is traced, installs the filter on this thread and becomes the program.
func stage(numbers string, argv []string) error {
	ready := os.NewFile(3, "ready")
	ready.Read(make([]byte, 1))
	syscall.CloseOnExec(3)
	if err := installFilter(numbers); err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	return fmt.Errorf("%s: %w", argv[0], syscall.Exec(argv[0], argv, os.Environ()))
}

func die(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "faultinjector: "+format+"\n", args...)
	os.Exit(125)
}
