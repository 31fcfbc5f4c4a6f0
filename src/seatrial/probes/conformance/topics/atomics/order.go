package atomics

import "seatrial.example/conformance/suite"

// The shapes have the names of: Alglave, Maranget, Tautschnig, Herding Cats (ACM TOPLAS 36/2, 2014), table III. Go's
// atomics are sequentially consistent: whatever no interleaving of the threads gives is forbidden.
func init() {
	suite.Register(suite.Case{
		ID:       "atomics/store-buffering",
		Contract: "Of two threads that each store to one cell and then load the other's, one sees the other's store.",
		Source:   "The Go Memory Model, \"Atomic Values\"; litmus test SB (Herding Cats)",
		Breaks:   "Both sides of a hand-over (sleep or wake, last reference or new one) miss each other: lost wake-ups.",
		Needs:    []string{"threads", "weak-memory"},
		Run:      func(t *suite.T) { forbid(t, shape{"x=1 y? | y=1 x?", []string{"0 0"}}) },
	}, suite.Case{
		ID:       "atomics/message-passing",
		Contract: "Who sees a flag that was set after the data was written also sees the data.",
		Source:   "The Go Memory Model, \"Atomic Values\"; litmus test MP (Herding Cats)",
		Breaks:   "Readers of published data see it half made.",
		Needs:    []string{"threads", "weak-memory"},
		Run:      func(t *suite.T) { forbid(t, shape{"x=1 y=1 | y? x?", []string{"1 0"}}) },
	}, suite.Case{
		ID:       "atomics/load-buffering",
		Contract: "Two threads that each load one cell and then store to the other do not both see the other's later store.",
		Source:   "The Go Memory Model, \"Atomic Values\"; litmus test LB (Herding Cats)",
		Breaks:   "Effects come before their causes: a value is used before it was handed over.",
		Needs:    []string{"threads", "weak-memory"},
		Run:      func(t *suite.T) { forbid(t, shape{"x? y=1 | y? x=1", []string{"1 1"}}) },
	}, suite.Case{
		ID:       "atomics/independent-reads",
		Contract: "Two readers see the stores of two independent writers in the same order.",
		Source:   "The Go Memory Model, \"Atomic Values\"; litmus test IRIW (Herding Cats)",
		Breaks:   "Observers disagree on which of two events was first: algorithms with several flags (Dekker, hazard pointers) fail.",
		Needs:    []string{"threads", "weak-memory"},
		Run:      func(t *suite.T) { forbid(t, shape{"x=1 | y=1 | x? y? | y? x?", []string{"1 0 1 0"}}) },
	}, suite.Case{
		ID:       "atomics/causality-through-a-third",
		Contract: "What a thread saw before it set a flag is also seen by who sees the flag.",
		Source:   "The Go Memory Model, \"Atomic Values\"; litmus test WRC (Herding Cats)",
		Breaks:   "Data that is handed on by a middleman arrives without what the middleman knew.",
		Needs:    []string{"threads", "weak-memory"},
		Run:      func(t *suite.T) { forbid(t, shape{"x=1 | x? y=1 | y? x?", []string{"1 1 0"}}) },
	}, suite.Case{
		ID:       "atomics/store-after-message",
		Contract: "A store that follows the sight of a flag comes after the stores that were made before the flag was set.",
		Source:   "The Go Memory Model, \"Atomic Values\"; litmus test S (Herding Cats)",
		Breaks:   "A later owner's write is overwritten by an earlier owner's.",
		Needs:    []string{"threads", "weak-memory"},
		Run:      func(t *suite.T) { forbid(t, shape{"x=2 y=1 | y? x=1", []string{"1 x=2"}}) },
	}, suite.Case{
		ID:       "atomics/load-after-overwrite",
		Contract: "A thread that overwrites another's flag and then loads sees what was stored before the flag.",
		Source:   "The Go Memory Model, \"Atomic Values\"; litmus test R (Herding Cats)",
		Breaks:   "The winner of a race for a word works with data from before the race.",
		Needs:    []string{"threads", "weak-memory"},
		Run:      func(t *suite.T) { forbid(t, shape{"x=1 y=1 | y=2 x?", []string{"0 y=2"}}) },
	}, suite.Case{
		ID:       "atomics/two-writers-of-two-cells",
		Contract: "Two threads that each store to two cells, in opposite order, do not both lose their second store.",
		Source:   "The Go Memory Model, \"Atomic Values\"; litmus test 2+2W (Herding Cats)",
		Breaks:   "Two words that belong together end with one value of each writer, in an order nobody wrote.",
		Needs:    []string{"threads", "weak-memory"},
		Run:      func(t *suite.T) { forbid(t, shape{"x=1 y=2 | y=1 x=2", []string{"x=1 y=1"}}) },
	}, suite.Case{
		ID:       "atomics/coherent-reads",
		Contract: "A thread never sees a cell go back to an older value.",
		Source:   "The Go Memory Model, \"Atomic Values\"; litmus test CoRR (Herding Cats)",
		Breaks:   "Counters and versions run backwards: sequence locks accept torn data.",
		Needs:    []string{"threads", "weak-memory"},
		Run:      func(t *suite.T) { forbid(t, shape{"x=1 x=2 | x? x?", []string{"1 0", "2 0", "2 1"}}) },
	}, suite.Case{
		ID:       "atomics/coherent-writes",
		Contract: "A thread's stores and loads of one cell keep the order of the program, also for others.",
		Source:   "The Go Memory Model, \"Atomic Values\"; litmus tests CoWW, CoRW, CoWR (Herding Cats)",
		Breaks:   "A program does not see its own last write, or others see the last but one.",
		Needs:    []string{"threads", "weak-memory"},
		Run: func(t *suite.T) {
			forbid(t,
				shape{"x=1 x=2 | y=1", []string{"x=1"}},
				shape{"x? x=1 | x=2", []string{"1", "2 x=2"}},
				shape{"x=1 x? | x=2", []string{"0", "2 x=1"}},
			)
		},
	})
}
