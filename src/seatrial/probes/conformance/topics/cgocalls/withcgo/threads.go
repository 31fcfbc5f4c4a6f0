package withcgo

// #include "threads.h"
import "C"

import (
	"runtime"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	threads := []string{"threads"}
	suite.Register(suite.Case{
		ID:       "cgocalls/callback-from-c-thread",
		Contract: "A thread that C made can call Go, several times, and gets a Go context of its own.",
		Source:   "Go runtime/proc.go, needm and needAndBindM; runtime/cgo/gcc_libinit.c",
		Breaks:   "Callbacks from audio, network and GUI libraries, which come on their own threads, crash.",
		Needs:    threads,
		Run:      fromThread,
	}, suite.Case{
		ID:       "cgocalls/callbacks-from-many-c-threads",
		Contract: "Eight C threads that call Go at once are all served, each call once.",
		Source:   "Go runtime/proc.go, needm: the list of extra M",
		Breaks:   "Thread pools of C libraries with Go callbacks lose calls or hang.",
		Needs:    threads,
		Run:      fromManyThreads,
	}, suite.Case{
		ID:       "cgocalls/c-threads-leave-nothing",
		Contract: "When a C thread that has called Go ends, the C library tells Go, which can use its context again.",
		Source:   "pthread_key_create(3); Go runtime/cgo/gcc_libinit.c, pthread_key_destructor (since Go 1.21)",
		Breaks:   "Programs leak memory with each short-lived C thread that calls Go.",
		Needs:    threads,
		Run:      leavingNothing,
	}, suite.Case{
		ID:       "cgocalls/callback-from-small-stack",
		Contract: "A C thread with a stack of 96 KiB (or the least there is) can call Go, which learns its bounds.",
		Source:   "Go runtime/cgo/gcc_stack_unix.c, x_cgo_getstackbound; pthread_getattr_np(3)",
		Breaks:   "Threads with small stacks (musl's default, media libraries) die in their first callback.",
		Needs:    threads,
		Run:      fromSmallStack,
	}, suite.Case{
		ID:       "cgocalls/callback-from-deep-in-a-stack",
		Contract: "A C thread that has used 4 MiB of its stack can call Go, and finds its frames unchanged.",
		Source:   "Go runtime/cgocall.go, callbackUpdateSystemStack (golang/go#62440)",
		Breaks:   "Callbacks from deep recursion in C end with \"bad stack pointer\".",
		Needs:    threads,
		Run:      fromDeep,
	}, suite.Case{
		ID:       "cgocalls/many-calls-at-once",
		Contract: "Twenty-four goroutines can be within C at the same time, each on a thread.",
		Source:   "Go runtime/proc.go, entersyscall and startm; GOMAXPROCS does not count calls of C",
		Breaks:   "C calls that wait for one another (locks, queues, GPU streams) deadlock.",
		Needs:    threads,
		Run:      atOnce,
	}, suite.Case{
		ID:       "cgocalls/blocking-call-lets-others-run",
		Contract: "With GOMAXPROCS=1 a call that stays in C does not keep other goroutines from running.",
		Source:   "Go runtime/proc.go, retake: a P in a system call for 20 microseconds is taken away",
		Breaks:   "One slow C call (a query, a lookup) stops the whole server.",
		Needs:    threads,
		Run:      othersRun,
	}, suite.Case{
		ID:       "cgocalls/collector-does-not-wait-for-c",
		Contract: "A garbage collection, which stops the world, ends while a goroutine stays in C.",
		Source:   "Go runtime/proc.go, stopTheWorldWithSema; runtime/cgocall.go",
		Breaks:   "One slow C call freezes all goroutines at the next collection.",
		Needs:    threads,
		Run:      collectorGoesOn,
	}, suite.Case{
		ID:       "cgocalls/locked-thread-stays",
		Contract: "After runtime.LockOSThread all calls of C are on the same thread, while others come and go.",
		Source:   "Go runtime/proc.go, LockOSThread; pthread_self(3)",
		Breaks:   "OpenGL, GUI toolkits and thread-bound handles see calls from wrong threads.",
		Needs:    threads,
		Run:      staysOnThread,
	}, suite.Case{
		ID:       "cgocalls/thread-local-variables",
		Contract: "A _Thread_local variable has its initial value on each thread, Go's and C's, and keeps its own value there.",
		Source:   "ELF Handling for Thread-Local Storage (Drepper); ISO C 6.2.4; Go runtime/tls_*.s share the thread register",
		Breaks:   "errno, OpenSSL's error queue and locale state of one thread show up in another.",
		Needs:    threads,
		Run:      threadLocals,
	})
}

// started reports a C thread that could not be made.
func started(t *suite.T, failed C.int) {
	if failed != 0 {
		t.Fatalf("C cannot start a thread: error %d", int(failed))
	}
}

