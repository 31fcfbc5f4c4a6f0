package withcgo

// #cgo CFLAGS: -I${SRCDIR}/../../../suite
// #include "litmus.h"
import "C"

import (
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/atomics/litmus"
)

func init() {
	suite.Register(suite.Case{
		ID:       "atomics/c-sequentially-consistent",
		Contract: "C11 atomics in their default order give only outcomes that some interleaving of the threads gives.",
		Source:   "ISO C11, 7.17.3, memory_order_seq_cst; litmus tests SB, IRIW, 2+2W (Herding Cats)",
		Breaks:   "C libraries lose wake-ups; their locks let two in.",
		Needs:    []string{"threads", "weak-memory"},
		Run: func(t *suite.T) {
			forbid(t,
				shape{"x=1s y?s | y=1s x?s", []string{"0 0"}},
				shape{"x=1s | y=1s | x?s y?s | y?s x?s", []string{"1 0 1 0"}},
				shape{"x=1s y=2s | y=1s x=2s", []string{"x=1 y=1"}},
			)
		},
	}, suite.Case{
		ID:       "atomics/c-release-and-acquire",
		Contract: "Who sees a release store with an acquire load sees what came before it, also through a third thread.",
		Source:   "ISO C11, 7.17.3, memory_order_release and memory_order_acquire; litmus tests MP, WRC, LB, S",
		Breaks:   "What C libraries hand to other threads arrives half written.",
		Needs:    []string{"threads", "weak-memory"},
		Run: func(t *suite.T) {
			forbid(t,
				shape{"x=1 y=1r | y?a x?", []string{"1 0"}},
				shape{"x=1r | x?a y=1r | y?a x?", []string{"1 1 0"}},
				shape{"x?a y=1r | y?a x=1r", []string{"1 1"}},
				shape{"x=2 y=1r | y?a x=1", []string{"1 x=2"}},
			)
		},
	}, suite.Case{
		ID:       "atomics/c-fences",
		Contract: "Fences between relaxed accesses order them: full ones stores before loads, release and acquire the rest.",
		Source:   "ISO C11, 7.17.4; litmus tests SB+mb+mb, MP+wmb+rmb, R+mb+mb",
		Breaks:   "RCU, garbage collectors and queues written in C with fences fail.",
		Needs:    []string{"threads", "weak-memory"},
		Run: func(t *suite.T) {
			forbid(t,
				shape{"x=1 mb y? | y=1 mb x?", []string{"0 0"}},
				shape{"x=1 wmb y=1 | y? rmb x?", []string{"1 0"}},
				shape{"x=1 mb y=1 | y=2 mb x?", []string{"0 y=2"}},
			)
		},
	}, suite.Case{
		ID:       "atomics/c-coherence",
		Contract: "Even relaxed accesses to one cell keep one order: no thread sees it go back.",
		Source:   "ISO C11, 5.1.2.4, paragraphs 15 to 18; litmus tests CoRR, CoWW, CoRW, CoWR",
		Breaks:   "Statistics and sequence numbers in C run backwards.",
		Needs:    []string{"threads", "weak-memory"},
		Run: func(t *suite.T) {
			forbid(t,
				shape{"x=1 x=2 | x? x?", []string{"1 0", "2 0", "2 1", "x=1"}},
				shape{"x? x=1 | x=2", []string{"1", "2 x=2"}},
				shape{"x=1 x? | x=2", []string{"0", "2 x=1"}},
			)
		},
	}, suite.Case{
		ID:       "atomics/c-dependent-loads",
		Contract: "A load whose address comes from another load is not made before it.",
		Source:   "Linux memory-barriers.txt, \"Address-dependency barriers\"; Go runtime/stubs.go, publicationBarrier",
		Breaks:   "Go itself: the runtime orders the stores that make an object, and leaves its readers to this.",
		Needs:    []string{"threads", "weak-memory"},
		Run:      func(t *suite.T) { forbid(t, shape{"x=1 y=1r | y>x?", []string{"1 0"}}) },
	}, suite.Case{
		ID:       "atomics/c-and-go-add",
		Contract: "Additions of C and of Go to the same 32 and 64 bits are atomic with each other.",
		Source:   "ISO C11, 7.17.7.5; package sync/atomic; both use the CPU's own instructions, or the kernel's (ARMv6)",
		Breaks:   "Counters shared with C libraries drift; a C library that locks instead does not see Go's.",
		Needs:    []string{"threads"},
		Run:      addTogether,
	}, suite.Case{
		ID:       "atomics/c-publishes-to-go",
		Contract: "Go's atomic load sees a release store of C, and what C wrote before it.",
		Source:   "ISO C11, 7.17.3; The Go Memory Model, \"Atomic Values\"",
		Breaks:   "Ring buffers and state shared with C threads are read half written.",
		Needs:    []string{"threads", "weak-memory"},
		Run:      publish,
	}, suite.Case{
		ID:       "atomics/c-lock-free",
		Contract: "C's atomics of 1, 2, 4 and 8 bytes need no lock, which Go would not know of.",
		Source:   "ISO C11, 7.17.5; GCC libatomic: what is not lock-free takes a lock of a table",
		Breaks:   "Go and C both believe that they change a word alone.",
		Run: func(t *suite.T) {
			if sizes := int(C.seatrial_lock_free()); sizes != 15 {
				t.Fatalf("of 1, 2, 4 and 8 bytes, lock-free are (one bit each) %04b, expected 1111", sizes)
			}
		},
	})
}

// A shape is a program, and the outcomes that are forbidden.
type shape struct {
	program   string
	forbidden []string
}

func forbid(t *suite.T, shapes ...shape) {
	allowed, forbidden := 0, 0
	for _, s := range shapes {
		program := litmus.Parse(s.program)
		seen := observe(t, program)
		bad, all, told := program.Count(seen, s.forbidden...)
		allowed, forbidden = allowed+all-bad, forbidden+bad
		if bad > 0 {
			t.Errorf("%s: %s", s.program, told)
		}
	}
	t.Value("allowed", allowed)
	t.Value("forbidden", forbidden)
}

// observe is how often each outcome was seen.
func observe(t *suite.T, program litmus.Program) []int {
	race := C.seatrial_race_new(C.int(len(program)))
	if race == nil {
		t.Unknown("no memory")
	}
	defer C.seatrial_race_free(race)
	var counted [litmus.Outcomes]C.uint32_t
	var late atomic.Uint32
	defer time.AfterFunc(t.Patience(time.Second/2), func() { late.Store(1) }).Stop()
	var pool sync.WaitGroup
	for thread, steps := range program {
		var ops [C.SEATRIAL_OPS]C.struct_seatrial_op
		for i, step := range steps {
			ops[i] = C.struct_seatrial_op{
				kind: C.int(step.Kind), order: C.int(step.Order), cell: C.int(step.Cell), slot: C.int(step.Slot),
				value: C.uint32_t(step.Value),
			}
			if step.Dependent {
				ops[i].dependent = 1
			}
		}
		pool.Go(func() {
			C.seatrial_race_run(race, C.int(thread), &ops[0], C.int(len(steps)), (*C.uint32_t)(unsafe.Pointer(&late)), &counted[0])
		})
	}
	pool.Wait()
	seen := make([]int, len(counted))
	for i, n := range counted {
		seen[i] = int(n)
	}
	return seen
}
