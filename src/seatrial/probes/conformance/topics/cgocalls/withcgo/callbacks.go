package withcgo

// #include "threads.h"
import "C"

import (
	"fmt"
	"runtime"
	"runtime/cgo"
	"slices"

	"seatrial.example/conformance/suite"
)

const callbackSource = "cmd/cgo/doc.go, C references to Go; Go runtime/cgocall.go, cgocallback; runtime/cgo/asm_*.s, crosscall2"

func init() {
	suite.Register(suite.Case{
		ID:       "cgocalls/callback",
		Contract: "A Go function called by C that Go called runs on the same thread, and its result reaches C.",
		Source:   callbackSource,
		Breaks:   "Libraries that call back (SQLite functions, TLS verification, GUI events) get no answer or the wrong thread.",
		Run:      callback,
	}, suite.Case{
		ID:       "cgocalls/callback-with-many-arguments",
		Contract: "Sixteen arguments of mixed types that C passes to Go arrive, those on the stack too.",
		Source:   callbackSource + "; " + psABI,
		Breaks:   "Event and progress callbacks with long argument lists see wrong values.",
		Run:      manyArguments,
	}, suite.Case{
		ID:       "cgocalls/callback-with-structs",
		Contract: "Structs passed by value from C to a Go function and back keep all members.",
		Source:   callbackSource,
		Breaks:   "Go implementations of C interfaces return torn structs.",
		Run:      callbackStructs,
	}, suite.Case{
		ID:       "cgocalls/callback-with-several-results",
		Contract: "Several results of a Go function reach C as one struct.",
		Source:   "cmd/cgo/doc.go: functions that return multiple values map to a struct",
		Breaks:   "(value, error) results of exported functions are lost: c-shared libraries written in Go.",
		Run:      severalResults,
	}, suite.Case{
		ID:       "cgocalls/nested-callbacks",
		Contract: "Go calls C calls Go, forty levels deep, comes back through every level.",
		Source:   "Go runtime/cgocall.go: cgocallback saves and restores g.m.g0.sched.sp",
		Breaks:   "Recursive interpreters and parsers with Go callbacks crash.",
		Run:      nesting,
	}, suite.Case{
		ID:       "cgocalls/panic-recovered-in-callback",
		Contract: "A panic recovered within a callback leaves the C frames below it as they were, and C goes on.",
		Source:   callbackSource,
		Breaks:   "Handlers that guard against panics corrupt the C library that called them.",
		Run:      recoveredInside,
	}, suite.Case{
		ID:       "cgocalls/panic-across-c",
		Contract: "A panic in a callback unwinds over C frames to the Go caller, and the C stack is free again afterwards.",
		Source:   "Go runtime/cgocall.go, unwindm",
		Breaks:   "Programs that recover around C calls (image and script libraries) run out of C stack.",
		Run:      panicAcross,
	}, suite.Case{
		ID:       "cgocalls/goexit-across-c",
		Contract: "runtime.Goexit in a callback ends the goroutine, runs its deferred calls, and the thread goes on.",
		Source:   "Go runtime/panic.go, Goexit; runtime/cgocall.go, unwindm",
		Breaks:   "t.FailNow in a test's callback hangs or crashes the test.",
		Run:      goexitAcross,
	}, suite.Case{
		ID:       "cgocalls/callback-grows-its-stack",
		Contract: "A callback may grow the Go stack and collect garbage: neither Go's nor C's frames change.",
		Source:   "Go runtime/cgocall.go; runtime/stack.go, copystack",
		Breaks:   "Memory of either side is overwritten at random.",
		Run:      growing,
	}, suite.Case{
		ID:       "cgocalls/callback-waits-for-goroutine",
		Contract: "A callback may wait for other goroutines and then return to the very C frame it came from.",
		Source:   "Go runtime/cgocall.go: cgocallback locks the goroutine to its thread",
		Breaks:   "Callbacks that use channels or do network I/O deadlock or return on another thread.",
		Run:      waiting,
	}, suite.Case{
		ID:       "cgocalls/callback-through-libc",
		Contract: "libc's own qsort can be given a comparison that is Go's.",
		Source:   "qsort(3); " + callbackSource,
		Breaks:   "Callbacks through C code built by others, with another compiler, fail.",
		Run:      sortByGo,
	})
}

// handled gives C a func() for the time of a call.
func handled(f func(), call func(handle C.uintptr_t)) {
	handle := cgo.NewHandle(f)
	defer handle.Delete()
	call(C.uintptr_t(handle))
}

func callback(t *suite.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	calls, own := 0, C.cgocalls_thread_id()
	handled(func() {
		calls++
		if there := C.cgocalls_thread_id(); there != own {
			t.Errorf("Go called C on thread %#x, C called Go on thread %#x", own, there)
		}
	}, func(handle C.uintptr_t) { C.cgocalls_call_go(handle, 3) })
	if calls != 3 {
		t.Errorf("C called Go 3 times, Go was called %d times", calls)
	}
	if got := C.cgocalls_add_in_go(-1<<40, 3); got != -1<<40+3 {
		t.Errorf("C asked Go for %d + 3 and got %d", int64(-1<<40), int64(got))
	}
}

