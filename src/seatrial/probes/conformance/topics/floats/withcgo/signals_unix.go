//go:build cgo && unix

package withcgo

import (
	"os"
	"os/signal"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "floats/c-registers-survive-signals",
		Contract: "A signal that Go handles in the middle of C's computation keeps its registers and its rounding mode.",
		Source:   "sigreturn(2); Linux arch/*/kernel/signal.c: the frame holds the state of the floating-point unit",
		Breaks:   "C computes wrong when a profiler, a timer or the scheduler (SIGURG) signals: rarely, and never in a debugger.",
		Needs:    []string{"threads"},
		Run:      registersSurvive,
	})
}

func registersSurvive(t *suite.T) {
	const rounds = 60_000
	runtime.LockOSThread()
	upward(t)
	var undisturbed int32
	want := compute(rounds, &undisturbed)
	came := make(chan os.Signal, 1000)
	signal.Notify(came, syscall.SIGWINCH)
	defer signal.Stop(came)
	var over atomic.Bool
	begun, sent := new(int32), atomic.Int64{}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for !over.Load() {
			if atomic.LoadInt32(begun) > 0 {
				syscall.Kill(syscall.Getpid(), syscall.SIGWINCH)
				sent.Add(1)
				atomic.AddInt32(begun, 1)
			}
			runtime.Gosched()
		}
	}()
	got := want
	limit := time.Now().Add(t.Patience(time.Second))
	for try := 0; got == want && (try < 5 || sent.Load() == 0) && time.Now().Before(limit); try++ {
		got = compute(rounds, begun)
	}
	over.Store(true)
	<-ended
	if got != want {
		t.Fatalf("with %d signals sent meanwhile, C computed %x, expected %x", sent.Load(), got, want)
	}
	if sent.Load() == 0 {
		t.Unknown("no signal was sent while C computed: the other goroutine did not run")
	}
}
