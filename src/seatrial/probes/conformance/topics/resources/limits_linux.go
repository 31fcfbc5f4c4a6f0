//go:build !mips && !mipsle && !mips64 && !mips64le

package resources

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"seatrial.example/conformance/suite"
)

// getrlimit(2), asm-generic/resource.h.
const (
	limitCPU       = 0
	limitFileSize  = 1
	limitStack     = 3
	limitCore      = 4
	limitProcesses = 6
	limitOpenFiles = 7
	limitAddresses = 9
	unlimited      = ^uint64(0)
)

func init() {
	suite.Register(suite.Case{
		ID:       "resources/affinity-counted",
		Contract: "A program that is started with an affinity to one CPU counts one CPU, and runs on one.",
		Source:   "sched_setaffinity(2), \"preserved across an execve(2)\"; Go runtime/os_linux.go, getproccount",
		Breaks:   "Pinned services (taskset, cpuset, NUMA) start too many threads and run on others' CPUs.",
		Needs:    []string{"self-exec"},
		Run:      affinityCounted,
	}, suite.Case{
		ID:       "resources/open-files-raised-and-restored",
		Contract: "Go raises its soft limit of open files to the hard one, and gives children the limit it was started with.",
		Source:   "getrlimit(2), RLIMIT_NOFILE; Go syscall/rlimit.go, syscall/exec_linux.go",
		Breaks:   "Servers run out of descriptors at 1024; children that use select get descriptors that are too high.",
		Needs:    []string{"self-exec"},
		Run:      openFiles,
	}, suite.Case{
		ID:       "resources/limits-agree",
		Contract: "/proc/self/limits shows the same limits as getrlimit.",
		Source:   "proc(5), /proc/pid/limits; getrlimit(2)",
		Breaks:   "What an operator sees, and what agents report, is not what holds the program.",
		Run:      limitsAgree,
	}, suite.Case{
		ID:       "resources/nice-inherited",
		Contract: "A child inherits the nice value of the thread that started it.",
		Source:   "nice(2); setpriority(2), \"C library/kernel differences\"; sched(7), \"Autogroup\" and \"The nice value\"",
		Breaks:   "Batch work that was started politely takes the machine from everything else.",
		Needs:    []string{"self-exec"},
		Run:      niceInherited,
	}, suite.Case{
		ID:       "resources/oom-score-inherited",
		Contract: "oom_score_adj can be read and raised, and is inherited by the next program.",
		Source:   "proc(5), /proc/pid/oom_score_adj",
		Breaks:   "When memory runs out the kernel ends the wrong process: the supervisor in place of the job.",
		Needs:    []string{"self-exec"},
		Run:      scoreInherited,
	}, suite.Case{
		ID:       "resources/stack-limit-not-of-goroutines",
		Contract: "A small RLIMIT_STACK does not limit goroutines: their stacks are the runtime's.",
		Source:   "getrlimit(2), RLIMIT_STACK; Go runtime/stack.go, newstack; runtime/debug, SetMaxStack",
		Breaks:   "Deep recursion that works on one machine ends the program on another.",
		Needs:    []string{"self-exec"},
		Run:      stackLimit,
	})
	suite.Helper("resources-limited", limitedHelper)
	suite.Helper("resources-scored", scored)
	suite.Helper("resources-deep", deep)
}

// prlimit sets a limit past package syscall, which would forget what to give to children.
func prlimit(resource int, soft, hard uint64) error {
	set := [2]uint64{soft, hard}
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, 0, uintptr(resource), uintptr(unsafe.Pointer(&set)), 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

func hardLimit(resource int) uint64 {
	var now [2]uint64
	syscall.RawSyscall6(syscall.SYS_PRLIMIT64, 0, uintptr(resource), 0, uintptr(unsafe.Pointer(&now)), 0, 0)
	return now[1]
}

// limitedHelper sets the soft limit args[0] to args[1], or with the resource -1 pins itself to the CPU args[1]; then it
// becomes the helper args[2].
func limitedHelper(args []string) int {
	resource, _ := strconv.Atoi(args[0])
	value, _ := strconv.ParseUint(args[1], 10, 64)
	if resource < 0 {
		runtime.LockOSThread() // the thread that makes the call is the one that goes on in the new program
		var mask [1024 / unsafe.Sizeof(uintptr(0))]uintptr
		bits := uint64(8 * unsafe.Sizeof(mask[0]))
		mask[value/bits] = 1 << (value % bits)
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, unsafe.Sizeof(mask), uintptr(unsafe.Pointer(&mask))); errno != 0 {
			return unprepared("needs to pin itself to CPU %d: %v", value, errno)
		}
		return become(args[2], args[3:]...)
	}
	if resource == limitOpenFiles { // lets package syscall forget the limit before
		var now syscall.Rlimit
		syscall.Getrlimit(resource, &now)
		syscall.Setrlimit(resource, &now)
	}
	if err := prlimit(resource, value, hardLimit(resource)); err != nil {
		return unprepared("needs to set limit %d to %d: %v", resource, value, err)
	}
	return become(args[2], args[3:]...)
}

