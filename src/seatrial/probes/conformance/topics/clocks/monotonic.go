package clocks

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "clocks/monotonic-on-one-thread",
		Contract: "Two readings of the monotonic clock, one after the other on one thread, never go backwards.",
		Source:   "clock_gettime(2), CLOCK_MONOTONIC; package time, \"Monotonic Clocks\"",
		Breaks:   "Durations become negative: time-outs fire at once or never, rate limiters and the scheduler stall.",
		Run:      onOneThread,
	}, suite.Case{
		ID:       "clocks/monotonic-across-threads",
		Contract: "A reading of the monotonic clock that happens after another thread's reading is never earlier.",
		Source:   "clock_gettime(2), CLOCK_MONOTONIC; Linux Documentation/timers/timekeeping.rst",
		Breaks:   "Deadlines set by one goroutine are judged wrong by another; leases and locks expire early.",
		Needs:    []string{"threads"},
		Run:      acrossThreads,
	})
}

// began gives readings a common origin; time.Since reads the monotonic clock only.
var began = time.Now()

func reading() time.Duration { return time.Since(began) }

func onOneThread(t *suite.T) {
	runtime.LockOSThread()
	last := reading()
	for i := 0; i < 200_000; i++ {
		now := reading()
		if now < last {
			t.Fatalf("reading %d: the clock went back by %v", i, last-now)
		}
		last = now
	}
}

// acrossThreads: each thread reads what the others have published, then the clock, and publishes that.
func acrossThreads(t *suite.T) {
	var latest, back atomic.Int64
	var pool sync.WaitGroup
	threads := max(2, min(runtime.NumCPU(), 8))
	for range threads {
		pool.Go(func() {
			runtime.LockOSThread()
			for i := 0; i < 40_000; i++ {
				seen := latest.Load()
				now := int64(reading())
				if now < seen {
					back.Store(max(back.Load(), seen-now))
				}
				for seen < now && !latest.CompareAndSwap(seen, now) {
					seen = latest.Load()
				}
			}
		})
	}
	pool.Wait()
	t.Value("threads", threads)
	if by := back.Load(); by > 0 {
		t.Fatalf("a thread read a time %v before one that another thread had read", time.Duration(by))
	}
}
