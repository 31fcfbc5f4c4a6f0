package syscalls

import (
	"maps"
	"slices"

	"seatrial.example/reader/code"
	"seatrial.example/reader/steps"
)

// entry is where a function expects the number of the system call that it makes.
type entry steps.Value // fromCaller or fromStack

// site is a place that enters the kernel, or that calls a function which is an entry.
type site struct {
	pc      uint64
	number  steps.Value
	through uint64 // the function that is called; 0 where the kernel is entered here
	libc    bool   // or where the C library's syscall is called
}

// libcEntry is the function of the C library that is given the number, syscall(2).
const libcEntry = "syscall"

// firstArgument is where C hands a function its first argument, by GOARCH: the ABIs' documents. On mips the place that
// is known is where the function's address is loaded, before its arguments are.
var firstArgument = map[string]steps.Value{
	"amd64": {From: steps.FromCaller, N: 7}, "386": {From: steps.FromStack, N: 4}, "arm64": {From: steps.FromCaller, N: 0},
	"arm": {From: steps.FromCaller, N: 0}, "loong64": {From: steps.FromCaller, N: 4}, "riscv64": {From: steps.FromCaller, N: 10},
	"ppc64le": {From: steps.FromCaller, N: 3}, "s390x": {From: steps.FromCaller, N: 2},
}

const statesLimit = 4096 // that wait for their instruction in one function

// follow gives the sites of a function, whose code begins at its entry.
func (s *search) follow(f code.Func, body []byte) []site {
	m := s.Machine
	ops, loops := s.decode(f, body)
	at := m.AtEntry(s.Image.PtrSize)
	joined := map[uint64]*steps.State{}
	libc := s.libc[s.At(f.Entry)]
	var sites []site
	pc, frame := f.Entry, int64(0)
	for _, o := range ops {
		if before := joined[pc]; before != nil {
			if at.Alive {
				before.Meet(at)
			}
			at = before
			delete(joined, pc)
		}
		if !at.Alive { // only jumped to from further down, or from a table: the frame is set up
			at.Set(m.Stack, steps.Value{From: steps.OnStack, N: frame})
			at.Forget()
			at.Alive = true
		} else if loops[pc] {
			at.Forget()
		}
		for len(libc) > 0 && libc[0].PC < pc {
			libc = libc[1:]
		}
		if len(libc) > 0 && libc[0].PC-pc < uint64(o.Size) {
			found := site{pc: pc, libc: true}
			if libc[0].Call {
				found.number = s.given(at, o.Kind, entry(firstArgument[s.Image.GOARCH]))
			}
			sites = append(sites, found)
		} else if found, ok := s.siteOf(at, o, f, pc); ok {
			sites = append(sites, found)
		}
		if o.Kind == steps.Branch || o.Kind == steps.Jump {
			if o.Target > pc && o.Target < f.End {
				switch there := joined[o.Target]; {
				case there != nil:
					there.Meet(at)
				case len(joined) >= statesLimit:
					loops[o.Target] = true // as little is known there
				default:
					joined[o.Target] = at.Copy()
				}
			}
		}
		at.Take(o)
		if stack := at.Register(m.Stack); stack.From == steps.OnStack {
			frame = min(frame, stack.N)
		}
		pc += uint64(o.Size)
	}
	return sites
}

// decode gives the instructions of a function, and the addresses that it jumps back to. A jump to the begin is no
// loop: so does Go's code when the stack had to grow, with everything as it was.
func (s *search) decode(f code.Func, body []byte) ([]steps.Step, map[uint64]bool) {
	ops := s.ops[:0]
	loops := map[uint64]bool{}
	pc := f.Entry
	for len(body) > 0 {
		o := s.Machine.Decode(body, pc)
		o.Size = min(max(o.Size, 1), len(body))
		if (o.Kind == steps.Branch || o.Kind == steps.Jump) && o.Target <= pc && o.Target > f.Entry+s.LocalEntry() {
			loops[o.Target] = true
		}
		ops = append(ops, o)
		body = body[o.Size:]
		pc += uint64(o.Size)
	}
	s.ops = ops
	return ops, loops
}

// siteOf tells whether an instruction is a site, and which number it hands on.
func (s *search) siteOf(at *steps.State, o steps.Step, f code.Func, pc uint64) (site, bool) {
	m := s.Machine
	switch o.Kind {
	case steps.Trap:
		if o.Imm != 0 { // s390x: in the instruction
			return site{pc: pc, number: steps.Value{From: steps.Known, N: o.Imm}}, true
		}
		return site{pc: pc, number: at.Register(m.Number)}, true
	case steps.Call, steps.Jump:
		return s.handedOn(at, o.Kind, o.Target, f, pc, o.Late-1)
	case steps.CallAny, steps.JumpAny:
		if o.Src >= 0 && at.Register(o.Src).From == steps.Known {
			return s.handedOn(at, o.Kind-1, uint64(at.Register(o.Src).N+o.Imm), f, pc, steps.NoRegister)
		}
	}
	return site{}, false
}

// handedOn is the number at a call or a jump to an entry. `late` is a register that is written on the way.
func (s *search) handedOn(at *steps.State, k steps.Kind, target uint64, f code.Func, pc uint64, late int) (site, bool) {
	e, ok := s.entries[target]
	if !ok {
		target -= s.LocalEntry()
		e, ok = s.entries[target]
	}
	if !ok || k == steps.Jump && target >= f.Entry && target < f.End && target != f.Entry {
		return site{}, false
	}
	found := site{pc: pc, through: target, number: s.given(at, k, e)}
	if e.From == steps.FromCaller && late == int(e.N) {
		found.number = steps.Value{}
	}
	return found, true
}

// given is the number that a call or a jump hands to an entry.
func (s *search) given(at *steps.State, k steps.Kind, e entry) steps.Value {
	switch e.From {
	case steps.FromCaller:
		return at.Register(int(e.N))
	case steps.FromStack:
		if stack := at.Register(s.Machine.Stack); stack.From == steps.OnStack {
			offset := e.N
			if k == steps.Call || k == steps.CallAny {
				offset -= s.Machine.Pushed
			}
			return at.Slot(stack.N + offset)
		}
	}
	return steps.Value{}
}

// callers gives the functions that call or jump to one of the targets directly.
func (s *search) callers(targets map[uint64]bool) []int {
	found := map[int]bool{}
	s.eachCall(targets, func(pc, _ uint64) {
		if i := s.At(pc); i >= 0 {
			found[i] = true
		}
	})
	return slices.Sorted(maps.Keys(found))
}

// eachCall visits the direct calls and jumps to the targets.
func (s *search) eachCall(targets map[uint64]bool, visit func(pc, target uint64)) {
	wanted := code.NewAddresses(s.Image)
	for target := range targets {
		wanted.Add(target)
	}
	for _, piece := range s.Calls() {
		for _, site := range piece {
			if wanted.Has(site.Addr) {
				visit(site.PC, site.Addr)
			}
		}
	}
}