func manyArguments(t *suite.T) {
	if number := C.cgocalls_many_in_go(); number != 0 {
		t.Errorf("C passed 16 arguments to Go, number %d arrived changed", int(number))
	}
}

func callbackStructs(t *suite.T) {
	var n C.struct_cgocalls_nested
	n.inner.a, n.inner.b = 9, 0.25
	n.outer.s, n.outer.more.deep = [3]C.int16_t{-1, 2, -3}, 254
	var scaled C.struct_cgocalls_d3
	got := C.cgocalls_turn_in_go(n, &scaled)
	n.inner.a, n.inner.b, n.outer.s, n.outer.more.deep = -9, -0.25, [3]C.int16_t{-3, 2, -1}, 255
	same(t, "a nested struct through C, Go and back", got, n)
	same(t, "three doubles from C through Go", scaled.d, [3]C.double{0.5, -1, 2})
}

func severalResults(t *suite.T) {
	var half C.double
	var twice C.int64_t
	sign := C.cgocalls_several_in_go(-7<<40, &half, &twice)
	if half != -3.5*(1<<40) || twice != -14<<40 || sign != -1 {
		t.Errorf("Go returned (%g, %d, -1), C got (%g, %d, %d)", -3.5*(1<<40), int64(-14<<40), float64(half), int64(twice),
			int(sign))
	}
}

func nesting(t *suite.T) {
	if got := C.cgocalls_nest(40); got != 40 {
		t.Errorf("40 levels of C and Go gave %d", int64(got))
	}
}

func recoveredInside(t *suite.T) {
	var seen any
	handled(func() {
		defer func() { seen = recover() }()
		panic("in a callback")
	}, func(handle C.uintptr_t) {
		if changed := C.cgocalls_call_go_over(handle, 1000); changed != 0 {
			t.Errorf("%d of 1000 bytes of the C frame changed", int(changed))
		}
	})
	if seen != "in a callback" {
		t.Errorf("the callback recovered %v", seen)
	}
}

func panicAcross(t *suite.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	place := C.cgocalls_stack_here()
	for i := range 200 {
		func() {
			defer func() {
				if got := recover(); got != i {
					t.Errorf("panic %d came back to the Go caller as %v", i, got)
				}
			}()
			handled(func() { panic(i) }, func(handle C.uintptr_t) { C.cgocalls_call_go_over(handle, 1000) })
			t.Errorf("a panic in a callback did not unwind")
		}()
	}
	if now := C.cgocalls_stack_here(); now != place {
		t.Errorf("after 200 panics over C frames a C call begins %d bytes further on the stack", int64(place)-int64(now))
	}
}

func goexitAcross(t *suite.T) {
	ended, deferred, returned := make(chan struct{}), false, false
	go func() {
		defer close(ended)
		handled(func() {
			defer func() { deferred = true }()
			runtime.Goexit()
		}, func(handle C.uintptr_t) { C.cgocalls_call_go(handle, 1) })
		returned = true
	}()
	<-ended
	if !deferred || returned {
		t.Errorf("runtime.Goexit in a callback: deferred call run %v, C call returned %v, expected true and false", deferred, returned)
	}
}

func growing(t *suite.T) {
	text := fmt.Sprint("kept by the caller ", 1)
	var deep func(n int) int
	deep = func(n int) int {
		var room [64]int
		room[n%64] = n
		if n == 0 {
			runtime.GC()
			return 0
		}
		return deep(n-1) + room[n%64] - n + 1
	}
	got := 0
	handled(func() { got = deep(5000) }, func(handle C.uintptr_t) {
		if changed := C.cgocalls_call_go_over(handle, 8000); changed != 0 {
			t.Errorf("%d of 8000 bytes of the C frame changed while Go's stack grew", int(changed))
		}
	})
	if got != 5000 || text != "kept by the caller 1" {
		t.Errorf("a recursion 5000 deep counted %d, and the caller's text is now %q", got, text)
	}
}

func waiting(t *suite.T) {
	ask, answer := make(chan int), make(chan int)
	go func() {
		for n := range ask {
			answer <- n + 1
		}
		close(answer)
	}()
	defer close(ask)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	total, own := 0, C.cgocalls_thread_id()
	handled(func() {
		ask <- total
		total = <-answer
		if now := C.cgocalls_thread_id(); now != own {
			t.Errorf("after waiting, the callback runs on thread %#x and not on %#x", now, own)
		}
	}, func(handle C.uintptr_t) { C.cgocalls_call_go(handle, 100) })
	if total != 100 {
		t.Errorf("100 callbacks asked a goroutine, %d answers came", total)
	}
}

func sortByGo(t *suite.T) {
	numbers := make([]C.int32_t, 50)
	for i := range numbers {
		numbers[i] = C.int32_t(i * 37 % 50)
	}
	C.cgocalls_sort_by_go(&numbers[0], C.int(len(numbers)))
	if !slices.IsSorted(numbers) {
		t.Errorf("qsort with a comparison in Go left %v", numbers)
	}
}
