// Package callers tells which functions use what a binary imports: through the linker's stubs, through slots that the
// loader fills, and for C code which Go functions lead there.
package callers

import (
	"encoding/binary"
	"strings"

	"seatrial.example/reader/code"
	"seatrial.example/reader/steps"
)

// reference is a use of an address by an instruction.
type reference struct {
	pc     uint64
	target uint64
	call   bool // control goes there; else it is loaded from, or its address is taken
}

// wanted is a set of addresses with its bounds, so that most others are turned away without a look-up.
type wanted struct {
	low, high uint64
	set       map[uint64]bool
}

func setOf[V any](addrs ...map[uint64]V) wanted {
	w := wanted{low: ^uint64(0), set: map[uint64]bool{}}
	for _, m := range addrs {
		for addr := range m {
			w.add(addr)
		}
	}
	return w
}

func (w *wanted) add(addr uint64) {
	w.low, w.high = min(w.low, addr), max(w.high, addr)
	w.set[addr] = true
}

func (w *wanted) has(addr uint64) bool { return addr >= w.low && addr <= w.high && w.set[addr] }

// references visits the uses of the wanted addresses in a function.
func references(l *code.List, i int, w *wanted, visit func(reference)) {
	if len(w.set) == 0 {
		return
	}
	switch l.Image.GOARCH {
	case "amd64", "386":
		referencesX86(l, i, w, visit)
	default:
		followed(l, i, w, visit)
	}
}

// referencesX86 tries each place in the code as the distance or the address in an instruction that has one: nothing is
// lost where data stand between instructions, and few numbers behind such a byte hit an address that is wanted by chance.
func referencesX86(l *code.List, i int, w *wanted, visit func(reference)) {
	addr, body := l.Funcs[i].Entry, l.Body(i)
	absolute := l.Image.GOARCH == "386"
	var got uint64
	if absolute && l.Funcs[i].C {
		got = globalOffsets(l)
	}
	for at := 1; at+4 <= len(body); at++ {
		number := binary.LittleEndian.Uint32(body[at:])
		target := addr + uint64(at) + 4 + uint64(int64(int32(number)))
		if absolute {
			target = uint64(uint32(target))
		}
		if w.has(target) {
			if call, ok := relativeX86(body, at, absolute); ok {
				visit(reference{addr + uint64(at) - 1, target, call})
			}
		}
		if absolute && w.has(uint64(number)) && absoluteX86(body, at) {
			visit(reference{addr + uint64(at) - 1, uint64(number), isIndirect(body, at) && body[at-1]>>6 == 0}) // else MOV with moffs
		}
		if absolute && isBased(body, at) {
			base := got
			if !l.Funcs[i].C {
				base = afterCall(body, at, addr)
			}
			if target := uint64(uint32(base) + number); base != 0 && w.has(target) {
				visit(reference{addr + uint64(at) - 1, target, isIndirect(body, at)})
			}
		}
	}
}

// globalOffsets is the address that C's position-independent code of 386 holds in a register (System V ABI, Intel386
// supplement, "Global Offset Table"); 0 where there is none.
func globalOffsets(l *code.List) uint64 {
	for _, name := range []string{".got.plt", ".got"} {
		if s := l.Image.Section(name); s != nil {
			return s.Addr
		}
	}
	return 0
}

// isBased tells an instruction of 386 whose distance from what a register holds stands at this place.
func isBased(body []byte, at int) bool {
	if at < 2 || body[at-1]>>6 != 2 || body[at-1]&7 == 4 {
		return false
	}
	return takesAddress(body[at-2])
}

// afterCall is the address behind the call that stands before such an instruction: Go calls for it where it needs it (Go
// source: cmd/internal/obj/x86/obj6.go, rewriteToPcrel). 0 where there is no call.
func afterCall(body []byte, at int, addr uint64) uint64 {
	if at < 7 || body[at-7] != 0xe8 {
		return 0
	}
	return addr + uint64(at) - 2
}

