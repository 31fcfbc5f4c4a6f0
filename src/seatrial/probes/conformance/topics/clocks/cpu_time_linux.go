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
		ID:       "clocks/thread-cpu-time",
		Contract: "CLOCK_THREAD_CPUTIME_ID counts what a thread computes, and not what it sleeps.",
		Source:   "clock_gettime(2), CLOCK_THREAD_CPUTIME_ID; Go runtime/os_linux.go, setThreadCPUProfiler",
		Breaks:   "The CPU profiler, whose timers run on this clock, sees nothing or blames the wrong threads.",
		Run:      threadTime,
	}, suite.Case{
		ID:       "clocks/process-cpu-time",
		Contract: "CLOCK_PROCESS_CPUTIME_ID counts at least what its threads count together.",
		Source:   "clock_gettime(2), CLOCK_PROCESS_CPUTIME_ID",
		Breaks:   "CPU accounting of containers and of os/exec (ProcessState.UserTime) contradicts profiles.",
		Run:      processTime,
	})
}

// compute keeps the calling thread busy until its own clock has gone on by `amount`; false: it did not in time.
func compute(t *suite.T, amount time.Duration) (used time.Duration, ok bool) {
	start, began := kernelClock(clockThread), time.Now()
	for used < amount {
		if time.Since(began) > t.Patience(2*time.Second) {
			return used, false
		}
		used = kernelClock(clockThread) - start
	}
	return used, true
}

func threadTime(t *suite.T) {
	runtime.LockOSThread()
	began := time.Now()
	used, ok := compute(t, 3*time.Millisecond)
	if took := time.Since(began); !ok {
		t.Fatalf("a thread was busy for %v and its clock counted %v", took, used)
	} else if used > took+time.Millisecond {
		t.Fatalf("a thread was busy for %v and its clock counted %v", took, used)
	}
	before := kernelClock(clockThread)
	time.Sleep(30 * time.Millisecond)
	if counted := kernelClock(clockThread) - before; counted > 15*time.Millisecond {
		t.Fatalf("a thread slept 30ms and its clock counted %v", counted)
	}
}

func processTime(t *suite.T) {
	var sum atomic.Int64
	var pool sync.WaitGroup
	before := kernelClock(clockProcess)
	for range 2 {
		pool.Go(func() {
			runtime.LockOSThread()
			used, ok := compute(t, 3*time.Millisecond)
			if !ok {
				t.Errorf("a thread's clock stands still")
			}
			sum.Add(int64(used))
		})
	}
	pool.Wait()
	if process := kernelClock(clockProcess) - before; process < time.Duration(sum.Load()) {
		t.Fatalf("two threads counted %v together, the process %v", time.Duration(sum.Load()), process)
	}
}
