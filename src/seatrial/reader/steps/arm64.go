package steps

import "encoding/binary"

// arm64 follows the Arm Architecture Reference Manual for A-profile, chapter C4 (encodings by top-level group).
var arm64 = Machine{
	Decode: decodeARM64, Stack: 31, Number: 8, Zero: NoRegister, Counter: NoRegister, Aligned: 4,
	CallMayBe: func(code []byte, addr uint64) (uint64, int) {
		word := binary.LittleEndian.Uint32(code)
		if word&0x7c000000 != 0x14000000 {
			return 0, 0
		}
		return addr + uint64(signed(word, 26)<<2), 4
	},
	TrapMayBe: func(code []byte) bool { return binary.LittleEndian.Uint32(code) == 0xd4000001 },
}

// signed is the lowest bits of a word with their sign.
func signed(word uint32, bits uint) int64 { return int64(int32(word<<(32-bits))) >> (32 - bits) }

func decodeARM64(code []byte, addr uint64) Step {
	if len(code) < 4 {
		return nothing(len(code))
	}
	w := binary.LittleEndian.Uint32(code)
	rd, rn := int(w&31), int(w>>5&31)
	at := func(offset int64) uint64 { return addr + uint64(offset) }
	switch {
	case w == 0xd4000001: // SVC #0
		return Step{Kind: Trap, Size: 4}
	case w&0xfc000000 == 0x94000000: // BL
		return Step{Kind: Call, Size: 4, Target: at(signed(w, 26) << 2)}
	case w&0xfc000000 == 0x14000000: // B
		return Step{Kind: Jump, Size: 4, Target: at(signed(w, 26) << 2)}
	case w&0xff000010 == 0x54000000, w&0x7e000000 == 0x34000000: // B.cond, CBZ, CBNZ
		return Step{Kind: Branch, Size: 4, Target: at(signed(w>>5, 19) << 2)}
	case w&0x7e000000 == 0x36000000: // TBZ, TBNZ
		return Step{Kind: Branch, Size: 4, Target: at(signed(w>>5, 14) << 2)}
	case w&0xfffffc1f == 0xd63f0000: // BLR
		return Step{Kind: CallAny, Size: 4, Src: rn}
	case w&0xfe000000 == 0xd6000000: // BR, RET and their kin
		return Step{Kind: JumpAny, Size: 4, Src: rn}
	case w&0x1f000000 == 0x10000000: // ADR, ADRP
		imm := signed(w>>5&0x7ffff<<2|w>>29&3, 21)
		if w>>31 == 0 {
			return Step{Kind: Constant, Size: 4, Dst: rd, Imm: int64(addr) + imm}
		}
		return Step{Kind: Constant, Part: true, Size: 4, Dst: rd, Imm: int64(addr&^0xfff) + imm<<12}
	case w&0x7f800000 == 0x52800000: // MOVZ
		return Step{Kind: Constant, Size: 4, Dst: rd, Imm: int64(w>>5&0xffff) << (w >> 21 & 3 * 16)}
	case w&0x7f800000 == 0x12800000: // MOVN
		return Step{Kind: Constant, Size: 4, Dst: rd, Imm: ^(int64(w>>5&0xffff) << (w >> 21 & 3 * 16))}
	case w&0x7f800000 == 0x72800000: // MOVK
		return Step{Kind: Insert, Size: 4, Dst: rd, Imm: int64(w >> 5 & 0xffff), Shift: uint(w >> 21 & 3 * 16)}
	case w&0x7f800000 == 0x11000000, w&0x7f800000 == 0x51000000: // ADD, SUB (immediate)
		imm := int64(w>>10&0xfff) << (w >> 22 & 1 * 12)
		if w&0x40000000 != 0 {
			imm = -imm
		}
		return Step{Kind: Add, Size: 4, Dst: rd, Src: rn, Imm: imm}
	case w&0x7fe0ffe0 == 0x2a0003e0: // MOV (register)
		if rm := int(w >> 16 & 31); rm != 31 {
			return Step{Kind: Add, Size: 4, Dst: rd, Src: rm}
		}
		return Step{Kind: Constant, Size: 4, Dst: rd}
	case w&0x7f800000 == 0x32000000 && rn == 31: // ORR (immediate) of the zero register
		if imm, ok := bitmask(w); ok {
			return Step{Kind: Constant, Size: 4, Dst: rd, Imm: imm}
		}
		return writes(4, rd)
	case w&0xffc00000 == 0xf9000000, w&0xffc00000 == 0xb9000000: // STR (unsigned offset)
		return storeARM64(rd, rn, int64(w>>10&0xfff)<<(w>>30))
	case w&0xffc00000 == 0xf9400000, w&0xffc00000 == 0xb9400000: // LDR (unsigned offset)
		return Step{Kind: Load, Size: 4, Dst: rd, Src: rn, Imm: int64(w>>10&0xfff) << (w >> 30)}
	case w&0xffe00c00 == 0xf8000000: // STUR
		return storeARM64(rd, rn, signed(w>>12, 9))
	case w&0xffe00c00 == 0xf8400000: // LDUR
		return Step{Kind: Load, Size: 4, Dst: rd, Src: rn, Imm: signed(w>>12, 9)}
	case w&0xffe00c00 == 0xf8000c00: // STR with pre-index: Go's prologue
		return Step{Kind: Add, Size: 4, Dst: rn, Src: rn, Imm: signed(w>>12, 9)}
	case w&0xffe00c00 == 0xf8400400: // LDR with post-index: Go's epilogue
		return Step{Kind: Add, Size: 4, Dst: rn, Src: rn, Imm: signed(w>>12, 9)}
	case w&0x3a000000 == 0x28000000: // LDP, STP
		if w&0x01800000 == 0x01800000 || w&0x01800000 == 0x00800000 { // they write back
			return Step{Kind: Add, Size: 4, Dst: rn, Src: rn, Imm: signed(w>>15, 7) << (2 + w>>31)}
		}
		o := Step{Kind: Load, Size: 4, Dst: rd, Dst2: int(w >> 10 & 31), Src: rn, Imm: signed(w>>15, 7) << (2 + w>>31), Pair: 4 << (w >> 31)}
		switch {
		case w&0x04400000 == 0x04000000: // STP of vector registers
			return Step{Kind: Smash, Size: 4, Src: rn, Imm: signed(w>>15, 7) << (2 + w>>30), Pair: 8 << (w >> 30)}
		case w&0x04000000 != 0:
			return nothing(4)
		case w&0x00400000 == 0:
			o.Kind = Store
		}
		return o
	case w&0xffc00000 == 0x3d800000: // STR Q
		return Step{Kind: Smash, Size: 4, Src: rn, Imm: int64(w>>10&0xfff) << 4, Pair: 16}
	case w&0x3b400000 == 0x39000000, w&0x3b600000 == 0x38000000: // other stores
		return nothing(4)
	case w&0xff000000 == 0xd5000000: // system: MSR, MRS, barriers, hints
		if w&0x00200000 != 0 {
			return writes(4, rd)
		}
		return nothing(4)
	case w&0x1f200000 == 0x0b200000 && w&0x20000000 == 0: // ADD, SUB (extended register), which may write SP
		return writes(4, rd)
	case rd == 31: // the zero register: CMP, TST
		return nothing(4)
	}
	return writes(4, rd)
}

func storeARM64(rt, rn int, offset int64) Step {
	if rt == 31 { // the zero register here
		return Step{Kind: SetWord, Size: 4, Src: rn, Imm: offset}
	}
	return Step{Kind: Store, Size: 4, Dst: rt, Src: rn, Imm: offset}
}

// bitmask is the value of a logical immediate of one run of ones (DecodeBitMasks, for elements of the whole width).
func bitmask(w uint32) (int64, bool) {
	wide, n, rotate, ones := w>>31, w>>22&1, w>>16&63, w>>10&63
	if wide != n || (wide == 0 && ones > 31) {
		return 0, false
	}
	size := uint(32)
	if wide == 1 {
		size = 64
	}
	mask := uint64(1)<<(ones+1) - 1
	if size == 32 {
		return int64(uint32(mask>>rotate) | uint32(mask<<(size-uint(rotate)))), true
	}
	return int64(mask>>rotate | mask<<(size-uint(rotate))), true
}
