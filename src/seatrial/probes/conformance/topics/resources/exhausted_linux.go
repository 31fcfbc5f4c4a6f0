//go:build !mips && !mipsle && !mips64 && !mips64le

package resources

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "resources/memory-limit-ends-with-text",
		Contract: "When RLIMIT_AS refuses memory, a Go program ends at once and says that it is out of memory.",
		Source:   "getrlimit(2); mmap(2), ENOMEM; Go runtime/mem_linux.go, runtime/malloc.go",
		Breaks:   "The program hangs, or dies of a fault that nobody connects with the limit.",
		Needs:    []string{"self-exec"},
		Run:      memoryEnds,
	}, suite.Case{
		ID:       "resources/cpu-time-ends-with-signal",
		Contract: "When the soft RLIMIT_CPU is used up, SIGXCPU comes, and a program may handle it.",
		Source:   "getrlimit(2), RLIMIT_CPU; Go runtime/sigtab_linux_generic.go",
		Breaks:   "Judges and batch systems end programs without the chance to save, or never.",
		Needs:    []string{"self-exec"},
		Seconds:  120, // a limit is in whole seconds of computing, which take longer on a busy machine
		Run:      cpuEnds,
	}, suite.Case{
		ID:       "resources/file-size-ends-with-error",
		Contract: "A write beyond RLIMIT_FSIZE is cut there, and the next one gives EFBIG and SIGXFSZ.",
		Source:   "getrlimit(2), RLIMIT_FSIZE; write(2), EFBIG",
		Breaks:   "Logs fill the disk that they were kept from filling; or data is lost without an error.",
		Needs:    []string{"self-exec"},
		Run:      fileSize,
	}, suite.Case{
		ID:       "resources/threads-end-with-text",
		Contract: "When RLIMIT_NPROC refuses a thread, a Go program ends and says which limit to raise.",
		Source:   "getrlimit(2), RLIMIT_NPROC; clone(2), EAGAIN; Go runtime/os_linux.go, newosproc",
		Breaks:   "The program hangs with runnable goroutines and no thread for them.",
		Needs:    []string{"self-exec"},
		Run:      threadsEnd,
	}, suite.Case{
		ID:       "resources/no-core-when-limited",
		Contract: "With RLIMIT_CORE at 0 a program that aborts ends with SIGABRT, and leaves no core file.",
		Source:   "core(5); getrlimit(2), RLIMIT_CORE; package runtime, GOTRACEBACK=crash",
		Breaks:   "Crashes fill disks, with secrets; or a crash looks like a normal end.",
		Needs:    []string{"self-exec"},
		Run:      noCore,
	})
	suite.Helper("resources-hoard", hoard)
	suite.Helper("resources-burn", burn)
	suite.Helper("resources-fill", fill)
	suite.Helper("resources-crowd", crowd)
	suite.Helper("resources-abort", func([]string) int {
		if err := prlimit(limitCore, 0, hardLimit(limitCore)); err != nil {
			return unprepared("needs to set the limit of core files: %v", err)
		}
		panic("asked to")
	})
}

// hoard limits its memory and asks for more.
func hoard([]string) int {
	used, _ := os.ReadFile("/proc/self/statm") // proc(5): all pages, and others
	all, _, _ := strings.Cut(string(used), " ")
	pages, _ := strconv.ParseUint(all, 10, 64)
	const more, asked = 128 << 20, 1 << 30
	if err := prlimit(limitAddresses, pages*uint64(os.Getpagesize())+more, hardLimit(limitAddresses)); err != nil {
		return unprepared("needs to set RLIMIT_AS: %v", err)
	}
	kept = make([]byte, asked)
	fmt.Println("got it")
	return 0
}

// memoryEnds leaves RLIMIT_DATA alone: it does not hold what is mapped over a reservation (mm/vma.c, may_expand_vm), as
// the runtime does.
func memoryEnds(t *suite.T) {
	done := ended(t, t.Self("resources-hoard"), 5*time.Second)
	switch {
	case done.state.ExitCode() == cannotPrepare:
		t.Unknown("%s", done.said)
	case done.state.ExitCode() != 2 || !strings.Contains(done.said, "out of memory") && !strings.Contains(done.said, "cannot allocate memory"):
		t.Errorf("1 GiB with 128 MiB left of RLIMIT_AS: ended with %v, and said %q %q; a fatal error about memory was expected",
			done.state, done.out, done.said)
	}
}

func cpuUsed() time.Duration {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// burn computes until the signal comes, or for as much of the CPUs as it is told.
func burn(args []string) int {
	most, _ := time.ParseDuration(args[0])
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGXCPU)
	if err := prlimit(limitCPU, 1, hardLimit(limitCPU)); err != nil {
		return unprepared("needs to set RLIMIT_CPU: %v", err)
	}
	for range runtime.NumCPU() {
		go func() {
			for cpuUsed() < most {
			}
			told <- syscall.SIGALRM
		}()
	}
	fmt.Println(int(syscall.SIGXCPU), int((<-told).(syscall.Signal)), int64(cpuUsed()))
	return 0
}

