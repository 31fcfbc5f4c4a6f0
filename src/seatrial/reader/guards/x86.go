package guards

import "seatrial.example/reader/isa"

const (
	rAX, rCX, rDX, rBX, rSP = 0, 1, 2, 3, 4
	rBP, rDI                = 5, 7
)

func newX86(a *isa.Arch) *machine {
	return &machine{arch: a, registers: 16, stack: rSP, frame: rBP, temporary: -1, zero: -1, lift: liftX86, results: []int{rAX, rBX, rCX, rDI}, arguments: []int{rAX, rBX}}
}

// operandX86 is what ModRM names besides the register.
func operandX86(in *isa.Instruction, size int) place {
	x := &in.X86
	switch {
	case !x.Memory:
		return registerX86(x, x.Rm, size)
	case in.Address != 0:
		return place{form: absolute, n: int64(in.Address), size: size}
	case x.Base < 16 && x.Index == isa.NoRegister && x.Segment < 0x64:
		return place{form: memory, reg: int(x.Base), n: x.Disp, size: size}
	}
	return place{form: lost, size: size}
}

// registerX86 is a register; AH to BH stand for the registers that they are part of.
func registerX86(x *isa.X86, r uint8, size int) place {
	if size == 1 && !x.REX && r >= 4 && r < 8 {
		r -= 4
	}
	return place{form: register, reg: int(r), size: size}
}

func sizeX86(x *isa.X86, byteForm bool) int {
	switch {
	case byteForm:
		return 1
	case x.W:
		return 8
	case x.Size16:
		return 2
	}
	return 4
}

// liftX86 follows the opcode maps of the Intel SDM volume 2, appendix A.
func liftX86(m *machine, c *lifted) {
	x := &c.in.X86
	switch x.Map {
	case 0:
		liftOneByte(c, x)
	case 1:
		liftTwoBytes(c, x)
	default:
		liftVector(c, x)
	}
	if otherFlagsX86(x) {
		c.add(op{kind: opFlags})
	}
}

// otherFlagsX86 tells of instructions that set the flags (Intel SDM volume 1, appendix A), but for those whose effect on
// them is followed.
func otherFlagsX86(x *isa.X86) bool {
	o, which := x.Opcode, x.ModRM>>3&7
	switch x.Map {
	case 0:
		switch {
		case o < 0x40 && o&7 < 6:
			which = o >> 3
			fallthrough
		case o == 0x80 || o == 0x81 || o == 0x83: // ADC, SBB, SUB, XOR
			return which == 2 || which == 3 || which == 5 || which == 6
		case o == 0xF6 || o == 0xF7: // NEG, MUL, DIV
			return which > 2
		case o == 0xFE || o == 0xFF: // INC, DEC
			return which < 2
		case o == 0xDB || o == 0xDF: // FUCOMI, FCOMI
			return !x.Memory && (which == 5 || which == 6)
		}
		return o == 0x69 || o == 0x6B || o >= 0xC0 && o <= 0xC1 || o >= 0xD0 && o <= 0xD3 || // IMUL, shifts
			o == 0x9D || o == 0x9E || o >= 0xA6 && o <= 0xA7 || o >= 0xAE && o <= 0xAF // POPF, SAHF, CMPS, SCAS
	case 1:
		switch o {
		case 0x2E, 0x2F, // UCOMIS, COMIS
			0xA4, 0xA5, 0xAB, 0xAC, 0xAD, 0xAF, 0xB3, 0xBB, // SHLD, BTS, SHRD, IMUL, BTR, BTC
			0xB0, 0xB1, 0xB8, 0xBC, 0xBD, 0xC0, 0xC1, 0xC7: // CMPXCHG, POPCNT, BSF, BSR, XADD
			return true
		}
		return o == 0xBA && which > 4
	case 2: // PTEST
		return o == 0x17
	case 3: // PCMPESTR, PCMPISTR
		return o >= 0x60 && o <= 0x63
	}
	// VEX, EVEX: VUCOMIS, VCOMIS, VTEST, VPTEST, VPCMPESTR, KORTEST, KTEST, in whatever map.
	return o == 0x2E || o == 0x2F || o == 0x0E || o == 0x0F || o == 0x17 || o >= 0x60 && o <= 0x63 || o == 0x98 || o == 0x99
}

func (c *lifted) add(o op) { c.ops = append(c.ops, o) }

