package atomics

import (
	"runtime"
	"sync"
	"sync/atomic"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/atomics/litmus"
)

// An access is the ways in which Go can store to and load from a cell in one step. Each must keep the same order.
type access struct {
	name  string
	store func(c *cell, value uint32)
	load  func(c *cell) uint32
}

// A cell has a cache line, and the pair to it, of its own.
type cell struct {
	wide   atomic.Uint64
	narrow atomic.Uint32
	_      [116]byte
}

var accesses = []access{
	{
		"Store and Load of 32 bits",
		func(c *cell, value uint32) { c.narrow.Store(value) },
		func(c *cell) uint32 { return c.narrow.Load() },
	}, {
		"Store and Load of 64 bits",
		func(c *cell, value uint32) { c.wide.Store(uint64(value)) },
		func(c *cell) uint32 { return uint32(c.wide.Load()) },
	}, {
		"Swap and Add",
		func(c *cell, value uint32) { c.narrow.Swap(value) },
		func(c *cell) uint32 { return c.narrow.Add(0) },
	}, {
		"CompareAndSwap and Load",
		func(c *cell, value uint32) {
			for !c.narrow.CompareAndSwap(c.narrow.Load(), value) {
			}
		},
		func(c *cell) uint32 { return c.narrow.Load() },
	},
}

const (
	batches   = 8
	batchSize = 256
)

// A shape is a program, and the outcomes that no interleaving of its threads gives.
type shape struct {
	program   string
	forbidden []string
}

// forbid runs programs many times, with each access, and fails if an outcome was seen that is forbidden.
func forbid(t *suite.T, shapes ...shape) {
	allowed, forbidden := 0, 0
	for _, s := range shapes {
		program := litmus.Parse(s.program)
		for _, a := range accesses {
			bad, all, told := program.Count(observe(program, a), s.forbidden...)
			allowed, forbidden = allowed+all-bad, forbidden+bad
			if bad > 0 {
				t.Errorf("%s, with %s: %s", s.program, a.name, told)
			}
		}
	}
	t.Value("allowed", allowed)
	t.Value("forbidden", forbidden)
}

// observe is how often each outcome was seen.
func observe(program litmus.Program, a access) []int {
	run := program
	if suite.Planted("atomics-no-order") {
		run = program.Reversed()
	}
	r := &race{threads: len(run), progress: make([]progress, len(run))}
	seen := make([]int, litmus.Outcomes)
	var pool sync.WaitGroup
	for thread, ops := range run {
		pool.Go(func() {
			for batch := range batches {
				r.meet()
				r.batch(thread, batch, ops, a)
				r.meet()
				if thread == 0 {
					r.count(seen, a)
				}
			}
		})
	}
	pool.Wait()
	return seen
}

// A race is the state of a running program.
type race struct {
	threads  int
	arrived  atomic.Int64
	progress []progress
	cells    [batchSize][litmus.Cells]cell
	loaded   [litmus.MostLoads][batchSize]uint32
}

type progress struct {
	rounds atomic.Int64
	_      [120]byte
}

// meet waits until all threads are here: long enough for one that starts on another CPU, then for those that have
// to share this one.
func (r *race) meet() {
	mine := r.arrived.Add(1)
	all := (mine + int64(r.threads) - 1) / int64(r.threads) * int64(r.threads)
	for tries := 0; r.arrived.Load() < all; tries++ {
		if tries > 5000 || r.threads > runtime.GOMAXPROCS(0) {
			runtime.Gosched()
		}
	}
}

// batch runs a thread's steps on a batch of cells. In every other batch the threads are close together in time, for
// what the CPU reorders; in the others they give way between steps, so that all interleavings come up.
func (r *race) batch(thread, batch int, ops []litmus.Op, a access) {
	close, chance := batch%2 == 0, uint32(batch*8+thread+1)
	for i := range batchSize {
		r.inStep(thread, int64(batch*batchSize+i), close)
		cells := &r.cells[i]
		for _, op := range ops {
			if chance = chance*1664525 + 1013904223; !close && chance>>31 == 0 {
				runtime.Gosched()
			}
			if op.Kind == litmus.Store {
				a.store(&cells[op.Cell], op.Value)
			} else {
				r.loaded[op.Slot][i] = a.load(&cells[op.Cell])
			}
		}
	}
}

// inStep waits for the others, so that all are in the same round: only a little if they are to be close in time.
func (r *race) inStep(thread int, round int64, close bool) {
	r.progress[thread].rounds.Store(round)
	for other := range r.progress {
		for tries := 0; r.progress[other].rounds.Load() < round && (tries < 100 || !close); tries++ {
			if !close {
				runtime.Gosched()
			}
		}
	}
	for delay := round * int64(thread+1) % 7; close && delay > 0; delay-- {
		r.progress[thread].rounds.Load()
	}
}

// count adds up a batch, and sets the cells to 0 again. The others wait for it in meet.
func (r *race) count(seen []int, a access) {
	for i := range batchSize {
		outcome := uint32(0)
		for slot := range r.loaded {
			outcome |= r.loaded[slot][i] & 3 << (2 * slot)
		}
		for c := range r.cells[i] {
			outcome |= a.load(&r.cells[i][c]) & 3 << (2 * (litmus.MostLoads + c))
			r.cells[i][c] = cell{}
		}
		seen[outcome]++
	}
}
