package syscalls

import "encoding/binary"

var (
	mips, mipsle     = mipsOf(binary.BigEndian), mipsOf(binary.LittleEndian)
	mips64, mips64le = mips, mipsle
)

// mipsOf follows the MIPS64 Instruction Set Reference Manual, table A (opcode encodings).
func mipsOf(order binary.ByteOrder) machine {
	return machine{
		decode: func(code []byte, addr uint64) op {
			if len(code) < 4 {
				return nothing(len(code))
			}
			o := decodeMIPS(order.Uint32(code), addr)
			if o.kind >= call && o.kind != trap && len(code) >= 8 {
				o.size = 8
				if slot := decodeMIPS(order.Uint32(code[4:]), addr+4); slot.kind < call && slot.kind != store {
					o.late = slot.dst + 1
				}
			}
			return o
		},
		stack: 29, number: 2, zero: 0, argument: 4, aligned: 4,
		callMayBe: func(code []byte, addr uint64) (uint64, int) {
			w := order.Uint32(code)
			if w>>26 != 2 && w>>26 != 3 {
				return 0, 0
			}
			return (addr+4)&^0xfffffff | uint64(w&0x3ffffff)<<2, 4
		},
		trapMayBe: func(code []byte) bool { return order.Uint32(code)&0xfc00003f == 0x0c },
	}
}

func decodeMIPS(w uint32, addr uint64) op {
	rs, rt, rd, imm := int(w>>21&31), int(w>>16&31), int(w>>11&31), int64(int16(w))
	near := addr + 4 + uint64(imm<<2)
	switch w >> 26 {
	case 0:
		switch w & 0x3f {
		case 8: // JR
			return op{kind: jumpAny, size: 4, src: noRegister}
		case 9: // JALR
			return op{kind: callAny, size: 4, src: noRegister}
		case 0x0c: // SYSCALL
			return op{kind: trap, size: 4}
		case 0x0f, 0x34: // SYNC, TEQ
			return nothing(4)
		case 0x21, 0x25, 0x2d: // ADDU, OR, DADDU
			switch {
			case rt == 0:
				return op{kind: add, size: 4, dst: rd, src: rs}
			case rs == 0:
				return op{kind: add, size: 4, dst: rd, src: rt}
			}
		}
		return writes(4, rd)
	case 1: // BLTZ and its kin
		o := op{kind: branch, size: 4, target: near}
		if rt&16 != 0 { // BAL
			o.kind = call
		}
		return o
	case 2, 3: // J, JAL
		o := op{kind: jump, size: 4, target: (addr+4)&^0xfffffff | uint64(w&0x3ffffff)<<2}
		if w>>26 == 3 {
			o.kind = call
		}
		return o
	case 4, 5, 6, 7, 20, 21, 22, 23: // BEQ, BNE, BLEZ, BGTZ
		o := op{kind: branch, size: 4, target: near}
		if w>>26 == 4 && rs == 0 && rt == 0 {
			o.kind = jump
		}
		return o
	case 8, 9, 24, 25: // ADDI, ADDIU, DADDI, DADDIU
		return op{kind: add, size: 4, dst: rt, src: rs, imm: imm}
	case 13: // ORI
		return op{kind: combine, size: 4, dst: rt, src: rs, imm: int64(w & 0xffff)}
	case 15: // LUI
		return op{kind: constant, size: 4, dst: rt, imm: imm << 16}
	case 35, 55: // LW, LD
		return op{kind: load, size: 4, dst: rt, src: rs, imm: imm}
	case 43, 63: // SW, SD
		return op{kind: store, size: 4, dst: rt, src: rs, imm: imm}
	case 40, 41, 42, 46, 57, 61, 17: // other stores, floating point
		return nothing(4)
	}
	return writes(4, rt)
}
