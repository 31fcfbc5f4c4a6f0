package syscalls

import (
	"sort"

	"seatrial.example/reader/gometa"
)

// entry is where a function expects the number of the system call that it makes.
type entry value // fromCaller or fromStack

// site is a place that enters the kernel, or that calls a function which is an entry.
type site struct {
	pc      uint64
	number  value
	through uint64 // the function that is called; 0 where the kernel is entered here
}

const longest = 1 << 20 // bytes of one function that are followed

// follow gives the sites of a function, whose code begins at its entry.
func (s *search) follow(f gometa.Func, code []byte) []site {
	m := s.machine
	ops, loops := s.decode(f, code)
	at := atEntry(m)
	joined := map[uint64]*state{}
	var sites []site
	pc, frame := f.Entry, int64(0)
	for _, o := range ops {
		if before := joined[pc]; before != nil {
			if at.alive {
				before.meet(at)
			}
			at = before
			delete(joined, pc)
		}
		if !at.alive { // only jumped to from further down, or from a table: the frame is set up
			at.regs[m.stack] = value{address, frame}
			at.forget(m)
			at.alive = true
		} else if loops[pc] {
			at.forget(m)
		}
		if found, ok := s.siteOf(at, o, f, pc); ok {
			sites = append(sites, found)
		}
		if o.kind == branch || o.kind == jump {
			if o.target > pc && o.target < f.End {
				if there := joined[o.target]; there != nil {
					there.meet(at)
				} else {
					joined[o.target] = at.copy()
				}
			}
		}
		at.step(m, o, s.word)
		if stack := at.regs[m.stack]; stack.from == address {
			frame = min(frame, stack.n)
		}
		pc += uint64(o.size)
	}
	return sites
}

// decode gives the instructions of a function, and the addresses that it jumps back to. A jump to the begin is no
// loop: so does Go's code when the stack had to grow, with everything as it was.
func (s *search) decode(f gometa.Func, code []byte) ([]op, map[uint64]bool) {
	ops := make([]op, 0, len(code)/4)
	loops := map[uint64]bool{}
	pc := f.Entry
	for len(code) > 0 {
		o := s.machine.decode(code, pc)
		o.size = min(max(o.size, 1), len(code))
		if (o.kind == branch || o.kind == jump) && o.target <= pc && o.target > f.Entry {
			loops[o.target] = true
		}
		ops = append(ops, o)
		code = code[o.size:]
		pc += uint64(o.size)
	}
	return ops, loops
}

// siteOf tells whether an instruction is a site, and which number it hands on.
func (s *search) siteOf(at *state, o op, f gometa.Func, pc uint64) (site, bool) {
	m := s.machine
	switch o.kind {
	case trap:
		if o.imm != 0 { // s390x: in the instruction
			return site{pc, value{known, o.imm}, 0}, true
		}
		return site{pc, at.regs[m.number], 0}, true
	case call, jump:
		return s.handedOn(at, o.kind, o.target, f, pc, o.late-1)
	case callAny, jumpAny:
		if o.src >= 0 && at.regs[o.src].from == known {
			return s.handedOn(at, o.kind-1, uint64(at.regs[o.src].n+o.imm), f, pc, noRegister)
		}
	}
	return site{}, false
}

// handedOn is the number at a call or a jump to an entry. `late` is a register that is written on the way.
func (s *search) handedOn(at *state, k kind, target uint64, f gometa.Func, pc uint64, late int) (site, bool) {
	e, ok := s.entries[target]
	if !ok || k == jump && target >= f.Entry && target < f.End && target != f.Entry {
		return site{}, false
	}
	found := site{pc: pc, through: target}
	switch e.from {
	case fromCaller:
		if found.number = at.regs[e.n]; late == int(e.n) {
			found.number = value{}
		}
	case fromStack:
		if stack := at.regs[s.machine.stack]; stack.from == address {
			offset := e.n
			if k == call {
				offset -= s.machine.pushed
			}
			found.number = at.slot(stack.n + offset)
		}
	}
	return found, true
}

// callers gives the functions that call or jump to one of the targets directly.
func (s *search) callers(targets map[uint64]bool) []int {
	var low, high uint64 = ^uint64(0), 0
	for t := range targets {
		low, high = min(low, t), max(high, t)
	}
	found := map[int]bool{}
	for _, r := range s.image.Code() {
		code, err := s.image.Bytes(r.Start, r.End-r.Start)
		if err != nil {
			continue
		}
		for at := 0; at+4 <= len(code); at += s.machine.aligned {
			target, size := s.machine.callMayBe(code[at:], r.Start+uint64(at))
			if size == 0 || target < low || target > high || !targets[target] {
				continue
			}
			if i := s.functionAt(r.Start + uint64(at)); i >= 0 {
				found[i] = true
			}
		}
	}
	indexes := make([]int, 0, len(found))
	for i := range found {
		indexes = append(indexes, i)
	}
	sort.Ints(indexes)
	return indexes
}
