package guards

import "slices"

// slot is a part of the stack whose value is known.
type slot struct {
	at   int64 // distance from the stack pointer at entry
	size int
	v    value
}

// flags is what the last comparison was about.
type flags struct {
	kind opKind // opCompare, opTest or opBit; opClobber for nothing
	v    value
	n    int64 // compared with, or the number of the bit
}

const maxSlots = 128

// state is what is known before an instruction.
type state struct {
	regs  []value
	slots []slot
	flags flags
	holds facts
}

func (m *machine) entry() *state {
	s := &state{regs: make([]value, m.registers)}
	s.regs[m.stack] = value{kind: stack}
	return s
}

// empty reports whether nothing is known at all.
func (s *state) empty() bool {
	return !slices.ContainsFunc(s.regs, func(v value) bool { return v != value{} }) && len(s.slots) == 0 && s.flags == flags{} && s.holds == facts{}
}

// take makes s a copy of o.
func (s *state) take(o *state) {
	s.regs, s.slots = append(s.regs[:0], o.regs...), append(s.slots[:0], o.slots...)
	s.flags, s.holds = o.flags, o.holds
}

// giveUp makes s a state in which nothing is known.
func (s *state) giveUp() {
	clear(s.regs)
	s.slots, s.flags, s.holds = s.slots[:0], flags{}, facts{}
}

// meet keeps what holds in both states, and reports whether s changed.
func (s *state) meet(m *machine, o *state) bool {
	changed := false
	for r := range s.regs {
		if s.regs[r].kind == unknown && o.regs[r].kind == unknown {
			continue
		}
		if v := m.merge(s.regs[r], s.holds, o.regs[r], o.holds); v != s.regs[r] {
			s.regs[r], changed = v, true
		}
	}
	kept := s.slots[:0]
	for _, mine := range s.slots {
		theirs := o.find(mine.at)
		if theirs == nil || theirs.size != mine.size {
			changed = true
			continue
		}
		if v := m.merge(mine.v, s.holds, theirs.v, o.holds); v != mine.v {
			mine.v, changed = v, true
		}
		kept = append(kept, mine)
	}
	s.slots = kept
	if f := m.mergeFlags(s, o); f != s.flags {
		s.flags, changed = f, true
	}
	if h := s.holds.and(o.holds); h != s.holds {
		s.holds, changed = h, true
	}
	return changed
}

func (m *machine) mergeFlags(s, o *state) flags {
	f := s.flags
	if f == o.flags {
		return f
	}
	if f.kind != o.flags.kind || f.n != o.flags.n {
		return flags{}
	}
	f.v = m.merge(f.v, s.holds, o.flags.v, o.holds)
	return f
}

func (s *state) forget(m *machine) {
	sp := s.regs[m.stack]
	clear(s.regs)
	s.regs[m.stack] = sp
}

// address resolves a place in memory: to an address of the image, or to a distance on the stack.
func (s *state) address(p place) (at int64, onStack, ok bool) {
	switch p.form {
	case absolute:
		return p.n, false, true
	case memory:
		switch base := s.regs[p.reg]; base.kind {
		case constant:
			return base.n + p.n, false, true
		case stack:
			return base.n + p.n, true, true
		}
	}
	return 0, false, false
}

func (s *state) find(at int64) *slot {
	for i := range s.slots {
		if s.slots[i].at == at {
			return &s.slots[i]
		}
	}
	return nil
}

func (s *state) wipe(at int64, size int) {
	kept := s.slots[:0]
	for _, other := range s.slots {
		if other.at >= at+int64(size) || at >= other.at+int64(other.size) {
			kept = append(kept, other)
		}
	}
	s.slots = kept
}

// lend forgets what stands at the addresses on the stack that a function which is called may have been given.
func (s *state) lend(m *machine) {
	var lent []int64
	for r, v := range s.regs {
		if v.kind == stack && r != m.stack && r != m.frame {
			lent = append(lent, v.n)
		}
	}
	for _, one := range s.slots {
		if one.v.kind == stack {
			lent = append(lent, one.v.n)
		}
	}
	for _, at := range lent {
		s.wipe(at, widestStruct)
	}
}

func (s *state) setSlot(at int64, size int, v value) {
	s.wipe(at, size)
	if v.kind == unknown || len(s.slots) >= maxSlots {
		return
	}
	if v.kind == constant && size == 8 { // two numbers of 32 bits may be written at once
		s.slots = append(s.slots, slot{at, 4, known(int64(uint32(v.n)))}, slot{at + 4, 4, known(v.n >> 32 & 0xFFFFFFFF)})
		return
	}
	s.slots = append(s.slots, slot{at, size, v})
}

func (s *state) slot(at int64, size int) value {
	v := s.find(at)
	if v == nil || v.size < size {
		return value{}
	}
	if size == 8 || v.size == size || v.v.kind != stack {
		return v.v
	}
	return value{}
}

// implied is what holds where the condition does.
func (s *state) implied(m *machine, c condition) facts {
	f := s.flags
	switch f.kind {
	case opCompare:
		switch {
		case f.n == 0 && c == notEqual, f.n >= 0 && c == above, f.n > 0 && (c == noCarry || c == atLeast):
			return m.ifNotZero(f.v)
		case c == equal:
			return m.ifEqual(f.v, f.n)
		}
	case opTest:
		if c == notEqual {
			return m.ifNotZero(f.v)
		}
	case opBit:
		if c == carry && f.v.kind == word {
			f.v.n &= 1 << uint(f.n&63)
			return m.ifNotZero(f.v)
		}
		if c == carry && f.v.kind == boolean {
			return f.v.imply
		}
	}
	return facts{}
}