func cpuEnds(t *suite.T) {
	// A guest of an emulator on a busy host misses ticks, which the kernel counts for the limit.
	done := ended(t, t.Self("resources-burn", t.Patience(2*time.Second).String()), 110*time.Second)
	if done.state.ExitCode() == cannotPrepare {
		t.Unknown("%s", done.said)
	}
	var expected, got int
	var used time.Duration
	if _, err := fmt.Sscan(done.out, &expected, &got, (*int64)(&used)); err != nil {
		t.Fatalf("it ended with %v, and said %q and %q", done.state, done.out, done.said)
	}
	// The kernel counts whole ticks for the limit, and the exact time for what rusage tells: they may differ by a lot.
	if got != expected || used < 500*time.Millisecond {
		t.Fatalf("with a limit of 1 s: after %v signal %d; %d (SIGXCPU) after 1 s was expected", used, got, expected)
	}
}

const fileSizeLimit = 5000

// fill writes 2 times 8000 bytes to a file that may have 5000, and says what came of it.
func fill(args []string) int {
	told := make(chan os.Signal, 4)
	signal.Notify(told, syscall.SIGXFSZ)
	file, err := os.Create(args[0])
	if err == nil {
		err = prlimit(limitFileSize, fileSizeLimit, hardLimit(limitFileSize))
	}
	if err != nil {
		return unprepared("needs a file and to limit its size: %v", err)
	}
	first, _ := syscall.Write(int(file.Fd()), make([]byte, 8000))
	_, second := syscall.Write(int(file.Fd()), make([]byte, 8000))
	signals := 0
	select {
	case <-told:
		signals = 1
	case <-time.After(time.Second):
	}
	os.Stdout = nil
	var errno syscall.Errno
	errors.As(second, &errno)
	fmt.Fprintln(os.Stderr, "fill:", first, uintptr(errno), signals)
	return 0
}

func fileSize(t *suite.T) {
	name := filepath.Join(t.Dir(), "file")
	done := ended(t, t.Self("resources-fill", name), 5*time.Second)
	if done.state.ExitCode() == cannotPrepare {
		t.Unknown("%s", done.said)
	}
	var written, signals int
	var errno uintptr
	if _, err := fmt.Sscanf(done.said, "fill: %d %d %d", &written, &errno, &signals); err != nil {
		t.Fatalf("it ended with %v, and said %q and %q", done.state, done.out, done.said)
	}
	if written != fileSizeLimit || syscall.Errno(errno) != syscall.EFBIG || signals != 1 {
		t.Fatalf("with a limit of %d: %d bytes written, then %v, %d SIGXFSZ", fileSizeLimit, written, syscall.Errno(errno), signals)
	}
}

// crowd wants 200 threads, as a user who may have one. A superuser is not limited, and becomes somebody else before.
func crowd([]string) int {
	const nobodys, threads = 54321, 200
	if os.Geteuid() == 0 {
		if err := syscall.Setuid(nobodys); err != nil {
			return unprepared("needs to become an ordinary user: %v", err)
		}
	}
	if err := prlimit(limitProcesses, 1, hardLimit(limitProcesses)); err != nil {
		return unprepared("needs to set RLIMIT_NPROC: %v", err)
	}
	wait, started := make(chan bool), make(chan bool)
	for range threads {
		go func() {
			runtime.LockOSThread()
			started <- true
			<-wait
		}()
		<-started
	}
	fmt.Println("all started")
	return 0
}

func threadsEnd(t *suite.T) {
	if runtime.GOARCH == "riscv64" {
		t.Unknown("the runtime takes every clone(2) for a success there (Go 1.27, runtime/sys_linux_riscv64.s returns 0), and waits for ever for the thread")
	}
	done := ended(t, t.Self("resources-crowd"), 8*time.Second)
	if done.state.ExitCode() == cannotPrepare {
		t.Unknown("%s", done.said)
	}
	if done.state.ExitCode() != 2 || !strings.Contains(done.said, "failed to create new OS thread") || !strings.Contains(done.said, "ulimit -u") {
		t.Fatalf("200 threads of a user who may have one: ended with %v, and said %q %q; a fatal error that names the limit was expected",
			done.state, done.out, done.said)
	}
}

func noCore(t *suite.T) {
	dir := t.Dir()
	child := t.Self("resources-abort")
	child.Dir = dir
	child.Env = append(without("GOTRACEBACK"), "GOTRACEBACK=crash")
	done := ended(t, child, 5*time.Second)
	if done.state.ExitCode() == cannotPrepare {
		t.Unknown("%s", done.said)
	}
	if done.lastSignal() != syscall.SIGABRT {
		t.Errorf("a panic with GOTRACEBACK=crash ended with %v; SIGABRT was expected", done.state)
	}
	pattern, _ := os.ReadFile("/proc/sys/kernel/core_pattern")
	if status, _ := done.state.Sys().(syscall.WaitStatus); status.CoreDump() && !strings.HasPrefix(string(pattern), "|") {
		t.Errorf("it dumped its core, although the limit is 0")
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("it left %s", left[0].Name())
	}
}