func affinityCounted(t *suite.T) {
	cpus := allowed()
	if len(cpus) == 0 {
		t.Unknown("needs Cpus_allowed_list in /proc/self/status")
	}
	child := t.Self("resources-limited", "-1", fmt.Sprint(cpus[len(cpus)-1]), "resources-report")
	child.Env = without("GOMAXPROCS")
	if got := reported(t, child); got.CPUs != 1 || got.Procs != 1 || got.Allowed != 1 {
		t.Fatalf("pinned to CPU %d, of %d: Go counted %d and runs on %d; /proc allows %d", cpus[len(cpus)-1], len(cpus), got.CPUs,
			got.Procs, got.Allowed)
	}
}

func openFiles(t *suite.T) {
	const soft, least = 99, 200
	if hard := hardLimit(limitOpenFiles); hard < least {
		t.NA("the hard limit of open files is %d: there is nothing to raise", hard)
	}
	got := reported(t, t.Self("resources-limited", fmt.Sprint(limitOpenFiles), fmt.Sprint(soft), "resources-report", "child"))
	if len(got.OpenFiles) != 4 || got.Child == nil || len(got.Child.OpenFiles) != 4 {
		t.Fatalf("the child reports %v", got)
	}
	if files := got.OpenFiles; files[0] != soft || files[2]+1 < files[3] {
		t.Errorf("started with a soft limit of %d (as set: %d) and a hard one of %d; Go raised it to %d", files[0], soft, files[1], files[2])
	}
	if files := got.Child.OpenFiles; files[0] != soft {
		t.Errorf("its child was started with a soft limit of %d; %d was expected", files[0], soft)
	}
}

func limitsAgree(t *suite.T) {
	text, err := os.ReadFile("/proc/self/limits")
	if err != nil {
		t.Unknown("needs /proc/self/limits: %v", err)
	}
	number := func(word string) uint64 {
		if word == "unlimited" {
			return unlimited
		}
		value, _ := strconv.ParseUint(word, 10, 64)
		return value
	}
	for resource, name := range []string{
		"Max cpu time", "Max file size", "Max data size", "Max stack size", "Max core file size", "Max resident set",
		"Max processes", "Max open files", "Max locked memory", "Max address space", "Max file locks", "Max pending signals",
		"Max msgqueue size", "Max nice priority", "Max realtime priority", "Max realtime timeout",
	} {
		var got [2]uint64
		if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, 0, uintptr(resource), 0, uintptr(unsafe.Pointer(&got)), 0, 0); errno != 0 {
			t.Errorf("%s: prlimit64: %v", name, errno)
			continue
		}
		_, rest, found := strings.Cut(string(text), "\n"+name+" ")
		words := strings.Fields(rest)
		if !found || len(words) < 2 || number(words[0]) != got[0] || number(words[1]) != got[1] {
			t.Errorf("%s: getrlimit says %d and %d; /proc/self/limits says %q", name, got[0], got[1], words[:min(len(words), 2)])
		}
	}
}

// niceInherited works on a thread of its own, which ends with the case.
func niceInherited(t *suite.T) {
	runtime.LockOSThread()
	now, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0) // 20 less the nice value
	if err != nil {
		t.Fatalf("getpriority: %v", err)
	}
	nice := min(20-now+5, 19) // with much more, a child beside busy programs hardly runs; less is for root
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, 0, nice); err != nil {
		t.Fatalf("setpriority: %v", err)
	}
	if got := reported(t, t.Self("resources-report")); got.Nice != 20-nice {
		t.Fatalf("the child of a thread with the nice value %d has %d", nice, 20-got.Nice)
	}
}

const score = "/proc/self/oom_score_adj"

// scored raises its score and becomes a program that reports.
func scored(args []string) int {
	if err := os.WriteFile(score, []byte(args[0]), 0); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return become("resources-report")
}

func scoreInherited(t *suite.T) {
	before, err := os.ReadFile(score)
	if err != nil {
		t.Fatalf("%v", err)
	}
	if now, err := strconv.Atoi(strings.TrimSpace(string(before))); err != nil || now < -1000 || now > 1000 {
		t.Fatalf("%s is %q; -1000 to 1000 was expected", score, before)
	}
	const most = "1000"
	if got := reported(t, t.Self("resources-scored", most)); got.OOMScore != most {
		t.Fatalf("raised to %s; the next program has %q", most, got.OOMScore)
	}
}

// deep recurses through 48 MiB of stack.
func deep([]string) int {
	var down func(left int) byte
	down = func(left int) byte {
		var frame [4096]byte
		frame[left%len(frame)] = byte(left)
		if left > 0 {
			frame[0] += down(left - 1)
		}
		return frame[0]
	}
	down(12 << 10)
	fmt.Println("back")
	return 0
}

func stackLimit(t *suite.T) {
	const soft = 512 << 10
	done := ended(t, t.Self("resources-limited", fmt.Sprint(limitStack), fmt.Sprint(soft), "resources-deep"), 5e9)
	if done.state.ExitCode() == cannotPrepare {
		t.Unknown("%s", done.said)
	}
	if done.out != "back" {
		t.Fatalf("48 MiB of recursion under a stack limit of 512 KiB: ended with %v, and said %q", done.state, done.said)
	}
}
