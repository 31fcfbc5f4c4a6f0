package clocks

import (
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "clocks/nanosleep-not-early",
		Contract: "nanosleep that is not interrupted does not return before its time is over.",
		Source:   "nanosleep(2); Go runtime/sys_linux_*.s, usleep",
		Breaks:   "The runtime's back-off turns into busy waiting; programs that pace themselves run too fast.",
		Run: func(t *suite.T) {
			notEarly(t, func(wait syscall.Timespec) syscall.Errno {
				_, _, errno := syscall.Syscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&wait)), 0, 0)
				return errno
			}, 0)
		},
	}, suite.Case{
		ID:       "clocks/futex-time-out-not-early",
		Contract: "FUTEX_WAIT that nobody wakes returns ETIMEDOUT, and not before its time-out.",
		Source:   "futex(2), FUTEX_WAIT; Go runtime/os_linux.go, futexsleep",
		Breaks:   "Each timer of a Go program without network waits in a futex: threads spin instead of sleeping.",
		Run: func(t *suite.T) {
			const waitPrivate, expected = 128, 7 // FUTEX_WAIT | FUTEX_PRIVATE_FLAG
			word := uint32(expected)
			notEarly(t, func(wait syscall.Timespec) syscall.Errno {
				_, _, errno := syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(&word)), waitPrivate,
					expected, uintptr(unsafe.Pointer(&wait)), 0, 0)
				return errno
			}, syscall.ETIMEDOUT)
		},
	})
}

// notEarly waits a few times. Signals (the runtime's own SIGURG) may interrupt: then it is tried again.
func notEarly(t *suite.T, wait func(syscall.Timespec) syscall.Errno, end syscall.Errno) {
	const length = 2 * time.Millisecond
	for done, tries := 0, 0; done < 5; tries++ {
		if tries == 100 {
			t.Fatalf("it was interrupted %d times of 100", tries-done)
		}
		before := kernelClock(clockMonotonic)
		errno := wait(syscall.NsecToTimespec(int64(length)))
		took := kernelClock(clockMonotonic) - before
		if errno == syscall.EINTR {
			continue
		}
		if done++; errno != end {
			t.Fatalf("it ended with %v", errno)
		}
		if took < length {
			t.Fatalf("it was to wait %v and waited %v", length, took)
		}
	}
}
