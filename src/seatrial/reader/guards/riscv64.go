package guards

import "seatrial.example/reader/isa"

func newRISCV64(a *isa.Arch) *machine {
	return &machine{arch: a, registers: 32, pages: true, stack: 2, frame: -1, temporary: 31, zero: 0, lift: liftRISCV64, results: []int{10}}
}

// liftRISCV64 follows the RISC-V Instruction Set Manual volume I, chapter 34.
func liftRISCV64(_ *machine, c *lifted) {
	w := c.in.Word
	if c.in.Len == 2 {
		liftCompressed(c, w)
		return
	}
	rd, rs1, rs2 := reg(uint8(w>>7&31)), reg(uint8(w>>15&31)), reg(uint8(w>>20&31))
	low := int64(int32(w) >> 20)
	kind := w >> 12 & 7
	d := op{kind: opClobber, dst: rd}
	switch w & 0x7F {
	case 0x63: // BEQ, BNE with X0
		if w>>20&31 == 0 && kind < 2 {
			c.cond, c.on = zero, rs1
			if kind == 1 {
				c.cond = notZero
			}
		}
		return
	case 0x67, 0x6F:
		return
	case 0x37: // LUI
		d = move(rd, imm(int64(int32(w&^0xFFF))))
	case 0x17: // AUIPC
		d = move(rd, imm(int64(c.in.Address)))
	case 0x03: // loads
		d = move(rd, place{form: memory, reg: rs1.reg, n: low, size: 1 << (kind & 3)})
	case 0x23, 0x27: // stores
		at := place{form: memory, reg: rs1.reg, n: int64(int32(w))>>25<<5 | int64(w>>7&31), size: 1 << (kind & 3)}
		if d = move(at, rs2); w&0x7F == 0x27 {
			at.size = 64
			d = op{kind: opSmash, dst: at}
		}
	case 0x13:
		switch {
		case w == 0x13:
			c.nothing = true
			return
		case kind == 0:
			d = op{kind: opAdd, dst: rd, src: rs1, src2: imm(low)}
			if w>>15&31 == 0 {
				d = move(rd, imm(low))
			} else if low == 0 {
				d = move(rd, rs1)
			}
		case kind == 7:
			d = op{kind: opAnd, dst: rd, src: rs1, src2: imm(low)}
		case kind == 3 && low == 1: // SEQZ
			c.add(op{kind: opCompare, src: rs1, src2: imm(0)})
			d = op{kind: opSet, dst: rd, cond: equal}
		}
	case 0x33:
		switch {
		case w>>25 == 0 && kind == 7:
			d = op{kind: opAnd, dst: rd, src: rs1, src2: rs2}
		case w>>25 == 0 && kind == 6:
			d = op{kind: opOr, dst: rd, src: rs1, src2: rs2}
		case w>>25 == 0 && kind == 3 && w>>15&31 == 0: // SNEZ
			c.add(op{kind: opCompare, src: rs2, src2: imm(0)})
			d = op{kind: opSet, dst: rd, cond: notEqual}
		}
	case 0x07, 0x43, 0x47, 0x4B, 0x4F: // floating point and vector registers
		return
	case 0x53: // of floats only comparisons, FCVT and FMV write a general register
		if which := w >> 27; which != 0x14 && which != 0x18 && which != 0x1C {
			return
		}
	case 0x57: // of vectors OPMVV (VMV.X.S, VCPOP, VFIRST) and VSETVL
		if kind != 2 && kind != 7 {
			return
		}
	}
	c.add(d)
}

// liftCompressed follows the few instructions of 16 bits that flags pass through; of the others both registers that
// they may write are forgotten.
func liftCompressed(c *lifted, h uint32) {
	full := reg(uint8(h >> 7 & 31))
	near, far := reg(uint8(8+(h>>2&7))), reg(uint8(8+(h>>7&7)))
	short := int64(int32((h>>12&1<<5|h>>2&31)<<26) >> 26)
	switch quadrant, kind := h&3, h>>13; {
	case h == 1:
		c.nothing = true
	case quadrant == 1 && kind >= 6: // C.BEQZ, C.BNEZ
		c.cond, c.on = zero, far
		if kind == 7 {
			c.cond = notZero
		}
	case c.in.Flow != isa.Next:
	case quadrant == 1 && kind == 2: // C.LI
		c.add(move(full, imm(short)))
	case quadrant == 1 && kind == 0: // C.ADDI
		c.add(op{kind: opAdd, dst: full, src: full, src2: imm(short)})
	case quadrant == 1 && kind == 3 && full.reg == 2: // C.ADDI16SP
		n := int64(int32((h>>12&1<<9|h>>6&1<<4|h>>5&1<<6|h>>3&3<<7|h>>2&1<<5)<<22) >> 22)
		c.add(op{kind: opAdd, dst: full, src: full, src2: imm(n)})
	case quadrant == 2 && kind == 4 && h>>12&1 == 0: // C.MV
		c.add(move(full, reg(uint8(h>>2&31))))
	case quadrant == 1 && kind == 4 && h>>10&3 == 2: // C.ANDI
		c.add(op{kind: opAnd, dst: far, src: far, src2: imm(short)})
	case quadrant == 2 && kind == 7: // C.SDSP
		c.add(move(place{form: memory, reg: 2, n: int64(h>>10&7<<3 | h>>7&7<<6), size: 8}, reg(uint8(h>>2&31))))
	case quadrant == 2 && kind == 3: // C.LDSP
		c.add(move(full, place{form: memory, reg: 2, n: int64(h>>12&1<<5 | h>>5&3<<3 | h>>2&7<<6), size: 8}))
	case quadrant == 2 || quadrant == 1 && kind < 4:
		c.add(op{kind: opClobber, dst: full})
	case quadrant == 1:
		c.add(op{kind: opClobber, dst: far})
	case kind < 4:
		c.add(op{kind: opClobber, dst: near})
	}
}
