package steps

import "encoding/binary"

// riscv64 follows the RISC-V Unprivileged ISA Manual, chapters "RV32/64G Instruction Set Listings" and "C" extension.
var riscv64 = Machine{
	Decode: decodeRISCV, Stack: 2, Number: 17, Zero: 0, Counter: NoRegister, Aligned: 2,
	CallMayBe: func(code []byte, addr uint64) (uint64, int) {
		if len(code) < 4 {
			return 0, 0
		}
		w := binary.LittleEndian.Uint32(code)
		switch {
		case w&0x7f == 0x6f: // JAL
			return addr + uint64(jumpRISCV(w)), 4
		case w&0x7f == 0x17 && len(code) >= 8: // AUIPC and JALR of the same register
			next := binary.LittleEndian.Uint32(code[4:])
			if next&0x707f == 0x67 && next>>15&31 == w>>7&31 {
				return addr + uint64(int64(int32(w&0xfffff000))+signed(next>>20, 12)), 8
			}
		}
		return 0, 0
	},
	TrapMayBe: func(code []byte) bool { return len(code) >= 4 && binary.LittleEndian.Uint32(code) == 0x73 },
}

func jumpRISCV(w uint32) int64 {
	return signed(w>>31<<20|w>>12&0xff<<12|w>>20&1<<11|w>>21&0x3ff<<1, 21)
}

func decodeRISCV(code []byte, addr uint64) Step {
	if len(code) < 2 {
		return nothing(len(code))
	}
	if code[0]&3 != 3 {
		return compressedRISCV(uint32(binary.LittleEndian.Uint16(code)), addr)
	}
	if len(code) < 4 {
		return nothing(len(code))
	}
	w := binary.LittleEndian.Uint32(code)
	rd, rs1, rs2, f3 := int(w>>7&31), int(w>>15&31), int(w>>20&31), w>>12&7
	imm := signed(w>>20, 12)
	switch w & 0x7f {
	case 0x13, 0x1b: // OP-IMM, OP-IMM-32
		switch f3 {
		case 0: // ADDI
			return Step{Kind: Add, Size: 4, Dst: rd, Src: rs1, Imm: imm}
		case 6: // ORI
			return Step{Kind: Combine, Size: 4, Dst: rd, Src: rs1, Imm: imm}
		}
	case 0x37: // LUI
		return Step{Kind: Constant, Part: true, Size: 4, Dst: rd, Imm: int64(int32(w & 0xfffff000))}
	case 0x17: // AUIPC
		return Step{Kind: Constant, Part: true, Size: 4, Dst: rd, Imm: int64(addr) + int64(int32(w&0xfffff000))}
	case 0x03:
		if f3 >= 2 && f3 != 4 && f3 != 5 { // LW, LD, LWU
			return Step{Kind: Load, Size: 4, Dst: rd, Src: rs1, Imm: imm}
		}
	case 0x23:
		if f3 >= 2 { // SW, SD
			return Step{Kind: Store, Size: 4, Dst: rs2, Src: rs1, Imm: signed(w>>25<<5|w>>7&31, 12)}
		}
		return nothing(4)
	case 0x27, 0x0f: // stores of floating point and vectors, FENCE
		return nothing(4)
	case 0x63:
		return Step{Kind: Branch, Size: 4, Target: addr + uint64(signed(w>>31<<12|w>>7&1<<11|w>>25&0x3f<<5|w>>8&15<<1, 13))}
	case 0x6f: // JAL
		o := Step{Kind: Call, Size: 4, Target: addr + uint64(jumpRISCV(w))}
		if rd == 0 {
			o.Kind = Jump
		}
		return o
	case 0x67: // JALR
		o := Step{Kind: CallAny, Size: 4, Src: rs1, Imm: imm}
		if rd == 0 {
			o.Kind = JumpAny
		}
		return o
	case 0x73:
		if w == 0x73 { // ECALL
			return Step{Kind: Trap, Size: 4}
		}
	}
	return writes(4, rd)
}

