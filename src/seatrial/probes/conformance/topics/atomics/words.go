package atomics

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "atomics/results",
		Contract: "Add returns the new value; Swap, And and Or return the old one; CompareAndSwap says whether it stored.",
		Source:   "package sync/atomic; Go internal/runtime/atomic, atomic_<arch>.s",
		Breaks:   "Reference counts and tickets are off by one: memory is freed in use, or never.",
		Run: func(t *suite.T) {
			results(t, "Int32", sound[int32](new(atomic.Int32)), -1)
			results(t, "Uint32", sound[uint32](new(atomic.Uint32)), 0xfffffffe)
			results(t, "Int64", sound[int64](new(atomic.Int64)), -1<<40)
			results(t, "Uint64", sound[uint64](new(atomic.Uint64)), 0xfffffffe_ffffffff)
			results(t, "Uintptr", sound[uintptr](new(atomic.Uintptr)), ^uintptr(0)>>1)
		},
	}, suite.Case{
		ID:       "atomics/add-exact",
		Contract: "No addition is lost when several threads add to one word.",
		Source:   "package sync/atomic, Add; Go internal/runtime/atomic",
		Breaks:   "Counters, WaitGroups and reference counts drift under load.",
		Needs:    []string{"threads"},
		Run: onOneCPUToo(func(t *suite.T) {
			addExact(t, "Int32", sound[int32](new(atomic.Int32)))
			addExact(t, "Uint32", sound[uint32](new(atomic.Uint32)))
			addExact(t, "Int64", sound[int64](new(atomic.Int64)))
			addExact(t, "Uint64", sound[uint64](new(atomic.Uint64)))
			addExact(t, "Uintptr", sound[uintptr](new(atomic.Uintptr)))
		}),
	}, suite.Case{
		ID:       "atomics/compare-and-swap-exact",
		Contract: "Of several threads that compare and swap the same value at once, exactly one succeeds.",
		Source:   "package sync/atomic, CompareAndSwap; Go internal/runtime/atomic",
		Breaks:   "Two goroutines take the same lock, ticket or free slot.",
		Needs:    []string{"threads"},
		Run: onOneCPUToo(func(t *suite.T) {
			compareAndSwapExact(t, "Int32", sound[int32](new(atomic.Int32)))
			compareAndSwapExact(t, "Int64", sound[int64](new(atomic.Int64)))
			compareAndSwapExact(t, "Uintptr", sound[uintptr](new(atomic.Uintptr)))
		}),
	}, suite.Case{
		ID:       "atomics/swap-exact",
		Contract: "Each value that is swapped in comes out exactly once.",
		Source:   "package sync/atomic, Swap; Go internal/runtime/atomic",
		Breaks:   "Messages and buffers handed over by Swap are lost or used by two.",
		Needs:    []string{"threads"},
		Run: onOneCPUToo(func(t *suite.T) {
			swapExact(t, "Uint32", sound[uint32](new(atomic.Uint32)))
			swapExact(t, "Int64", sound[int64](new(atomic.Int64)))
		}),
	}, suite.Case{
		ID:       "atomics/and-or-exact",
		Contract: "And and Or change the bits they name and no others, with several threads at one word.",
		Source:   "package sync/atomic, And and Or (since Go 1.23); Go internal/runtime/atomic",
		Breaks:   "Flags that other goroutines set disappear: the garbage collector's mark bits are such flags.",
		Needs:    []string{"threads"},
		Run: onOneCPUToo(func(t *suite.T) {
			andOrExact(t, "Uint32", sound[uint32](new(atomic.Uint32)))
			andOrExact(t, "Int64", sound[int64](new(atomic.Int64)))
			andOrExact(t, "Uintptr", sound[uintptr](new(atomic.Uintptr)))
		}),
	})
}

type integer interface {
	int32 | uint32 | int64 | uint64 | uintptr
}

// A word is one of the integers of sync/atomic.
type word[T integer] interface {
	Load() T
	Store(T)
	Add(T) T
	Swap(T) T
	And(T) T
	Or(T) T
	CompareAndSwap(before, after T) bool
}

// sound is the word itself, unless a fault is planted.
func sound[T integer](w word[T]) word[T] {
	if suite.Planted("atomics-not-atomic") {
		return inSteps[T]{w}
	}
	if suite.Planted("atomics-wrong-results") {
		return wrongResults[T]{w}
	}
	return w
}

// inSteps loads and stores in two steps, between which others may come.
type inSteps[T integer] struct{ word[T] }

func (w inSteps[T]) change(to func(T) T) (before, after T) {
	before = w.Load()
	after = to(before)
	if uint64(before)%16 == 0 {
		runtime.Gosched()
	}
	w.Store(after)
	return before, after
}

func (w inSteps[T]) Add(n T) T {
	_, after := w.change(func(v T) T { return v + n })
	return after
}

func (w inSteps[T]) Swap(n T) T {
	before, _ := w.change(func(T) T { return n })
	return before
}

