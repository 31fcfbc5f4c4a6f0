package guards

import (
	"math/bits"

	"seatrial.example/reader/isa"
)

func newARM64(a *isa.Arch) *machine {
	return &machine{arch: a, registers: 32, pages: true, stack: 31, frame: 29, temporary: 27, zero: -1, lift: liftARM64, results: []int{0}}
}

// r31 is register 31 where it stands for zero.
func r31(n uint32, size int) place {
	if n == 31 {
		return place{form: number, size: size}
	}
	return place{form: register, reg: int(n), size: size}
}

func target31(n uint32) place {
	if n == 31 {
		return place{}
	}
	return place{form: register, reg: int(n)}
}

// liftARM64 follows the Arm Architecture Reference Manual for A-profile, C4.1.
func liftARM64(_ *machine, c *lifted) {
	w := c.in.Word
	rd, rn, rm := w&31, w>>5&31, w>>16&31
	width := 4
	if w>>31 == 1 {
		width = 8
	}
	switch {
	case w == 0xD503201F || w&0xFFFFF01F == 0xD503201F:
		c.nothing = true
	case w>>24 == 0x54: // B.cond
		c.cond = conditionARM64(w & 15)
	case w&0x7E000000 == 0x34000000: // CBZ, CBNZ
		c.cond, c.on = zero, r31(rd, width)
		if w>>24&1 == 1 {
			c.cond = notZero
		}
	case w&0x7E000000 == 0x36000000: // TBZ, TBNZ
		c.cond, c.on, c.bit = bitClear, r31(rd, 8), int64(w>>31<<5|w>>19&31)
		if w>>24&1 == 1 {
			c.cond = bitSet
		}
	case c.in.Flow != isa.Next:
	case w&0x1F000000 == 0x10000000: // ADR, ADRP
		c.add(move(target31(rd), imm(int64(c.in.Address))))
	case w&0x1F800000 == 0x11000000: // ADD, SUB (immediate)
		arithmeticARM64(c, w, rd, rn, width)
	case w&0x1F800000 == 0x12800000: // MOVN, MOVZ, MOVK
		wide(c, w, rd, width)
	case w&0x1F800000 == 0x12000000: // AND, ORR, EOR, ANDS (immediate)
		logicalARM64(c, w>>29&3, rd, r31(rn, width), imm(bitmask(w)))
	case w&0x1F000000 == 0x0A000000 && w>>21&1 == 0 && w>>10&63 == 0: // AND, ORR, EOR, ANDS (register)
		logicalARM64(c, w>>29&3, rd, r31(rn, width), r31(rm, width))
	case w&0x7FE0FC00 == 0x6B000000: // SUBS (register)
		c.add(op{kind: opCompare, src: r31(rn, width), src2: r31(rm, width)})
		c.add(op{kind: opClobber, dst: target31(rd)})
	case w&0x7F800000 == 0x53000000 || w&0x7F800000 == 0x13000000: // UBFM, SBFM
		bitfield(c, w, rd, rn, width)
	case w&0x3FE00C00 == 0x1A800000: // CSEL
		c.add(op{kind: opSelect, dst: target31(rd), src: r31(rn, width), src2: r31(rm, width), cond: conditionARM64(w >> 12 & 15)})
	case w&0x7FFF0FE0 == 0x1A9F07E0: // CSET
		c.add(op{kind: opSet, dst: target31(rd), cond: conditionARM64(w >> 12 & 15).not()})
	case w&0x3B000000 == 0x39000000, w&0x3B200C00 == 0x38000000, w&0x3B200C00 == 0x38000400, w&0x3B200C00 == 0x38000C00:
		memoryARM64(c, w, rd, rn)
	case w&0x3A000000 == 0x28000000: // LDP, STP
		pairARM64(c, w, rd, rn)
	case w&0x1F000000 == 0x0E000000 || w&0x0E000000 == 0x0E000000: // vectors and floating point
		if w&0x7E20FC00 == 0x1E200000 || w&0xBFE0FC00 == 0x0E003C00 || w&0xBFE0FC00 == 0x0E002C00 { // FMOV, FCVT, UMOV, SMOV
			c.add(op{kind: opClobber, dst: target31(rd)})
		}
	case w&0x04000000 != 0 && w&0x0A000000 == 0x08000000: // loads and stores of vectors
	default:
		c.add(op{kind: opClobber, dst: target31(rd)})
		if w&0x3F000000 == 0x08000000 { // exclusives: a status, and the other half of a pair
			c.add(op{kind: opClobber, dst: target31(rm)})
			c.add(op{kind: opClobber, dst: target31(w >> 10 & 31)})
		}
	}
	if otherFlagsARM64(w) {
		c.add(op{kind: opFlags})
	}
}