// compressedRISCV reads 16-bit instructions, by quadrant and funct3.
func compressedRISCV(w uint32, addr uint64) Step {
	rd, rs2 := int(w>>7&31), int(w>>2&31)
	short, short2 := int(w>>7&7)+8, int(w>>2&7)+8
	imm6 := signed(w>>12&1<<5|w>>2&31, 6)
	switch w&3<<3 | w>>13 {
	case 0<<3 | 0: // C.ADDI4SPN
		return Step{Kind: Add, Size: 2, Dst: short2, Src: 2, Imm: int64(w>>11&3<<4 | w>>7&15<<6 | w>>6&1<<2 | w>>5&1<<3)}
	case 0<<3 | 2, 0<<3 | 3: // C.LW, C.LD
		return writes(2, short2)
	case 0<<3 | 1, 0<<3 | 4, 0<<3 | 5, 0<<3 | 6, 0<<3 | 7: // of floating point, stores
		return nothing(2)
	case 1<<3 | 0, 1<<3 | 1: // C.ADDI, C.ADDIW
		return Step{Kind: Add, Size: 2, Dst: rd, Src: rd, Imm: imm6}
	case 1<<3 | 2: // C.LI
		return Step{Kind: Constant, Size: 2, Dst: rd, Imm: imm6}
	case 1<<3 | 3:
		if rd == 2 { // C.ADDI16SP
			imm := signed(w>>12&1<<9|w>>6&1<<4|w>>5&1<<6|w>>3&3<<7|w>>2&1<<5, 10)
			return Step{Kind: Add, Size: 2, Dst: 2, Src: 2, Imm: imm}
		}
		return Step{Kind: Constant, Part: true, Size: 2, Dst: rd, Imm: imm6 << 12} // C.LUI
	case 1<<3 | 4:
		return writes(2, short)
	case 1<<3 | 5: // C.J
		imm := signed(w>>12&1<<11|w>>11&1<<4|w>>9&3<<8|w>>8&1<<10|w>>7&1<<6|w>>6&1<<7|w>>3&7<<1|w>>2&1<<5, 12)
		return Step{Kind: Jump, Size: 2, Target: addr + uint64(imm)}
	case 1<<3 | 6, 1<<3 | 7: // C.BEQZ, C.BNEZ
		imm := signed(w>>12&1<<8|w>>10&3<<3|w>>5&3<<6|w>>3&3<<1|w>>2&1<<5, 9)
		return Step{Kind: Branch, Size: 2, Target: addr + uint64(imm)}
	case 2<<3 | 2: // C.LWSP
		return Step{Kind: Load, Size: 2, Dst: rd, Src: 2, Imm: int64(w>>12&1<<5 | w>>4&7<<2 | w>>2&3<<6)}
	case 2<<3 | 3: // C.LDSP
		return Step{Kind: Load, Size: 2, Dst: rd, Src: 2, Imm: int64(w>>12&1<<5 | w>>5&3<<3 | w>>2&7<<6)}
	case 2<<3 | 4:
		switch {
		case w>>12&1 == 0 && rs2 == 0: // C.JR
			return Step{Kind: JumpAny, Size: 2, Src: rd}
		case w>>12&1 == 0: // C.MV
			return Step{Kind: Add, Size: 2, Dst: rd, Src: rs2}
		case rs2 == 0 && rd != 0: // C.JALR
			return Step{Kind: CallAny, Size: 2, Src: rd}
		}
		return writes(2, rd)
	case 2<<3 | 6: // C.SWSP
		return Step{Kind: Store, Size: 2, Dst: rs2, Src: 2, Imm: int64(w>>9&15<<2 | w>>7&3<<6)}
	case 2<<3 | 7: // C.SDSP
		return Step{Kind: Store, Size: 2, Dst: rs2, Src: 2, Imm: int64(w>>10&7<<3 | w>>7&7<<6)}
	case 2<<3 | 1, 2<<3 | 5: // of floating point
		return nothing(2)
	}
	return writes(2, rd)
}
