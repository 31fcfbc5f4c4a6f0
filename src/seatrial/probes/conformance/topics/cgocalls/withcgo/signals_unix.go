//go:build unix && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)

package withcgo

// #include <signal.h>
// #include "registers.h"
// #include "masks.h"
import "C"

import (
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "cgocalls/kept-registers-over-signal",
		Contract: "A signal that Go handles while a thread is within C leaves the registers as they were.",
		Source:   "sigreturn(2); Go runtime/sys_*.s, sigtramp and cgoSigtramp",
		Breaks:   "Profiling signals and os/signal corrupt C code now and then.",
		Run:      keptOverSignal,
	}, suite.Case{
		ID:       "cgocalls/signal-mask-in-c",
		Contract: "C called by Go runs with the signals unblocked that Go needs: faults and profiling.",
		Source:   "sigprocmask(2); Go runtime/signal_unix.go, minitSignalMask",
		Breaks:   "Faults in C end the program without a trace, profiles miss time in C, children inherit a full mask.",
		Run:      maskInC,
	}, suite.Case{
		ID:       "cgocalls/signal-mask-over-callback",
		Contract: "The signals that a C thread has blocked, and no others, are blocked during and after its call of Go.",
		Source:   "pthread_sigmask(3); Go runtime/proc.go, needm: the thread's mask is kept",
		Breaks:   "Libraries that wait for signals on a thread of their own (sigwait) lose them to Go.",
		Needs:    []string{"threads"},
		Run:      maskOverCallback,
	})
}

func keptOverSignal(t *suite.T) {
	arrived := make(chan os.Signal, 1)
	signal.Notify(arrived, syscall.SIGUSR1)
	defer signal.Stop(arrived)
	for range 20 {
		unchanged(t, "a signal", C.cgocalls_keep_over_raise(C.SIGUSR1))
		select {
		case <-arrived:
		case <-time.After(t.Patience(2 * time.Second)):
			t.Fatalf("C sent itself SIGUSR1, Go's handler passed on nothing")
		}
	}
}

func maskInC(t *suite.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for _, number := range []syscall.Signal{syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL, syscall.SIGPROF} {
		if C.cgocalls_blocked(C.int(number)) != 0 {
			t.Errorf("C called by Go finds signal %d (%v) blocked", int(number), number)
		}
	}
}

func maskOverCallback(t *suite.T) {
	var masks C.struct_cgocalls_masks
	handled(func() { masks.during = C.cgocalls_mask() },
		func(handle C.uintptr_t) { started(t, C.cgocalls_mask_on_thread(handle, &masks)) })
	// Go unblocks what it needs to survive faults; none of those is among these.
	const want = 1<<C.SIGUSR2 | 1<<C.SIGWINCH
	if masks.before != want || masks.during != want || masks.after != want {
		t.Errorf("a C thread blocked these signals (bit n: signal n): %#x; it finds %#x, in its call of Go %#x, afterwards %#x",
			uint64(want), uint64(masks.before), uint64(masks.during), uint64(masks.after))
	}
}
