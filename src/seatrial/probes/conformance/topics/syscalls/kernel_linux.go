//go:build !mips && !mipsle && !mips64 && !mips64le

package syscalls

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
)

// Numbers that package syscall, frozen long ago, lacks on some ports. From linux/…/unistd.h; those over 400 are the
// same on every port.
var (
	callStatx     = numbered(332, 383, 397, 291, 383, 379)
	callGetrandom = numbered(318, 355, 384, 278, 359, 349)
)

const (
	callPidfdSendSignal = 424
	callPidfdOpen       = 434
	callClone3          = 435
	callCloseRange      = 436
	callOpenat2         = 437
	callFaccessat2      = 439
	callEpollPwait2     = 441
	callFutexWaitv      = 449
	atFDCWD             = ^uintptr(99) // -100, linux/fcntl.h
	anyDescriptor       = ^uintptr(0)
)

// numbered picks a call's number for this port; arm64, riscv64 and loong64 share the generic table.
func numbered(amd64, i386, arm, generic, ppc64, s390x uintptr) uintptr {
	switch runtime.GOARCH {
	case "amd64":
		return amd64
	case "386":
		return i386
	case "arm":
		return arm
	case "ppc64", "ppc64le":
		return ppc64
	case "s390x":
		return s390x
	}
	return generic
}

// call makes a system call by number. What its arguments point to stays where it is meanwhile, if they are converted to
// uintptr in the call itself.
//
//go:uintptrescapes
func call(number uintptr, args ...uintptr) (uintptr, syscall.Errno) {
	var all [6]uintptr
	copy(all[:], args)
	result, _, errno := syscall.Syscall6(number, all[0], all[1], all[2], all[3], all[4], all[5])
	return result, errno
}

// named is a string for the kernel, which ends with a NUL.
func named(text string) *byte { return &append([]byte(text), 0)[0] }

// again makes a call until no signal (the runtime's own SIGURG) interrupts it.
func again(make func() (uintptr, syscall.Errno)) (result uintptr, errno syscall.Errno) {
	for range 100 {
		if result, errno = make(); errno != syscall.EINTR {
			break
		}
	}
	return result, errno
}

// pair is a pipe of bare descriptors, which the runtime's poller does not know.
func pair(t *suite.T, flags int) (from, to int) {
	var ends [2]int
	if err := syscall.Pipe2(ends[:], flags|syscall.O_CLOEXEC); err != nil {
		t.Fatalf("pipe2: %v", err)
	}
	return ends[0], ends[1]
}

// asleep waits until a thread of this process sleeps in the kernel, or for a moment where /proc does not tell.
func asleep(tid int) {
	for range 500 {
		text, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/stat", tid))
		if err != nil {
			break
		}
		if _, rest, found := strings.Cut(string(text), ") "); found && strings.HasPrefix(rest, "S") {
			return
		}
		time.Sleep(100 * time.Microsecond)
	}
	time.Sleep(2 * time.Millisecond)
}

// shown is an error number as its name and text, or what there was in place of one.
func shown(errno syscall.Errno) string {
	if errno == 0 {
		return "no error"
	}
	return fmt.Sprintf("errno %d (%v)", uintptr(errno), errno)
}