// otherFlagsARM64 tells of instructions that set the flags, but for those whose effect on them is followed.
func otherFlagsARM64(w uint32) bool {
	switch {
	case w&0x3F800000 == 0x31000000: // ADDS of a number
		return w>>30&1 == 0
	case w&0x3F000000 == 0x2B000000: // ADDS; SUBS of a register that is shifted or extended
		return w&0x7FE0FC00 != 0x6B000000
	case w&0x7F200000 == 0x6A200000: // BICS
		return true
	case w&0x7F000000 == 0x6A000000: // ANDS of a register that is shifted
		return w>>10&63 != 0
	case w&0x3FC00000 == 0x3A000000, w&0x3FE00000 == 0x3A400000: // ADCS, SBCS, RMIF, SETF; CCMN, CCMP
		return true
	case w&0xFF20FC07 == 0x1E202000, w&0xFF200C00 == 0x1E200400: // FCMP, FCCMP
		return true
	case w&0xFFFFFFE0 == 0xD51B4200: // MSR NZCV
		return true
	}
	return w>>25&15 == 2 // SVE
}

func arithmeticARM64(c *lifted, w, rd, rn uint32, width int) {
	n := int64(w >> 10 & 0xFFF)
	if w>>22&1 == 1 {
		n <<= 12
	}
	sub, flags := w>>30&1 == 1, w>>29&1 == 1
	if flags && sub {
		c.add(op{kind: opCompare, src: place{form: register, reg: int(rn), size: width}, src2: imm(n)})
		c.add(op{kind: opClobber, dst: target31(rd)})
		return
	}
	if sub {
		n = -n
	}
	d := place{form: register, reg: int(rd)}
	if flags {
		d = target31(rd)
	}
	c.add(op{kind: opAdd, dst: d, src: place{form: register, reg: int(rn), size: width}, src2: imm(n)})
}

func wide(c *lifted, w, rd uint32, width int) {
	n := int64(w>>5&0xFFFF) << (w >> 21 & 3 * 16)
	switch w >> 29 & 3 {
	case 0:
		if n = ^n; width == 4 {
			n = int64(uint32(n))
		}
		c.add(move(target31(rd), imm(n)))
	case 2:
		c.add(move(target31(rd), imm(n)))
	default: // MOVK: half of a number that is not needed here
		c.add(op{kind: opClobber, dst: target31(rd)})
	}
}

func logicalARM64(c *lifted, which, rd uint32, a, b place) {
	d := target31(rd)
	switch {
	case which == 0:
		c.add(op{kind: opAnd, dst: d, src: a, src2: b})
	case which == 1 && a.form == number:
		c.add(move(d, b))
	case which == 1:
		c.add(op{kind: opOr, dst: d, src: a, src2: b})
	case which == 3 && rd == 31: // TST
		c.add(op{kind: opTest, src: a, src2: b})
	case which == 3:
		c.add(op{kind: opAnd, dst: d, src: a, src2: b})
	default:
		c.add(op{kind: opClobber, dst: d})
	}
}

