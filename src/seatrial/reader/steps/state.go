package steps

import "maps"

// Origin is where a value comes from.
type Origin uint8

// The origins of a value.
const (
	Unknown    Origin = iota
	Known             // N is the value
	FromCaller        // the register N as it was when the function began
	FromStack         // the word N bytes above the stack pointer as it was when the function began
	OnStack           // the stack pointer as it was when the function began, plus N
)

// Value is what is known of a register or of a word.
type Value struct {
	From Origin
	N    int64
}

const (
	registers  = 64
	slotsLimit = 1024 // words of one stack that are known at a time
)

// State is what is known at one instruction.
type State struct {
	Alive bool // control can come here

	machine *Machine
	word    int64
	regs    [registers]Value
	slots   map[int64]Value // by distance from the stack pointer at the function's begin
	lost    bool            // slots that are not in the map are not known either
}

// AtEntry is the state in which a function begins. `word` is the size of a pointer.
func (m *Machine) AtEntry(word int) *State {
	s := &State{machine: m, word: int64(word), slots: map[int64]Value{}, Alive: true}
	for r := range s.regs {
		s.regs[r] = Value{FromCaller, int64(r)}
	}
	s.regs[m.Stack] = Value{OnStack, 0}
	if m.Zero >= 0 {
		s.regs[m.Zero] = Value{Known, 0}
	}
	return s
}

// Register is what a register holds.
func (s *State) Register(r int) Value {
	if r < 0 || r >= registers {
		return Value{}
	}
	return s.regs[r]
}

// Set says what a register holds. The stack pointer stays on the stack: what seems to say otherwise is data between
// instructions, or an alignment, after which distances are as good as before.
func (s *State) Set(r int, v Value) {
	if r >= 0 && r < registers && r != s.machine.Zero && (r != s.machine.Stack || v.From == OnStack) {
		s.regs[r] = v
	}
}

// Slot is the word at a distance from the stack pointer at the begin.
func (s *State) Slot(at int64) Value {
	if v, ok := s.slots[at]; ok {
		return v
	}
	if s.lost || at < 0 { // below the caller's stack: a variable that was never seen set
		return Value{}
	}
	return Value{FromStack, at}
}

// Copy is the same state, to be changed apart.
func (s *State) Copy() *State {
	c := *s
	c.slots = maps.Clone(s.slots)
	return &c
}

// Meet keeps what both states know.
func (s *State) Meet(o *State) {
	for r := range s.regs {
		if s.regs[r] != o.regs[r] {
			s.regs[r] = Value{}
		}
	}
	for at, v := range s.slots {
		if o.Slot(at) != v {
			s.slots[at] = Value{}
		}
	}
	for at, v := range o.slots {
		if s.Slot(at) != v {
			s.slots[at] = Value{}
		}
	}
	s.lost = s.lost || o.lost
}

// Forget leaves what is known at the head of a loop: where the stack is.
func (s *State) Forget() {
	s.forgetRegisters()
	s.slots, s.lost = map[int64]Value{}, true
}

func (s *State) forgetRegisters() {
	stack := s.regs[s.machine.Stack]
	s.regs = [registers]Value{}
	s.regs[s.machine.Stack] = stack
	if s.machine.Zero >= 0 {
		s.regs[s.machine.Zero] = Value{Known, 0}
	}
}

// Address is where a Load or a Store goes, if that does not depend on what runs.
func (s *State) Address(o Step) (uint64, bool) {
	if o.Src == NoRegister {
		return uint64(o.Imm), true
	}
	base := s.Register(o.Src)
	return uint64(base.N + o.Imm), base.From == Known
}

func (s *State) load(reg int, offset int64) Value {
	if base := s.Register(reg); base.From == OnStack {
		return s.Slot(base.N + offset)
	}
	return Value{}
}

func (s *State) store(reg int, offset int64, v Value) {
	base := s.Register(reg)
	if base.From != OnStack {
		return
	}
	if s.slots[base.N+offset] = v; len(s.slots) > slotsLimit {
		s.slots, s.lost = map[int64]Value{}, true
	}
}

func plus(v Value, n int64) Value {
	switch v.From {
	case Known, OnStack:
		return Value{v.From, v.N + n}
	case FromCaller, FromStack:
		if n == 0 {
			return v
		}
	}
	return Value{}
}

// Take goes over one instruction.
func (s *State) Take(o Step) {
	stack := s.machine.Stack
	switch o.Kind {
	case Constant:
		s.Set(o.Dst, Value{Known, o.Imm})
	case Add:
		s.Set(o.Dst, plus(s.Register(o.Src), o.Imm))
	case Insert:
		v := s.Register(o.Dst)
		if v.N = v.N&^(0xffff<<o.Shift) | o.Imm<<o.Shift; v.From != Known {
			v = Value{}
		}
		s.Set(o.Dst, v)
	case Combine:
		v := s.Register(o.Src)
		if v.N |= o.Imm; v.From != Known {
			v = Value{}
		}
		s.Set(o.Dst, v)
	case Sum:
		v, w := s.Register(o.Src), s.Register(o.Dst2)
		if w.From != Known {
			v, w = w, v
		}
		if v = plus(v, w.N); w.From != Known {
			v = Value{}
		}
		s.Set(o.Dst, v)
	case Load:
		first, second := s.load(o.Src, o.Imm), s.load(o.Src, o.Imm+o.Pair)
		s.Set(o.Dst, first)
		if o.Pair != 0 {
			s.Set(o.Dst2, second)
		}
	case Store:
		s.store(o.Src, o.Imm, s.Register(o.Dst))
		if o.Pair != 0 {
			s.store(o.Src, o.Imm+o.Pair, s.Register(o.Dst2))
		}
	case SetWord:
		s.store(o.Src, o.Imm, Value{Known, o.Value})
	case Smash:
		for at := int64(0); at < o.Pair; at += s.word {
			s.store(o.Src, o.Imm+at, Value{})
		}
	case Push:
		s.regs[stack] = plus(s.regs[stack], -s.word)
		v := Value{Known, o.Imm}
		if o.Dst >= 0 {
			v = s.Register(o.Dst)
		} else if o.Dst2 == pushedUnknown {
			v = Value{}
		}
		s.store(stack, 0, v)
	case Pop:
		s.Set(o.Dst, s.load(stack, 0))
		s.regs[stack] = plus(s.regs[stack], s.word)
	case Call, CallAny, Trap:
		s.forgetRegisters()
	case Jump, JumpAny:
		s.Alive = false
	case Other:
		s.Set(o.Dst, Value{})
		s.Set(o.Dst2, Value{})
	}
}