func liftOneByte(c *lifted, x *isa.X86) {
	op8 := x.Opcode&1 == 0
	size := sizeX86(x, op8)
	rm, r := operandX86(&c.in, size), registerX86(x, x.Reg, size)
	whole := sizeX86(x, false)
	switch o := x.Opcode; {
	case o >= 0x70 && o <= 0x7F:
		c.cond = conditionX86(o)
	case o >= 0x50 && o <= 0x57:
		c.add(op{kind: opPush, src: reg(x.Rm)})
	case o >= 0x58 && o <= 0x5F:
		c.add(op{kind: opPop, dst: reg(x.Rm)})
	case o == 0x68 || o == 0x6A:
		c.add(op{kind: opPush, src: imm(x.Imm)})
	case o == 0x88 || o == 0x89:
		c.add(move(rm, r))
	case o == 0x8A || o == 0x8B:
		c.add(move(r, rm))
	case o == 0x63:
		c.add(move(place{form: register, reg: int(x.Reg), size: whole}, operandX86(&c.in, 4)))
	case o == 0x8D:
		lea(c, x)
	case o == 0xC6 || o == 0xC7:
		c.add(move(rm, imm(x.Imm)))
	case o >= 0xB0 && o <= 0xB7:
		c.add(clobber(int(x.Rm & 3)))
		c.add(clobber(int(x.Rm)))
	case o >= 0xB8 && o <= 0xBF:
		n := x.Imm
		if !x.W {
			n = int64(uint32(n))
		}
		c.add(move(reg(x.Rm), imm(n)))
	case (o == 0x31 || o == 0x33 || o == 0x29 || o == 0x2B) && !x.Memory && x.Reg == x.Rm:
		c.add(move(reg(x.Reg), imm(0)))
	case o < 0x40 && o&7 < 6:
		arithmetic(c, x, o>>3, rm, r)
	case o == 0x80 || o == 0x81 || o == 0x83:
		immediate(c, x.ModRM>>3&7, operandX86(&c.in, sizeX86(x, o == 0x80)), x.Imm)
	case o == 0x84 || o == 0x85:
		c.add(op{kind: opTest, src: rm, src2: r})
	case o == 0xA8 || o == 0xA9:
		c.add(op{kind: opTest, src: place{form: register, reg: rAX, size: size}, src2: imm(x.Imm)})
	case (o == 0xF6 || o == 0xF7) && x.ModRM>>3&7 < 2:
		c.add(op{kind: opTest, src: rm, src2: imm(x.Imm)})
	case o == 0xF6 || o == 0xF7:
		if x.ModRM>>3&7 < 4 { // NOT, NEG
			c.add(op{kind: opClobber, dst: rm})
		} else {
			c.add(clobber(rAX))
			c.add(clobber(rDX))
		}
	case (o == 0xC1 || o == 0xD1) && x.ModRM>>3&7 == 5: // SHR
		n := x.Imm
		if o == 0xD1 {
			n = 1
		}
		c.add(op{kind: opShift, dst: rm, src: rm, src2: imm(n)})
	case o == 0x86 || o == 0x87:
		c.add(op{kind: opClobber, dst: rm})
		c.add(op{kind: opClobber, dst: r})
	case o == 0x90 && x.Rm == 0:
		c.nothing = true
	case o == 0xE8, o == 0xE9, o == 0xEB, o == 0xC3:
	case x.HasModRM:
		if o == 0xFE || o == 0xFF && x.ModRM>>3&7 < 2 || o != 0xFF {
			c.add(op{kind: opClobber, dst: rm})
		}
		if o == 0x69 || o == 0x6B || o == 0x8C {
			c.add(op{kind: opClobber, dst: r})
		}
	default:
		c.add(op{kind: opForgetAll})
	}
}

func lea(c *lifted, x *isa.X86) {
	d := reg(x.Reg)
	switch {
	case c.in.Address != 0:
		c.add(move(d, imm(int64(c.in.Address))))
	case x.Base < 16 && x.Index == isa.NoRegister:
		c.add(op{kind: opAdd, dst: d, src: reg(x.Base), src2: imm(x.Disp)})
	default:
		c.add(op{kind: opClobber, dst: d})
	}
}

// arithmetic lifts the eight operations of the forms r/m, r and r, r/m and AX, imm.
func arithmetic(c *lifted, x *isa.X86, which uint8, rm, r place) {
	d, s := rm, r
	switch {
	case x.Opcode&7 >= 4:
		d, s = place{form: register, reg: rAX, size: r.size}, imm(x.Imm)
	case x.Opcode&2 != 0:
		d, s = r, rm
	}
	c.add(operation(which, d, s))
}

func immediate(c *lifted, which uint8, d place, n int64) { c.add(operation(which, d, imm(n))) }