func bitfield(c *lifted, w, rd, rn uint32, width int) {
	low, high := int64(w>>16&63), int64(w>>10&63)
	d, s := target31(rd), r31(rn, width)
	switch {
	case low == 0: // UXTB and its like
		c.add(op{kind: opAnd, dst: d, src: s, src2: imm(int64(uint64(1)<<(high+1) - 1))})
	case low == high: // UBFX of one bit
		c.add(op{kind: opShift, dst: d, src: s, src2: imm(low)})
	default:
		c.add(op{kind: opClobber, dst: d})
	}
}

// memoryARM64 lifts loads and stores of one register with an immediate offset.
func memoryARM64(c *lifted, w, rt, rn uint32) {
	size := 1 << (w >> 30)
	vector := w>>26&1 == 1
	store := w>>22&3 == 0
	if vector {
		if w>>23&1 == 1 {
			size = 16
		}
		store = w>>22&1 == 0
	}
	at := place{form: memory, reg: int(rn), size: size}
	base := place{form: register, reg: int(rn)}
	move9 := int64(int32(w<<11) >> 23)
	after := int64(0)
	if w>>24&1 == 1 {
		at.n = int64(w>>10&0xFFF) * int64(size)
	} else {
		switch w >> 10 & 3 {
		case 0:
			at.n = move9
		case 1:
			after = move9
		case 3:
			c.add(op{kind: opAdd, dst: base, src: base, src2: imm(move9)})
		}
	}
	switch {
	case vector && store:
		c.add(op{kind: opSmash, dst: at})
	case vector:
	case store:
		c.add(move(at, r31(rt, 8)))
	default:
		c.add(move(target31(rt), at))
	}
	if after != 0 {
		c.add(op{kind: opAdd, dst: base, src: base, src2: imm(after)})
	}
}

func pairARM64(c *lifted, w, rt, rn uint32) {
	vector := w>>26&1 == 1
	size := 4 << (w >> 31)
	if vector {
		size = 4 << (w >> 30)
	}
	offset := int64(int32(w<<10)>>25) * int64(size)
	base := place{form: register, reg: int(rn)}
	first := place{form: memory, reg: int(rn), n: offset, size: size}
	after := int64(0)
	switch w >> 23 & 3 {
	case 1:
		first.n, after = 0, offset
	case 3:
		c.add(op{kind: opAdd, dst: base, src: base, src2: imm(offset)})
		first.n = 0
	}
	second := first
	second.n += int64(size)
	load := w>>22&1 == 1
	switch {
	case vector && !load:
		first.size *= 2
		c.add(op{kind: opSmash, dst: first})
	case vector:
	case load:
		c.add(move(target31(rt), first))
		c.add(move(target31(w>>10&31), second))
	default:
		c.add(move(first, r31(rt, 8)))
		c.add(move(second, r31(w>>10&31, 8)))
	}
	if after != 0 {
		c.add(op{kind: opAdd, dst: base, src: base, src2: imm(after)})
	}
}

// bitmask is the immediate of a logical instruction (Arm ARM, DecodeBitMasks).
func bitmask(w uint32) int64 {
	n, ones, rotate := w>>22&1, w>>10&63, int(w>>16&63)
	length := bits.Len32(n<<6|^ones&63) - 1
	if length < 1 {
		return 0
	}
	size := 1 << length
	ones &= uint32(size - 1)
	rotate &= size - 1
	one := uint64(1)<<(ones+1) - 1
	mask := ^uint64(0) >> (64 - size)
	one = (one>>rotate | one<<(size-rotate)) & mask
	for at := size; at < 64; at *= 2 {
		one |= one << at
	}
	if w>>31 == 0 {
		one &= 0xFFFFFFFF
	}
	return int64(one)
}

func conditionARM64(n uint32) condition {
	switch n {
	case 0:
		return equal
	case 1:
		return notEqual
	case 2:
		return noCarry // after a comparison carry is the other way round than on x86
	case 3:
		return carry
	case 8, 12:
		return above
	case 9, 13:
		return notAbove
	case 10:
		return atLeast
	case 11:
		return less
	}
	return never
}
