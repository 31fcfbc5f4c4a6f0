package steps

import "encoding/binary"

// loong64 follows the LoongArch Reference Manual, volume 1, table of instruction encodings.
var loong64 = Machine{
	Decode: decodeLoong64, Stack: 3, Number: 11, Zero: 0, Counter: NoRegister, Aligned: 4,
	CallMayBe: func(code []byte, addr uint64) (uint64, int) {
		w := binary.LittleEndian.Uint32(code)
		switch {
		case w>>26 == 0x14, w>>26 == 0x15: // B, BL
			return addr + uint64(jump26(w)), 4
		case w>>25 == 0x0f && len(code) >= 8: // PCADDU18I and JIRL by the same register
			next := binary.LittleEndian.Uint32(code[4:])
			if next>>26 == 0x13 && next>>5&31 == w&31 {
				return addr + uint64(signed(w>>5, 20)<<18+signed(next>>10, 16)<<2), 8
			}
		}
		return 0, 0
	},
	TrapMayBe: func(code []byte) bool { return binary.LittleEndian.Uint32(code)&0xffff8000 == 0x002b0000 },
}

func jump26(w uint32) int64 { return signed(w>>10&0xffff|w&0x3ff<<16, 26) << 2 }

func decodeLoong64(code []byte, addr uint64) Step {
	if len(code) < 4 {
		return nothing(len(code))
	}
	w := binary.LittleEndian.Uint32(code)
	rd, rj, si12 := int(w&31), int(w>>5&31), signed(w>>10, 12)
	switch w >> 26 {
	case 0x13: // JIRL
		o := Step{Kind: JumpAny, Size: 4, Src: rj, Imm: signed(w>>10, 16) << 2}
		if rd != 0 {
			o.Kind = CallAny
		}
		return o
	case 0x14, 0x15: // B, BL
		o := Step{Kind: Jump, Size: 4, Target: addr + uint64(jump26(w))}
		if w>>26 == 0x15 {
			o.Kind = Call
		}
		return o
	case 0x10, 0x11, 0x12: // BEQZ, BNEZ, BCEQZ, BCNEZ
		return Step{Kind: Branch, Size: 4, Target: addr + uint64(signed(w>>10&0xffff|w&31<<16, 21)<<2)}
	case 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b: // BEQ, BNE, BLT, BGE, BLTU, BGEU
		return Step{Kind: Branch, Size: 4, Target: addr + uint64(signed(w>>10, 16)<<2)}
	}
	switch w >> 22 {
	case 0x0a, 0x0b: // ADDI.W, ADDI.D
		return Step{Kind: Add, Size: 4, Dst: rd, Src: rj, Imm: si12}
	case 0x0e: // ORI
		return Step{Kind: Combine, Size: 4, Dst: rd, Src: rj, Imm: int64(w >> 10 & 0xfff)}
	case 0xa2, 0xa3: // LD.W, LD.D
		return Step{Kind: Load, Size: 4, Dst: rd, Src: rj, Imm: si12}
	case 0xa6, 0xa7: // ST.W, ST.D
		return Step{Kind: Store, Size: 4, Dst: rd, Src: rj, Imm: si12}
	case 0xa4, 0xa5, 0xad, 0xaf: // ST.B, ST.H, FST.S, FST.D
		return nothing(4)
	}
	switch {
	case w>>24 == 0x24, w>>24 == 0x26: // LDPTR.W, LDPTR.D
		return Step{Kind: Load, Size: 4, Dst: rd, Src: rj, Imm: signed(w>>10, 14) << 2}
	case w>>24 == 0x25, w>>24 == 0x27: // STPTR.W, STPTR.D
		return Step{Kind: Store, Size: 4, Dst: rd, Src: rj, Imm: signed(w>>10, 14) << 2}
	case w>>25 == 0x0e: // PCADDU12I
		return Step{Kind: Constant, Part: true, Size: 4, Dst: rd, Imm: int64(addr) + signed(w>>5, 20)<<12}
	case w>>25 == 0x0d: // PCALAU12I
		return Step{Kind: Constant, Part: true, Size: 4, Dst: rd, Imm: int64(addr)&^0xfff + signed(w>>5, 20)<<12}
	case w>>25 == 0x0f: // PCADDU18I
		return Step{Kind: Constant, Part: true, Size: 4, Dst: rd, Imm: int64(addr) + signed(w>>5, 20)<<18}
	case w>>25 == 0x0a: // LU12I.W
		return Step{Kind: Constant, Part: true, Size: 4, Dst: rd, Imm: signed(w>>5, 20) << 12}
	case w&0xffff8000 == 0x00150000: // OR
		switch rk := int(w >> 10 & 31); {
		case rk == 0:
			return Step{Kind: Add, Size: 4, Dst: rd, Src: rj}
		case rj == 0:
			return Step{Kind: Add, Size: 4, Dst: rd, Src: rk}
		}
	case w&0xffff8000 == 0x002b0000: // SYSCALL
		return Step{Kind: Trap, Size: 4}
	case w>>16 == 0x3872, w>>16 == 0x002a: // DBAR, IBAR, BREAK
		return nothing(4)
	}
	return writes(4, rd)
}