func (w inSteps[T]) And(mask T) T {
	before, _ := w.change(func(v T) T { return v & mask })
	return before
}

func (w inSteps[T]) Or(mask T) T {
	before, _ := w.change(func(v T) T { return v | mask })
	return before
}

func (w inSteps[T]) CompareAndSwap(before, after T) bool {
	if w.Load() != before {
		return false
	}
	runtime.Gosched()
	w.Store(after)
	return true
}

// wrongResults gives new values for old ones.
type wrongResults[T integer] struct{ word[T] }

func (w wrongResults[T]) Or(mask T) T { return w.word.Or(mask) | mask }

func results[T integer](t *suite.T, name string, w word[T], from T) {
	check := func(what string, got, want, held T) {
		if got != want || w.Load() != held {
			t.Errorf("%s from %d: %s returned %d (expected %d) and left %d (expected %d)",
				name, from, what, got, want, w.Load(), held)
		}
	}
	w.Store(from)
	check("Add(3)", w.Add(3), from+3, from+3)
	check("Add(-3)", w.Add(^T(0)-2), from, from)
	check("Swap(5)", w.Swap(5), from, 5)
	check("Or(0x18)", w.Or(0x18), 5, 0x1d)
	check("And(0x0c)", w.And(0x0c), 0x1d, 0x0c)
	w.Store(from)
	check("Or(1)", w.Or(1), from, from|1)
	check("And(from)", w.And(from), from|1, from)
	if w.CompareAndSwap(from+1, 7) || w.Load() != from {
		t.Errorf("%s from %d: CompareAndSwap of another value stored %d", name, from, w.Load())
	}
	if !w.CompareAndSwap(from, 7) || w.Load() != 7 {
		t.Errorf("%s from %d: CompareAndSwap of the value it had left %d", name, from, w.Load())
	}
}

const (
	contenders = 4
	turns      = 20_000
)

// together runs a function in several goroutines, which begin at the same time where there are CPUs for that.
func together(run func(who int)) {
	var pool sync.WaitGroup
	var here atomic.Int32
	for who := range contenders {
		pool.Go(func() {
			here.Add(1)
			for tries := 0; here.Load() < contenders; tries++ {
				if tries > 5000 {
					runtime.Gosched()
				}
			}
			run(who)
		})
	}
	pool.Wait()
}

// onOneCPUToo makes a case run twice: as it comes, and on one CPU, where who gives way is overtaken for certain. On a busy
// machine one goroutine may be through before another has begun.
func onOneCPUToo(run func(t *suite.T)) func(t *suite.T) {
	return func(t *suite.T) {
		run(t)
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		run(t)
	}
}

func addExact[T integer](t *suite.T, name string, w word[T]) {
	together(func(int) {
		for i := range turns {
			w.Add(3)
			if i%64 == 0 {
				runtime.Gosched()
			}
		}
	})
	if got := w.Load(); got != 3*contenders*turns {
		t.Errorf("%s: %d goroutines added 3 %d times each; it holds %d, expected %d", name, contenders, turns, got, 3*contenders*turns)
	}
}

func compareAndSwapExact[T integer](t *suite.T, name string, w word[T]) {
	var won [contenders]int
	together(func(who int) {
		for {
			before := w.Load()
			if before >= turns {
				return
			}
			if before%64 == 0 {
				runtime.Gosched()
			}
			if w.CompareAndSwap(before, before+1) {
				won[who]++
			}
		}
	})
	all := 0
	for _, n := range won {
		all += n
	}
	if all != turns {
		t.Errorf("%s: %d steps were made, and %d successes told", name, turns, all)
	}
}

func swapExact[T integer](t *suite.T, name string, w word[T]) {
	var came [contenders*turns + 1]atomic.Int32
	together(func(who int) {
		for i := range turns {
			came[w.Swap(T(who*turns+i+1))].Add(1)
			if i%64 == 0 {
				runtime.Gosched()
			}
		}
	})
	came[w.Load()].Add(1)
	wrong := ""
	for value := range came {
		if n := came[value].Load(); n != 1 {
			wrong = fmt.Sprintf("%d came out %d times", value, n)
		}
	}
	if wrong != "" {
		t.Errorf("%s: of values that went in once, %s", name, wrong)
	}
}

func andOrExact[T integer](t *suite.T, name string, w word[T]) {
	var lost atomic.Int64
	together(func(who int) {
		mine := T(0x11) << (7 * who)
		for i := range turns {
			if w.Or(mine)&mine != 0 {
				lost.Add(1)
			}
			if i%64 == 0 {
				runtime.Gosched()
			}
			if w.And(^mine)&mine != mine {
				lost.Add(1)
			}
		}
	})
	if n := lost.Load(); n > 0 || w.Load() != 0 {
		t.Errorf("%s: %d times a goroutine's own bits were not as it had left them; %#x is left, expected 0", name, n, w.Load())
	}
}
