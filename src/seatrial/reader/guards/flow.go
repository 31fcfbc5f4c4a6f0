package guards

import (
	"slices"
	"sort"

	"seatrial.example/reader/code"
	"seatrial.example/reader/isa"
)

const (
	mostInstructions = 100000 // of a function that is followed
	mostVisits       = 40     // of a block, before what is known there is given up
)

// use is an instruction that needs features, with what holds when it runs.
type use struct {
	pc    uint64
	needs isa.Set
	holds facts
}

// reference is a call of a function, a jump to it, or its address taken, with what holds there.
type reference struct {
	pc     uint64
	target uint64 // a function, or the word that holds its address
	taken  bool   // the address is taken, not called
	holds  facts
}

// store is a write to a variable.
type store struct {
	addr uint64
	size int
	v    value // not zero only if ...
	held facts // ... and what held when it was written
}

// findings is what following a function showed.
type findings struct {
	uses   []use
	refs   []reference
	stores []store
	answer facts // holds if the function returns something else than zero in its first register
	cpuid  bool  // asks the CPU itself
	reads  bool  // reads a flag of the CPU's features
	bad    int   // bytes that are no known instruction
}

// follower follows functions of one image.
type follower struct {
	m       *machine
	base    isa.Set  // what every CPU of the port has
	hwcap   []string // functions that read AT_HWCAP
	closure func(isa.Set) isa.Set
	flags   map[uint64]facts // variables of one byte whose meaning is known
	data    func(addr uint64) bool
	asksCPU func(entry uint64) bool  // a function that hands on what CPUID says
	answers func(entry uint64) facts // what holds if a function returns something else than zero
	ends    func(addr uint64) bool   // a function that does not return
	target  func(addr uint64) bool   // a function that is of interest
	pointer func(addr uint64) bool   // a word of data that points to such a function
	zero    func(addr uint64) bool   // a variable of one byte that is never set
	about   func(addr uint64) bool   // a variable or function that has to do with the CPU, of unknown meaning
	seen    func(n int64)            // is told of each number that comes up; nil for nobody
}

// decode lifts the instructions of a function.
func (f *follower) decode(body []byte, entry uint64) []lifted {
	var list []lifted
	for at := 0; at < len(body) && len(list) < mostInstructions; {
		var c lifted
		if err := f.m.arch.Decode(body[at:], entry+uint64(at), &c.in); err != nil {
			c.bad = true
			c.in = isa.Instruction{Addr: entry + uint64(at), Len: f.m.arch.Step(), Flow: isa.Next}
		} else {
			f.m.lift(f.m, &c)
		}
		at += c.in.Len
		list = append(list, c)
	}
	return list
}

// follow goes over a function until nothing new is learned, then tells what holds where.
func (f *follower) follow(body []byte, fn *code.Func) findings {
	entry, assembly := fn.Entry, fn.Assembly
	list := f.decode(body, entry)
	end := entry + uint64(len(body))
	starts := map[uint64]int{} // instruction that begins a block
	index := func(addr uint64) (int, bool) {
		i := sort.Search(len(list), func(i int) bool { return list[i].in.Addr >= addr })
		return i, i < len(list) && list[i].in.Addr == addr
	}
	indirect := false
	for i := range list {
		in := &list[i].in
		indirect = indirect || in.Flow == isa.IndirectJump
		switch in.Flow {
		case isa.Jump, isa.Branch:
			if in.Target >= entry && in.Target < end {
				if at, ok := index(in.Target); ok {
					starts[in.Target] = at
				}
			}
		case isa.Call:
			if !f.ends(in.Target) {
				continue
			}
		case isa.Next, isa.IndirectCall:
			continue
		}
		if i+1 < len(list) {
			starts[list[i+1].in.Addr] = i + 1
		}
	}
	begins := make([]int, 0, len(starts)+1)
	begins = append(begins, 0)
	for _, i := range starts {
		if i != 0 {
			begins = append(begins, i)
		}
	}
	sort.Ints(begins)
	w := &walk{f: f, list: list, begins: begins, block: map[int]int{}, before: make([]*state, len(begins)), visits: make([]int, len(begins)), hwcap: slices.Contains(f.hwcap, fn.Name)}
	for n, i := range begins {
		w.block[i] = n
	}
	if len(list) == 0 {
		return findings{}
	}
	w.before[0] = f.m.entry()
	w.queue = append(w.queue, 0)
	w.run()
	// What no jump leads to is reached in a way that is not followed: a table of jumps, or Go's return after a panic.
	for n := range begins {
		if w.before[n] == nil && !(assembly && !indirect) && mayBeReached(list, begins, n) {
			w.before[n] = f.m.entry()
			w.queue = append(w.queue, n)
			w.run()
		}
	}
	return w.report()
}