func operation(which uint8, d, s place) op {
	switch which {
	case 0:
		return op{kind: opAdd, dst: d, src: d, src2: s}
	case 1:
		return op{kind: opOr, dst: d, src: d, src2: s}
	case 4:
		return op{kind: opAnd, dst: d, src: d, src2: s}
	case 5:
		if s.form == number {
			s.n = -s.n
			return op{kind: opAdd, dst: d, src: d, src2: s}
		}
	case 7:
		return op{kind: opCompare, src: d, src2: s}
	}
	return op{kind: opClobber, dst: d}
}

func liftTwoBytes(c *lifted, x *isa.X86) {
	r := place{form: register, reg: int(x.Reg), size: sizeX86(x, false)}
	switch o := x.Opcode; {
	case o >= 0x80 && o <= 0x8F:
		c.cond = conditionX86(o)
	case o >= 0x40 && o <= 0x4F:
		c.add(op{kind: opSelect, dst: r, src: operandX86(&c.in, r.size), src2: r, cond: conditionX86(o)})
	case o >= 0x90 && o <= 0x9F:
		c.add(op{kind: opSet, dst: operandX86(&c.in, 1), cond: conditionX86(o)})
	case o == 0xB6:
		c.add(move(r, operandX86(&c.in, 1)))
	case o == 0xB7:
		c.add(move(r, operandX86(&c.in, 2)))
	case o == 0xA3:
		c.add(op{kind: opBit, src: operandX86(&c.in, r.size), src2: r})
	case o == 0xBA && x.ModRM>>3&7 == 4:
		c.add(op{kind: opBit, src: operandX86(&c.in, r.size), src2: imm(x.Imm)})
	case o == 0xA2:
		c.add(op{kind: opCPUID})
	case o == 0x1F:
		c.nothing = true
	case o == 0x1E || o == 0x0D || o == 0x18 || o == 0xAE && x.Memory: // prefetch and hints
	case o >= 0xC8 && o <= 0xCF:
		c.add(clobber(int(x.Rm)))
	case o == 0x2C || o == 0x2D || o == 0x50 || o == 0xC5 || o == 0xD7 || o == 0xB8 || o == 0xBC || o == 0xBD || o == 0xBE || o == 0xBF || o == 0xAF || o == 0x02 || o == 0x03:
		c.add(op{kind: opClobber, dst: r})
	case o == 0x7E && x.Prefix != 2 && !x.Memory:
		c.add(clobber(int(x.Rm)))
	case x.HasModRM && c.in.Class != isa.Integer && c.in.Class != isa.Atomic && o != 0x31:
		smash(c, x)
	case x.HasModRM:
		c.add(op{kind: opClobber, dst: operandX86(&c.in, r.size)})
		c.add(op{kind: opClobber, dst: r})
		if o == 0xB0 || o == 0xB1 || o == 0xC7 {
			c.add(clobber(rAX))
			c.add(clobber(rDX))
		}
	case o == 0x31 || o == 0x01:
		c.add(clobber(rAX))
		c.add(clobber(rDX))
	case o == 0x0B:
	default:
		c.add(op{kind: opForgetAll})
	}
}

// liftVector knows only which general registers or memory such an instruction may write.
func liftVector(c *lifted, x *isa.X86) {
	if c.in.Class == isa.Integer || c.in.Class == isa.Atomic || x.Map == 2 && x.Prefix == 3 {
		c.add(op{kind: opForgetAll})
		return
	}
	switch o := x.Opcode; {
	case x.Memory:
		smash(c, x)
	case o == 0x2C || o == 0x2D || o == 0x50 || o == 0x93 || o == 0xC5 || o == 0xD7:
		c.add(clobber(int(x.Reg)))
	case o == 0x7E || o >= 0x14 && o <= 0x17:
		c.add(clobber(int(x.Rm)))
	}
}

// smash lifts a store of a vector, of all of it.
func smash(c *lifted, x *isa.X86) {
	if x.Memory {
		at := operandX86(&c.in, 16<<(x.L&3))
		c.add(op{kind: opSmash, dst: at})
	}
}

// conditionX86 is the condition in the low four bits of an opcode.
func conditionX86(opcode uint8) condition {
	switch opcode & 15 {
	case 2:
		return carry
	case 3:
		return noCarry
	case 4:
		return equal
	case 5:
		return notEqual
	case 6, 14:
		return notAbove
	case 7, 15:
		return above
	case 12:
		return less
	case 13:
		return atLeast
	}
	return never
}
