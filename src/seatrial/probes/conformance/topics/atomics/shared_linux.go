package atomics

import (
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Helper("atomics-answer", answerInChild)
	suite.Register(suite.Case{
		ID:       "atomics/futex-between-processes",
		Contract: "A store and a FUTEX_WAKE in one process are never missed by FUTEX_WAIT in another.",
		Source:   "futex(2), FUTEX_WAIT: compare and sleep are one step",
		Breaks:   "Mutexes and semaphores in shared memory (pthread_mutexattr_setpshared) hang.",
		Needs:    []string{"threads", "self-exec"},
		Run:      futexBetweenProcesses,
	})
}

// futex(2), linux/futex.h: those that are not private to a process.
const (
	futexWait = 0
	futexWake = 1
)

const futexTurns = 300

// await sleeps until the word has the value. It gives up after the limit without a wake-up.
func await(word *atomic.Uint32, value uint32, limit time.Duration) bool {
	for {
		now := word.Load()
		if now == value {
			return true
		}
		wait := syscall.NsecToTimespec(int64(limit))
		_, _, errno := syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWait, uintptr(now),
			uintptr(unsafe.Pointer(&wait)), 0, 0)
		if errno == syscall.ETIMEDOUT {
			return false
		}
	}
}

func tell(word *atomic.Uint32, value uint32) {
	word.Store(value)
	syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWake, 1, 0, 0, 0)
}

// answerInChild makes every odd turn even.
func answerInChild(args []string) int {
	b, err := mapBoard(args[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	limit, _ := time.ParseDuration(args[1])
	for turn := uint32(1); turn < 2*futexTurns; turn += 2 {
		if !await(&b.turn, turn, limit) {
			return 1
		}
		tell(&b.turn, turn+1)
	}
	return 0
}

func futexBetweenProcesses(t *suite.T) {
	b, name := newBoard(t)
	defer b.unmap()
	limit := t.Patience(time.Second)
	child := t.Self("atomics-answer", name, limit.String())
	if err := child.Start(); err != nil {
		t.Unknown("no second process: %v", err)
	}
	missed := uint32(0)
	for turn := uint32(1); turn < 2*futexTurns && missed == 0; turn += 2 {
		tell(&b.turn, turn)
		if !await(&b.turn, turn+1, limit) {
			missed = turn
		}
	}
	child.Wait()
	if missed != 0 {
		t.Fatalf("turn %d was not answered within %v", missed, limit)
	}
}