// relativeX86 tells an instruction whose distance stands at this place, and whether control goes there.
func relativeX86(body []byte, at int, absolute bool) (call, ok bool) {
	before := body[at-1]
	switch {
	case before == 0xe8, before == 0xe9: // CALL, JMP
		return true, true
	case at > 1 && body[at-2] == 0x0f && before >= 0x80 && before <= 0x8f: // Jcc
		return true, true
	case absolute || before&0xc7 != 5 || at < 2: // the ModRM byte of a place relative to the next instruction
		return false, false
	}
	return body[at-2] == 0xff, takesAddress(body[at-2]) || body[at-2] == 0x63
}

// takesAddress tells the first byte of an instruction whose second may give an address.
func takesAddress(opcode byte) bool {
	switch opcode {
	case 0xff, 0x8b, 0x8d, 0x03, 0x3b, 0x33, 0x2b, 0x0b, 0x23, 0x39, 0x85: // CALL, JMP, MOV, LEA, ADD, CMP, ...
		return true
	}
	return false
}

// absoluteX86 tells an instruction of 386 with an address at this place.
func absoluteX86(body []byte, at int) bool {
	before := body[at-1]
	switch {
	case before == 0xa1, before == 0x68, before >= 0xb8 && before <= 0xbf: // MOV, PUSH
		return true
	case at > 2 && before == 0x24 && body[at-2] == 4 && body[at-3] == 0xc7: // MOV to the top of the stack
		return true
	case at > 1 && before&0xc7 == 5: // the ModRM byte of an address
		return takesAddress(body[at-2])
	}
	return false
}

// isIndirect tells CALL and JMP through a word whose place stands here.
func isIndirect(body []byte, at int) bool {
	operation := body[at-1] >> 3 & 7
	return at > 1 && body[at-2] == 0xff && (operation == 2 || operation == 4)
}

// followed takes constants through registers, in a straight line.
func followed(l *code.List, i int, w *wanted, visit func(reference)) {
	f, body := &l.Funcs[i], l.Body(i)
	at := l.Machine.AtEntry(l.Image.PtrSize)
	p, hasPointer := tablePointer(l)
	if hasPointer && !f.C && p.called != 0 { // Go source: runtime/rt0_linux_mips64x.s, RSB
		p.addr = f.Entry &^ 0xffffffff
	}
	for pc := f.Entry; len(body) > 0; {
		if hasPointer { // what the first instructions of a function compute for it is the same
			at.Set(p.register, steps.Value{From: steps.Known, N: int64(p.addr)})
		}
		o := l.Machine.Decode(body, pc)
		o.Size = min(max(o.Size, 1), len(body))
		switch o.Kind {
		case steps.Call, steps.Jump, steps.Branch:
			if w.has(o.Target) {
				visit(reference{pc, o.Target, true})
			}
		case steps.CallAny, steps.JumpAny, steps.Load:
			if addr, ok := at.Address(o); ok && w.has(addr) {
				visit(reference{pc, addr, o.Kind != steps.Load || p.called != 0 && o.Dst == p.called})
			}
		}
		at.Take(o)
		switch o.Kind {
		case steps.Constant, steps.Add, steps.Insert, steps.Combine, steps.Sum:
			if v := at.Register(o.Dst); !o.Part && v.From == steps.Known && w.has(uint64(v.N)) {
				visit(reference{pc, uint64(v.N), false})
			}
		}
		body = body[o.Size:]
		pc += uint64(o.Size)
	}
}

// pointer is a register that always holds an address beside a global offset table, by the ABI.
type pointer struct {
	register int
	addr     uint64
	called   int // the register that a function is called by; 0 where stubs of the linker call it
}

// tablePointer follows the 64-bit ELF V2 ABI of Power, 2.3.2 (the table of contents), and the System V ABI, MIPS RISC
// Processor Supplement, 5 (gp and t9).
func tablePointer(l *code.List) (pointer, bool) {
	got := l.Image.Section(".got")
	if got == nil {
		return pointer{}, false
	}
	switch {
	case l.Image.GOARCH == "ppc64le":
		return pointer{register: 2, addr: got.Addr + 0x8000}, true
	case strings.HasPrefix(l.Image.GOARCH, "mips"):
		return pointer{register: 28, addr: got.Addr + 0x7ff0, called: 25}, true
	}
	return pointer{}, false
}
