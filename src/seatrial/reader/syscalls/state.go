package syscalls

// origin is where a value comes from.
type origin uint8

const (
	unknown    origin = iota
	known             // n is the value
	fromCaller        // the register n as it was when the function began
	fromStack         // the word n bytes above the stack pointer as it was when the function began
	address           // the stack pointer as it was when the function began, plus n
)

type value struct {
	from origin
	n    int64
}

const registers = 64

// state is what is known at one instruction.
type state struct {
	regs  [registers]value
	slots map[int64]value // by distance from the stack pointer at the function's begin
	lost  bool            // slots that are not in the map are not known either
	alive bool
}

// atEntry is the state in which a function begins.
func atEntry(m *machine) *state {
	s := &state{slots: map[int64]value{}, alive: true}
	for r := range s.regs {
		s.regs[r] = value{fromCaller, int64(r)}
	}
	s.regs[m.stack] = value{address, 0}
	if m.zero >= 0 {
		s.regs[m.zero] = value{known, 0}
	}
	return s
}

// reset forgets what registers hold, but for where the stack is.
func (s *state) reset(m *machine) {
	stack := s.regs[m.stack]
	s.regs = [registers]value{}
	s.regs[m.stack] = stack
	if m.zero >= 0 {
		s.regs[m.zero] = value{known, 0}
	}
}

func (s *state) copy() *state {
	c := &state{regs: s.regs, slots: make(map[int64]value, len(s.slots)), lost: s.lost, alive: s.alive}
	for k, v := range s.slots {
		c.slots[k] = v
	}
	return c
}

// meet keeps what both states know.
func (s *state) meet(o *state) {
	for r := range s.regs {
		if s.regs[r] != o.regs[r] {
			s.regs[r] = value{}
		}
	}
	for k, v := range s.slots {
		if o.slot(k) != v {
			s.slots[k] = value{}
		}
	}
	for k, v := range o.slots {
		if s.slot(k) != v {
			s.slots[k] = value{}
		}
	}
	s.lost = s.lost || o.lost
}

// forget is what is left at the head of a loop: where the stack is.
func (s *state) forget(m *machine) {
	s.reset(m)
	s.slots, s.lost = map[int64]value{}, true
}

// slot is the word at a distance from the stack pointer at the begin.
func (s *state) slot(at int64) value {
	if v, ok := s.slots[at]; ok {
		return v
	}
	if s.lost || at < 0 { // below the caller's stack: a variable that was never seen set
		return value{}
	}
	return value{fromStack, at}
}

// word is the word at a register plus an offset.
func (s *state) word(reg int, offset int64) value {
	if base := s.regs[reg]; base.from == address {
		return s.slot(base.n + offset)
	}
	return value{}
}

func (s *state) set(m *machine, reg int, v value) {
	if reg >= 0 && reg < registers && reg != m.zero {
		s.regs[reg] = v
	}
}

func (s *state) store(reg int, offset int64, v value) {
	if base := s.regs[reg]; base.from == address {
		s.slots[base.n+offset] = v
	}
}

func plus(v value, n int64) value {
	switch v.from {
	case known, address:
		return value{v.from, v.n + n}
	case fromCaller, fromStack:
		if n == 0 {
			return v
		}
	}
	return value{}
}

// step takes the state over one instruction.
func (s *state) step(m *machine, o op, word int64) {
	switch o.kind {
	case constant:
		s.set(m, o.dst, value{known, o.imm})
	case add:
		s.set(m, o.dst, plus(s.regs[o.src], o.imm))
	case insert:
		if v := s.regs[o.dst]; v.from == known {
			s.set(m, o.dst, value{known, v.n&^(0xffff<<o.shift) | o.imm<<o.shift})
		} else {
			s.set(m, o.dst, value{})
		}
	case combine:
		if v := s.regs[o.src]; v.from == known {
			s.set(m, o.dst, value{known, v.n | o.imm})
		} else {
			s.set(m, o.dst, value{})
		}
	case load:
		first := s.word(o.src, o.imm)
		if o.pair != 0 {
			s.set(m, o.dst2, s.word(o.src, o.imm+o.pair))
		}
		s.set(m, o.dst, first)
	case store:
		s.store(o.src, o.imm, s.regs[o.dst])
		if o.pair != 0 {
			s.store(o.src, o.imm+o.pair, s.regs[o.dst2])
		}
	case setWord:
		s.store(o.src, o.imm, value{known, o.value})
	case smash:
		for at := int64(0); at < o.pair; at += word {
			s.store(o.src, o.imm+at, value{})
		}
	case push:
		s.regs[m.stack] = plus(s.regs[m.stack], -word)
		v := value{known, o.imm}
		if o.dst >= 0 {
			v = s.regs[o.dst]
		} else if o.dst2 == pushedUnknown {
			v = value{}
		}
		s.store(m.stack, 0, v)
	case pop:
		s.set(m, o.dst, s.word(m.stack, 0))
		s.regs[m.stack] = plus(s.regs[m.stack], word)
	case call, callAny, trap:
		s.reset(m)
	case jump, jumpAny:
		s.alive = false
	case other:
		s.set(m, o.dst, value{})
		s.set(m, o.dst2, value{})
	}
}
