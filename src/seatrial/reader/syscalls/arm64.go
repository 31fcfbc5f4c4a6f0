package syscalls

import "encoding/binary"

// arm64 follows the Arm Architecture Reference Manual for A-profile, chapter C4 (encodings by top-level group).
var arm64 = machine{
	decode: decodeARM64, stack: 31, number: 8, zero: -1, argument: 0, aligned: 4,
	callMayBe: func(code []byte, addr uint64) (uint64, int) {
		word := binary.LittleEndian.Uint32(code)
		if word&0x7c000000 != 0x14000000 {
			return 0, 0
		}
		return addr + uint64(signed(word, 26)<<2), 4
	},
	trapMayBe: func(code []byte) bool { return binary.LittleEndian.Uint32(code) == 0xd4000001 },
}

// signed is the lowest bits of a word with their sign.
func signed(word uint32, bits uint) int64 { return int64(int32(word<<(32-bits))) >> (32 - bits) }

func decodeARM64(code []byte, addr uint64) op {
	if len(code) < 4 {
		return nothing(len(code))
	}
	w := binary.LittleEndian.Uint32(code)
	rd, rn := int(w&31), int(w>>5&31)
	at := func(offset int64) uint64 { return addr + uint64(offset) }
	switch {
	case w == 0xd4000001: // SVC #0
		return op{kind: trap, size: 4}
	case w&0xfc000000 == 0x94000000: // BL
		return op{kind: call, size: 4, target: at(signed(w, 26) << 2)}
	case w&0xfc000000 == 0x14000000: // B
		return op{kind: jump, size: 4, target: at(signed(w, 26) << 2)}
	case w&0xff000010 == 0x54000000, w&0x7e000000 == 0x34000000: // B.cond, CBZ, CBNZ
		return op{kind: branch, size: 4, target: at(signed(w>>5, 19) << 2)}
	case w&0x7e000000 == 0x36000000: // TBZ, TBNZ
		return op{kind: branch, size: 4, target: at(signed(w>>5, 14) << 2)}
	case w&0xfffffc1f == 0xd63f0000: // BLR
		return op{kind: callAny, size: 4, src: rn}
	case w&0xfe000000 == 0xd6000000: // BR, RET and their kin
		return op{kind: jumpAny, size: 4, src: rn}
	case w&0x9f000000 == 0x90000000: // ADRP
		return op{kind: constant, size: 4, dst: rd, imm: int64(addr&^0xfff) + signed(w>>5&0x7ffff<<2|w>>29&3, 21)<<12}
	case w&0x7f800000 == 0x52800000: // MOVZ
		return op{kind: constant, size: 4, dst: rd, imm: int64(w>>5&0xffff) << (w >> 21 & 3 * 16)}
	case w&0x7f800000 == 0x12800000: // MOVN
		return op{kind: constant, size: 4, dst: rd, imm: ^(int64(w>>5&0xffff) << (w >> 21 & 3 * 16))}
	case w&0x7f800000 == 0x72800000: // MOVK
		return op{kind: insert, size: 4, dst: rd, imm: int64(w >> 5 & 0xffff), shift: uint(w >> 21 & 3 * 16)}
	case w&0x7f800000 == 0x11000000, w&0x7f800000 == 0x51000000: // ADD, SUB (immediate)
		imm := int64(w>>10&0xfff) << (w >> 22 & 1 * 12)
		if w&0x40000000 != 0 {
			imm = -imm
		}
		return op{kind: add, size: 4, dst: rd, src: rn, imm: imm}
	case w&0x7fe0ffe0 == 0x2a0003e0: // MOV (register)
		if rm := int(w >> 16 & 31); rm != 31 {
			return op{kind: add, size: 4, dst: rd, src: rm}
		}
		return op{kind: constant, size: 4, dst: rd}
	case w&0x7f800000 == 0x32000000 && rn == 31: // ORR (immediate) of the zero register
		if imm, ok := bitmask(w); ok {
			return op{kind: constant, size: 4, dst: rd, imm: imm}
		}
		return writes(4, rd)
	case w&0xffc00000 == 0xf9000000, w&0xffc00000 == 0xb9000000: // STR (unsigned offset)
		return storeARM64(rd, rn, int64(w>>10&0xfff)<<(w>>30))
	case w&0xffc00000 == 0xf9400000, w&0xffc00000 == 0xb9400000: // LDR (unsigned offset)
		return op{kind: load, size: 4, dst: rd, src: rn, imm: int64(w>>10&0xfff) << (w >> 30)}
	case w&0xffe00c00 == 0xf8000000: // STUR
		return storeARM64(rd, rn, signed(w>>12, 9))
	case w&0xffe00c00 == 0xf8400000: // LDUR
		return op{kind: load, size: 4, dst: rd, src: rn, imm: signed(w>>12, 9)}
	case w&0xffe00c00 == 0xf8000c00: // STR with pre-index: Go's prologue
		return op{kind: add, size: 4, dst: rn, src: rn, imm: signed(w>>12, 9)}
	case w&0xffe00c00 == 0xf8400400: // LDR with post-index: Go's epilogue
		return op{kind: add, size: 4, dst: rn, src: rn, imm: signed(w>>12, 9)}
	case w&0x3a000000 == 0x28000000: // LDP, STP
		if w&0x01800000 == 0x01800000 || w&0x01800000 == 0x00800000 { // they write back
			return op{kind: add, size: 4, dst: rn, src: rn, imm: signed(w>>15, 7) << (2 + w>>31)}
		}
		o := op{kind: load, size: 4, dst: rd, dst2: int(w >> 10 & 31), src: rn, imm: signed(w>>15, 7) << (2 + w>>31), pair: 4 << (w >> 31)}
		switch {
		case w&0x04400000 == 0x04000000: // STP of vector registers
			return op{kind: smash, size: 4, src: rn, imm: signed(w>>15, 7) << (2 + w>>30), pair: 8 << (w >> 30)}
		case w&0x04000000 != 0:
			return nothing(4)
		case w&0x00400000 == 0:
			o.kind = store
		}
		return o
	case w&0xffc00000 == 0x3d800000: // STR Q
		return op{kind: smash, size: 4, src: rn, imm: int64(w>>10&0xfff) << 4, pair: 16}
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

func storeARM64(rt, rn int, offset int64) op {
	if rt == 31 { // the zero register here
		return op{kind: setWord, size: 4, src: rn, imm: offset}
	}
	return op{kind: store, size: 4, dst: rt, src: rn, imm: offset}
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
