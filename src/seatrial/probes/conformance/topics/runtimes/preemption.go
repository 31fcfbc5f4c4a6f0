package runtimes

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "runtimes/tight-loop-lets-collector-work",
		Contract: "The collector stops a loop that calls nothing: a collection ends while the loop goes on.",
		Source:   "Go proposal 24543, non-cooperative goroutine preemption; runtime/preempt.go, asyncPreempt",
		Breaks:   "One busy loop stops the whole program, until it ends.",
		Needs:    []string{"threads"},
		Run:      loopCollected,
	}, suite.Case{
		ID:       "runtimes/tight-loop-shares-processor",
		Contract: "With one processor, a loop that calls nothing does not keep another goroutine from running.",
		Source:   "Go runtime/proc.go, retake: after 10 ms",
		Breaks:   "Timers, health checks and shutdown wait until a computation ends.",
		Run:      loopShares,
	}, suite.Case{
		ID:       "runtimes/registers-survive-preemption",
		Contract: "A computation that is interrupted again and again by signals has the result of one that is not.",
		Source:   "Go runtime/preempt_*.s: all registers are saved; sigreturn(2)",
		Breaks:   "Results are wrong now and then, in integers, floating point or vectors.",
		Needs:    []string{"threads"},
		Run:      registersSurvive,
	}, suite.Case{
		ID:       "runtimes/processors-changed-under-load",
		Contract: "GOMAXPROCS may be changed while the program works, and is then what was set.",
		Source:   "package runtime, GOMAXPROCS; since Go 1.25 it follows the container's limit by itself",
		Breaks:   "When a container's CPU limit changes, programs hang or lose work.",
		Run:      processorsChanged,
	})
}

// A spin is a loop without calls. It ends when it is told to, or by itself after so many turns, so that a platform
// without preemption fails instead of hanging.
type spin struct {
	stop  uint32
	turns uint64
}

const mostTurns = 1 << 31

//go:noinline
func (s *spin) run() (turns uint64) {
	for turns < mostTurns && atomic.LoadUint32(&s.stop) == 0 {
		turns++
	}
	return turns
}

func loopCollected(t *suite.T) {
	var loop spin
	ended := make(chan uint64)
	go func() { ended <- loop.run() }()
	time.Sleep(time.Millisecond)
	for range 3 {
		runtime.GC()
	}
	atomic.StoreUint32(&loop.stop, 1)
	if turns := <-ended; turns >= mostTurns {
		t.Fatalf("the collections ended only after the loop had ended by itself")
	}
}

func loopShares(t *suite.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var loop spin
	ended := make(chan uint64)
	go func() { ended <- loop.run() }()
	runtime.Gosched() // the loop runs now
	atomic.StoreUint32(&loop.stop, 1)
	if turns := <-ended; turns >= mostTurns {
		t.Fatalf("another goroutine ran only after the loop had ended by itself")
	}
}

// mix is a computation in integer and floating-point registers, without calls.
//
//go:noinline
func mix(rounds int) (uint64, uint64) {
	a, b, c, d := uint64(1), uint64(2), uint64(3), uint64(5)
	x, y, z, w := 1.5, 2.5, 3.25, 4.125
	for i := range rounds {
		a, b, c, d = b*6364136223846793005+uint64(i), c^a>>7, d+b<<3, a-c
		x, y, z, w = float64(y*0.75)+1, float64(z*0.5)+2, float64(w*0.25)+x, float64(x*0.125)+3
	}
	return a ^ b ^ c ^ d, math.Float64bits(x+y) ^ math.Float64bits(z-w)
}

func registersSurvive(t *suite.T) {
	const rounds = 150_000
	integers, floats := mix(rounds)
	var over atomic.Bool
	var pool, interrupter sync.WaitGroup
	interrupter.Go(func() {
		var stats runtime.MemStats
		for !over.Load() {
			runtime.ReadMemStats(&stats) // stops the world
		}
	})
	for range 2 {
		pool.Go(func() {
			for range 25 {
				i, f := mix(rounds)
				if suite.Planted("runtimes-register-lost") {
					i &^= 1 << 63
					f++
				}
				if i != integers || f != floats {
					t.Errorf("interrupted: %#x and %#x; in one go: %#x and %#x", i, f, integers, floats)
					return
				}
			}
		})
	}
	pool.Wait()
	over.Store(true)
	interrupter.Wait()
}

func processorsChanged(t *suite.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	const numbers = 8_000
	in, out := make(chan int), make(chan int)
	var pool sync.WaitGroup
	for range 4 {
		pool.Go(func() {
			sum := 0
			for n := range in {
				sum += n
			}
			out <- sum
		})
	}
	changed := make(chan struct{})
	go func() {
		defer close(changed)
		for i := range 40 {
			want := 1 + i%5
			runtime.GOMAXPROCS(want)
			got := runtime.GOMAXPROCS(0)
			if suite.Planted("runtimes-processors-fixed") {
				got = before
			}
			if got != want {
				t.Errorf("GOMAXPROCS was set to %d and is %d", want, got)
				return
			}
			time.Sleep(50 * time.Microsecond)
		}
	}()
	for n := range numbers {
		in <- n
	}
	close(in)
	total := 0
	for range 4 {
		total += <-out
	}
	pool.Wait()
	<-changed
	if total != numbers*(numbers-1)/2 {
		t.Errorf("the sum is %d; %d was expected", total, numbers*(numbers-1)/2)
	}
}
