//go:build !mips && !mipsle && !mips64 && !mips64le

package syscalls

import (
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
)

// futex(2), linux/futex.h: private ones, as the runtime uses.
const (
	futexWait    = 128
	futexWake    = 129
	futexRequeue = 132 // FUTEX_CMP_REQUEUE
)

func init() {
	suite.Register(suite.Case{
		ID:       "syscalls/futex-value-changed",
		Contract: "FUTEX_WAIT on a word that has another value than expected returns EAGAIN at once.",
		Source:   "futex(2), FUTEX_WAIT; Go runtime/lock_futex.go, notesleep",
		Breaks:   "A wake-up between looking and sleeping is lost: goroutines and locks hang for ever.",
		Run:      valueChanged,
	}, suite.Case{
		ID:       "syscalls/futex-wakes-counted",
		Contract: "FUTEX_WAKE wakes as many waiters as it was asked for, and returns how many those were.",
		Source:   "futex(2), FUTEX_WAKE; Go runtime/os_linux.go, futexwakeup",
		Breaks:   "Threads sleep on although there is work, or all wake for the work of one.",
		Needs:    []string{"threads"},
		Run:      wakesCounted,
	})
}

func valueChanged(t *suite.T) {
	word, limit := uint32(5), syscall.NsecToTimespec(int64(t.Patience(2*time.Second)))
	_, errno := again(func() (uintptr, syscall.Errno) {
		return call(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(&word)), futexWait, 6, uintptr(unsafe.Pointer(&limit)))
	})
	if errno != syscall.EAGAIN {
		t.Fatalf("waiting for a word that holds 5 to change from 6: %s; EAGAIN was expected", shown(errno))
	}
	// the sixth argument: what FUTEX_CMP_REQUEUE compares with
	other := uint32(0)
	if _, errno := call(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(&word)), futexRequeue, 1, 1, uintptr(unsafe.Pointer(&other)), 6); errno != syscall.EAGAIN {
		t.Fatalf("moving waiters of a word that holds 5, if it holds 6: %s; EAGAIN was expected", shown(errno))
	}
}

// wakesCounted counts only those waiters that a wake-up says to have found: one may still be on its way to sleep.
func wakesCounted(t *suite.T) {
	const threads = 4
	word := new(uint32)
	woken := make(chan syscall.Errno, threads)
	sleepers := make(chan int, threads)
	for range threads {
		go func() {
			runtime.LockOSThread()
			limit := syscall.NsecToTimespec(int64(t.Patience(4 * time.Second)))
			sleepers <- syscall.Gettid()
			_, errno := again(func() (uintptr, syscall.Errno) {
				return call(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWait, 0, uintptr(unsafe.Pointer(&limit)))
			})
			woken <- errno
		}()
	}
	for range threads {
		asleep(<-sleepers)
	}
	wake := func(most uintptr) int {
		count, errno := call(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWake, most)
		if errno != 0 || count > most {
			t.Fatalf("FUTEX_WAKE of %d: %d, %s", most, int(count), shown(errno))
		}
		return int(count)
	}
	total, patience := 0, time.Now().Add(t.Patience(3*time.Second))
	for most := uintptr(1); total < threads && time.Now().Before(patience); most = 2 {
		count := wake(most)
		for range count {
			select {
			case errno := <-woken:
				if errno != 0 {
					t.Fatalf("a waiter ended with %s", shown(errno))
				}
			case <-time.After(t.Patience(2 * time.Second)):
				t.Fatalf("FUTEX_WAKE says that it woke %d, and a waiter sleeps on", count)
			}
		}
		if total += count; count == 0 {
			time.Sleep(100 * time.Microsecond)
		} else if len(woken) != 0 {
			t.Fatalf("FUTEX_WAKE says that it woke %d, and more awoke", count)
		}
	}
	if total != threads {
		t.Fatalf("of %d waiters %d were woken", threads, total)
	}
	if count := wake(10); count != 0 {
		t.Fatalf("with no waiters left, FUTEX_WAKE says that it woke %d", count)
	}
}
