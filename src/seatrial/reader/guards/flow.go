package guards

import (
	"slices"

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
	space   *space
}

// space is the memory that following a function takes, kept for the next one.
type space struct {
	list   []lifted
	ops    []op
	blocks []int32
	states []*state
	used   int // of the states
}

func (s *space) numbers(size int) []int32 {
	if cap(s.blocks) < size {
		s.blocks = make([]int32, size)
	}
	s.blocks = s.blocks[:size]
	clear(s.blocks)
	return s.blocks
}

// state is one that nothing else uses, of any content.
func (s *space) state() *state {
	if s.used == len(s.states) {
		s.states = append(s.states, &state{})
	}
	s.used++
	return s.states[s.used-1]
}

// decode lifts the instructions of a function.
func (f *follower) decode(body []byte, entry uint64) []lifted {
	list, ops := f.space.list[:0], f.space.ops[:0]
	if most := min(len(body)/bytesAnInstruction, mostInstructions); most > cap(list) {
		list = make([]lifted, 0, most)
	}
	for at := 0; at < len(body) && len(list) < mostInstructions; {
		list = append(list, lifted{})
		c := &list[len(list)-1]
		if cap(ops)-len(ops) < fewEffects {
			ops = make([]op, 0, max(1<<10, 2*cap(ops)))
		}
		c.ops = ops[len(ops) : len(ops) : len(ops)+fewEffects]
		if err := f.m.arch.Decode(body[at:], entry+uint64(at), &c.in); err != nil {
			c.bad = true
			c.in = isa.Instruction{Addr: entry + uint64(at), Len: f.m.arch.Step(), Flow: isa.Next}
		} else {
			f.m.lift(f.m, c)
		}
		if len(c.ops) <= fewEffects {
			ops = ops[:len(ops)+len(c.ops)]
		}
		at += c.in.Len
	}
	f.space.list, f.space.ops = list, ops
	return list
}

const (
	fewEffects         = 8 // of one instruction; more stand apart
	bytesAnInstruction = 4 // about
)

// follow goes over a function until nothing new is learned, then tells what holds where.
func (f *follower) follow(body []byte, fn *code.Func) findings {
	entry, assembly := fn.Entry, fn.Assembly
	list := f.decode(body, entry)
	if len(list) == 0 {
		return findings{}
	}
	f.space.used = 0
	w := &walk{f: f, list: list, entry: entry, blocks: f.space.numbers(len(body)), hwcap: slices.Contains(f.hwcap, fn.Name)}
	indirect := w.cut()
	w.before, w.visits, w.waits = make([]*state, len(w.begins)), make([]int, len(w.begins)), make([]bool, len(w.begins))
	w.before[0] = f.space.state()
	w.before[0].take(f.m.entry())
	w.queue(0)
	w.run()
	// What no jump leads to is reached in a way that is not followed: a table of jumps, or Go's return after a panic.
	for n := range w.begins {
		if w.before[n] == nil && !(assembly && !indirect) && mayBeReached(list, w.begins, n) {
			w.before[n] = f.space.state()
			w.before[n].take(f.m.entry())
			w.queue(n)
			w.run()
		}
	}
	return w.report()
}

// cut finds the blocks, and tells whether there are jumps to places that the code itself does not name.
func (w *walk) cut() (indirect bool) {
	list := w.list
	for i := range list {
		w.blocks[list[i].in.Addr-w.entry] = int32(i + 1)
	}
	starts := make([]bool, len(list))
	starts[0] = true
	for i := range list {
		in := &list[i].in
		indirect = indirect || in.Flow == isa.IndirectJump
		switch in.Flow {
		case isa.Jump, isa.Branch:
			if in.Target-w.entry < uint64(len(w.blocks)) && w.blocks[in.Target-w.entry] > 0 {
				starts[w.blocks[in.Target-w.entry]-1] = true
			}
		case isa.Call:
			if !w.f.ends(in.Target) {
				continue
			}
		case isa.Next, isa.IndirectCall:
			continue
		}
		if i+1 < len(list) {
			starts[i+1] = true
		}
	}
	for i := range list {
		number := &w.blocks[list[i].in.Addr-w.entry]
		if *number = 0; starts[i] {
			w.begins = append(w.begins, i)
			*number = int32(len(w.begins))
		}
	}
	return indirect
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
	entry     uint64
	begins    []int    // of blocks: the index of the first instruction
	blocks    []int32  // by the distance from the entry: number of the block that begins there, plus 1
	before    []*state // by block
	visits    []int
	waits     []bool    // for what is known at its begin to be handed on
	first     int       // no block before this one waits
	now, next state     // what is worked with
	hwcap     bool      // words that are read are AT_HWCAP
	found     *findings // where to report, in the last pass
}

func (w *walk) queue(n int) {
	w.waits[n] = true
	w.first = min(w.first, n)
}

// run goes over the blocks that wait, the first of them first: what is known in a loop is settled before what follows.
func (w *walk) run() {
	for ; w.first < len(w.waits); w.first++ {
		for w.first < len(w.waits) && w.waits[w.first] {
			n := w.first
			w.waits[n] = false
			w.visits[n]++
			w.pass(n)
		}
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
	if addr-w.entry >= uint64(len(w.blocks)) || w.blocks[addr-w.entry] == 0 {
		return
	}
	n := int(w.blocks[addr-w.entry] - 1)
	more.set = w.f.closure(more.set)
	next := &w.next
	next.take(s)
	next.holds = next.holds.with(more)
	switch {
	case next.holds.isAll(): // control cannot come that way
	case w.before[n] == nil:
		w.before[n] = w.f.space.state()
		w.before[n].take(next)
		w.queue(n)
	case w.visits[n] > mostVisits: // give up: nothing is known there, which does not change any more
		if !w.before[n].empty() {
			w.before[n].giveUp()
			w.queue(n)
		}
	case w.before[n].meet(w.f.m, next):
		w.queue(n)
	}
}
