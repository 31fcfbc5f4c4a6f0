package steps

import "encoding/binary"

var (
	mipsBig    = mipsOf(binary.BigEndian)
	mipsLittle = mipsOf(binary.LittleEndian)
)

// mipsOf follows the MIPS64 Instruction Set Reference Manual, table A (opcode encodings).
func mipsOf(order binary.ByteOrder) Machine {
	return Machine{
		Decode: func(code []byte, addr uint64) Step {
			if len(code) < 4 {
				return nothing(len(code))
			}
			o := decodeMIPS(order.Uint32(code), addr)
			if o.Kind >= Call && o.Kind != Trap && len(code) >= 8 {
				o.Size = 8
				if slot := decodeMIPS(order.Uint32(code[4:]), addr+4); slot.Kind < Call && slot.Kind != Store {
					o.Late = slot.Dst + 1
				}
			}
			return o
		},
		Stack: 29, Number: 2, Zero: 0, Counter: NoRegister, Aligned: 4,
		CallMayBe: func(code []byte, addr uint64) (uint64, int) {
			w := order.Uint32(code)
			if w>>26 != 2 && w>>26 != 3 {
				return 0, 0
			}
			return (addr+4)&^0xfffffff | uint64(w&0x3ffffff)<<2, 4
		},
		TrapMayBe: func(code []byte) bool { return order.Uint32(code)&0xfc00003f == 0x0c },
	}
}

func decodeMIPS(w uint32, addr uint64) Step {
	rs, rt, rd, imm := int(w>>21&31), int(w>>16&31), int(w>>11&31), int64(int16(w))
	near := addr + 4 + uint64(imm<<2)
	switch w >> 26 {
	case 0:
		switch w & 0x3f {
		case 8: // JR
			return Step{Kind: JumpAny, Size: 4, Src: NoRegister}
		case 9: // JALR
			return Step{Kind: CallAny, Size: 4, Src: NoRegister}
		case 0x0c: // SYSCALL
			return Step{Kind: Trap, Size: 4}
		case 0x0f, 0x34: // SYNC, TEQ
			return nothing(4)
		case 0x21, 0x25, 0x2d: // ADDU, OR, DADDU
			switch {
			case rt == 0:
				return Step{Kind: Add, Size: 4, Dst: rd, Src: rs}
			case rs == 0:
				return Step{Kind: Add, Size: 4, Dst: rd, Src: rt}
			case rt == 28 && w&0x3f != 0x25: // gp
				return Step{Kind: Sum, Size: 4, Dst: rd, Src: rs, Dst2: rt}
			}
		}
		return writes(4, rd)
	case 1: // BLTZ and its kin
		o := Step{Kind: Branch, Size: 4, Target: near}
		if rt&16 != 0 { // BAL
			o.Kind = Call
		}
		return o
	case 2, 3: // J, JAL
		o := Step{Kind: Jump, Size: 4, Target: (addr+4)&^0xfffffff | uint64(w&0x3ffffff)<<2}
		if w>>26 == 3 {
			o.Kind = Call
		}
		return o
	case 4, 5, 6, 7, 20, 21, 22, 23: // BEQ, BNE, BLEZ, BGTZ
		o := Step{Kind: Branch, Size: 4, Target: near}
		if w>>26 == 4 && rs == 0 && rt == 0 {
			o.Kind = Jump
		}
		return o
	case 8, 9, 24, 25: // ADDI, ADDIU, DADDI, DADDIU
		return Step{Kind: Add, Size: 4, Dst: rt, Src: rs, Imm: imm}
	case 13: // ORI
		return Step{Kind: Combine, Size: 4, Dst: rt, Src: rs, Imm: int64(w & 0xffff)}
	case 15: // LUI
		return Step{Kind: Constant, Part: true, Size: 4, Dst: rt, Imm: imm << 16}
	case 35, 55: // LW, LD
		return Step{Kind: Load, Size: 4, Dst: rt, Src: rs, Imm: imm}
	case 43, 63: // SW, SD
		return Step{Kind: Store, Size: 4, Dst: rt, Src: rs, Imm: imm}
	case 40, 41, 42, 46, 57, 61, 17: // other stores, floating point
		return nothing(4)
	}
	return writes(4, rt)
}
