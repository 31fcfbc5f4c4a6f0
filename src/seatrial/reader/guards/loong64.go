package guards

import "seatrial.example/reader/isa"

func newLOONG64(a *isa.Arch) *machine {
	return &machine{arch: a, registers: 32, pages: true, stack: 3, frame: 22, temporary: 30, zero: 0, lift: liftLOONG64, results: []int{4}}
}

// liftLOONG64 follows the LoongArch Reference Manual volume 1, table of instruction encodings.
func liftLOONG64(_ *machine, c *lifted) {
	w := c.in.Word
	rd, rj, rk := reg(uint8(w&31)), reg(uint8(w>>5&31)), reg(uint8(w>>10&31))
	low := int64(int32(w<<10) >> 20)
	d := op{kind: opClobber, dst: rd}
	switch {
	case w == 0x03400000: // ANDI R0, R0, 0
		c.nothing = true
		return
	case w>>26 == 0x10 || w>>26 == 0x16 && w&31 == 0: // BEQZ; BEQ with R0
		c.cond, c.on = zero, rj
		return
	case w>>26 == 0x11 || w>>26 == 0x17 && w&31 == 0:
		c.cond, c.on = notZero, rj
		return
	case c.in.Flow != isa.Next:
		return
	case w>>25 == 0x0D || w>>25 == 0x0E || w>>25 == 0x0C: // PCALAU12I, PCADDU12I, PCADDI
		d = move(rd, imm(int64(c.in.Address)))
	case w>>25 == 0x0A: // LU12I.W
		d = move(rd, imm(int64(int32(w<<7)>>12)<<12))
	case w>>22 == 0x0A || w>>22 == 0x0B: // ADDI
		d = op{kind: opAdd, dst: rd, src: rj, src2: imm(low)}
	case w>>22 == 0x0D: // ANDI
		d = op{kind: opAnd, dst: rd, src: rj, src2: imm(int64(w >> 10 & 0xFFF))}
	case w>>22 == 0x0E: // ORI
		d = op{kind: opOr, dst: rd, src: rj, src2: imm(int64(w >> 10 & 0xFFF))}
		if w>>5&31 == 0 {
			d = move(rd, imm(int64(w>>10&0xFFF)))
		}
	case w>>22 == 0x09 && low == 1: // SLTUI: is it zero
		c.add(op{kind: opCompare, src: rj, src2: imm(0)})
		d = op{kind: opSet, dst: rd, cond: equal}
	case w>>15 == 0x29: // AND
		d = op{kind: opAnd, dst: rd, src: rj, src2: rk}
	case w>>15 == 0x2A: // OR
		d = op{kind: opOr, dst: rd, src: rj, src2: rk}
		if w>>10&31 == 0 {
			d = move(rd, rj)
		}
	case w>>15 == 0x25 && w>>5&31 == 0: // SLTU: is it not zero
		c.add(op{kind: opCompare, src: rk, src2: imm(0)})
		d = op{kind: opSet, dst: rd, cond: notEqual}
	case w>>22 == 0x03: // BSTRPICK.D
		high, first := int64(w>>16&63), int64(w>>10&63)
		switch {
		case first == 0 && high < 63:
			d = op{kind: opAnd, dst: rd, src: rj, src2: imm(1<<(high+1) - 1)}
		case first == high:
			d = op{kind: opShift, dst: rd, src: rj, src2: imm(first)}
		}
	case w>>22 >= 0xA0 && w>>22 <= 0xA3, w>>22 >= 0xA8 && w>>22 <= 0xAA: // LD
		d = move(rd, place{form: memory, reg: rj.reg, n: low, size: 1 << (w >> 22 & 3)})
	case w>>22 >= 0xA4 && w>>22 <= 0xA7: // ST
		d = move(place{form: memory, reg: rj.reg, n: low, size: 1 << (w >> 22 & 3)}, rd)
	case w>>22 == 0xAD || w>>22 == 0xAF || w>>22 == 0xB1 || w>>22 == 0xB3: // stores of floats and vectors
		d = op{kind: opSmash, dst: place{form: memory, reg: rj.reg, n: low, size: 32}}
	case (c.in.Class == isa.Float || c.in.Class == isa.Vector) && !writesGeneral(w):
		return
	}
	c.add(d)
}

// writesGeneral tells the instructions on floats and vectors that write a general register.
func writesGeneral(w uint32) bool {
	switch w >> 10 {
	case 0x452D, 0x452E, 0x452F, 0x4532, 0x4537: // MOVFR2GR, MOVFRH2GR, MOVFCSR2GR, MOVCF2GR
		return true
	}
	return w>>20 == 0x72E || w>>20 == 0x72F || w>>20 == 0x76E || w>>20 == 0x76F // VPICKVE2GR and its neighbours
}