func fromThread(t *suite.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	calls, own := 0, C.cgocalls_thread_id()
	handled(func() {
		calls++
		if C.cgocalls_thread_id() == own {
			t.Errorf("a callback from a C thread runs on the thread of its caller")
		}
	}, func(handle C.uintptr_t) { started(t, C.cgocalls_threads_call_go(1, handle, 5, 0)) })
	if calls != 5 {
		t.Errorf("a C thread called Go 5 times, %d calls came", calls)
	}
}

func fromManyThreads(t *suite.T) {
	var calls atomic.Int32
	handled(func() {
		calls.Add(1)
		runtime.Gosched()
	}, func(handle C.uintptr_t) { started(t, C.cgocalls_threads_call_go(8, handle, 25, 0)) })
	if got := calls.Load(); got != 8*25 {
		t.Errorf("8 C threads called Go 25 times each, %d calls came", got)
	}
}

func leavingNothing(t *suite.T) {
	if runtime.GOOS == "windows" {
		t.NA("on Windows Go gives its context back after each callback: there is no end of a thread to be told of")
	}
	contexts := pprof.Lookup("threadcreate")
	handled(func() {}, func(handle C.uintptr_t) {
		started(t, C.cgocalls_threads_call_go(1, handle, 1, 0))
		first := contexts.Count()
		for range 20 {
			started(t, C.cgocalls_threads_call_go(1, handle, 1, 0))
		}
		// Not exact: the scheduler may have started a thread of its own meanwhile.
		if more := contexts.Count() - first; more >= 10 {
			t.Errorf("20 C threads, one after another, called Go and ended: Go keeps %d contexts more, expected none", more)
		}
	})
}

func fromSmallStack(t *suite.T) {
	calls := 0
	handled(func() {
		calls++
		runtime.GC()
	}, func(handle C.uintptr_t) { started(t, C.cgocalls_threads_call_go(1, handle, 2, 96<<10)) })
	if calls != 2 {
		t.Errorf("a C thread with a stack of 96 KiB called Go twice, %d calls came", calls)
	}
}

func fromDeep(t *suite.T) {
	calls := 0
	var changed C.int
	handled(func() {
		calls++
		runtime.GC()
	}, func(handle C.uintptr_t) {
		started(t, C.cgocalls_thread_calls_go_over(handle, 4<<20, 6<<20, &changed))
	})
	if calls != 1 || changed != 0 {
		t.Errorf("a C thread called Go from under a frame of 4 MiB: %d calls came, expected 1; %d bytes of the frame changed",
			calls, int(changed))
	}
}

// milliseconds is how long C waits for something that comes at once if it comes.
func milliseconds(t *suite.T) C.int { return C.int(t.Patience(2 * time.Second).Milliseconds()) }

func atOnce(t *suite.T) {
	const all = 24
	C.cgocalls_meet_again()
	var pool sync.WaitGroup
	var met atomic.Int32
	for range all {
		pool.Go(func() {
			if C.cgocalls_meet(all, milliseconds(t)) != 0 {
				met.Add(1)
			}
		})
	}
	pool.Wait()
	if got := met.Load(); got != all {
		t.Errorf("of %d goroutines that wait within C for all to be there, %d met all others", all, got)
	}
}

func othersRun(t *suite.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var flag C.int32_t
	go func() { atomic.StoreInt32((*int32)(&flag), 1) }()
	if C.cgocalls_wait_for(&flag, milliseconds(t)) == 0 {
		t.Errorf("a goroutine did not get to run in %v while another one was within C", t.Patience(2*time.Second))
	}
}

func collectorGoesOn(t *suite.T) {
	var flag C.int32_t
	var within sync.WaitGroup
	came := C.int(0)
	within.Go(func() { came = C.cgocalls_wait_for(&flag, milliseconds(t)) })
	runtime.Gosched()
	runtime.GC()
	atomic.StoreInt32((*int32)(&flag), 1)
	if within.Wait(); came == 0 {
		t.Errorf("a garbage collection did not end in %v while a goroutine was within C", t.Patience(2*time.Second))
	}
}

func staysOnThread(t *suite.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	stop := make(chan struct{})
	var pool sync.WaitGroup
	for range 4 {
		pool.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					C.cgocalls_pause()
				}
			}
		})
	}
	own := C.cgocalls_thread_id()
	for range 20 {
		runtime.Gosched()
		if now := C.cgocalls_thread_id(); now != own {
			t.Errorf("a locked goroutine called C on thread %#x, before on %#x", now, own)
			break
		}
	}
	close(stop)
	pool.Wait()
}

func threadLocals(t *suite.T) {
	var pool sync.WaitGroup
	for n := 1; n <= 2; n++ {
		pool.Go(func() {
			// Never unlocked: the thread ends with the goroutine, and its spoiled variable with it.
			runtime.LockOSThread()
			var got C.int
			same(t, "a thread-local 41 plus a number", C.cgocalls_own_plus(C.int(n)), C.int(41+n))
			started(t, C.cgocalls_own_on_thread(1000, &got))
			same(t, "the same on a thread of C", got, 1041)
			same(t, "then again on the first thread", C.cgocalls_own_plus(C.int(n)), C.int(41+2*n))
		})
	}
	pool.Wait()
}