// mayBeReached tells padding, which nothing reaches, from code.
func mayBeReached(list []lifted, begins []int, n int) bool {
	end := len(list)
	if n+1 < len(begins) {
		end = begins[n+1]
	}
	for i := begins[n]; i < end; i++ {
		if c := &list[i]; c.in.Flow != isa.Stop && !c.bad && !c.nothing {
			return true
		}
	}
	return false
}

type walk struct {
	f         *follower
	list      []lifted
	begins    []int
	block     map[int]int // by the index of its first instruction
	before    []*state
	visits    []int
	queue     []int
	now, next state     // what is worked with
	hwcap     bool      // words that are read are AT_HWCAP
	found     *findings // where to report, in the last pass
}

func (w *walk) run() {
	for len(w.queue) > 0 {
		n := w.queue[len(w.queue)-1]
		w.queue = w.queue[:len(w.queue)-1]
		w.visits[n]++
		w.pass(n)
	}
}

func (w *walk) report() findings {
	var out findings
	w.found = &out
	out.answer = all
	for n := range w.begins {
		if w.before[n] != nil {
			w.pass(n)
		}
	}
	for i := range w.list {
		if w.list[i].bad {
			out.bad++
		}
	}
	return out
}

// pass goes over a block, and hands what is known at its end to those that follow.
func (w *walk) pass(n int) {
	s := &w.now
	s.take(w.before[n])
	last := len(w.list)
	if n+1 < len(w.begins) {
		last = w.begins[n+1]
	}
	for i := w.begins[n]; i < last; i++ {
		c := &w.list[i]
		w.instruction(s, c)
		switch c.in.Flow {
		case isa.Jump:
			w.hand(s, c.in.Target, facts{})
			return
		case isa.Branch:
			w.hand(s, c.in.Target, w.branch(s, c, c.cond))
			if i+1 < len(w.list) {
				w.hand(s, w.list[i+1].in.Addr, w.branch(s, c, c.cond.not()))
			}
			return
		case isa.Return:
			if w.found != nil {
				v := s.regs[w.f.m.results[0]]
				w.found.answer = w.found.answer.and(w.f.m.ifNotZero(v).with(s.holds))
			}
			return
		case isa.IndirectJump:
			if w.found != nil {
				w.found.answer = facts{}
			}
			return
		case isa.Stop:
			return
		case isa.Call:
			if w.f.ends(c.in.Target) {
				return
			}
		}
	}
	if last < len(w.list) {
		w.hand(s, w.list[last].in.Addr, facts{})
	}
}

// branch is what holds where a branch under this condition leads.
func (w *walk) branch(s *state, c *lifted, cond condition) facts {
	switch cond {
	case notZero:
		return w.f.m.ifNotZero(w.read(s, c.on))
	case bitSet:
		v := w.read(s, c.on)
		if v.kind == word {
			v.n &= 1 << uint(c.bit&63)
		} else if v.kind != boolean {
			return facts{}
		}
		return w.f.m.ifNotZero(v)
	}
	return s.implied(w.f.m, cond)
}

// hand gives a state to the block at an address.
func (w *walk) hand(s *state, addr uint64, more facts) {
	if w.found != nil {
		return
	}
	i := sort.Search(len(w.list), func(i int) bool { return w.list[i].in.Addr >= addr })
	n, ok := w.block[i]
	if i >= len(w.list) || !ok || w.list[i].in.Addr != addr {
		return
	}
	more.set = w.f.closure(more.set)
	next := &w.next
	next.take(s)
	next.holds = next.holds.with(more)
	switch {
	case next.holds.isAll(): // control cannot come that way
	case w.before[n] == nil:
		w.before[n] = &state{}
		w.before[n].take(next)
		w.queue = append(w.queue, n)
	case w.visits[n] > mostVisits: // give up: nothing is known there, which does not change any more
		if !w.before[n].empty() {
			w.before[n] = &state{}
			w.queue = append(w.queue, n)
		}
	case w.before[n].meet(w.f.m, next):
		w.queue = append(w.queue, n)
	}
}
