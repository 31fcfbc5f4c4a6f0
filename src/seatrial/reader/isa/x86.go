package isa

import "encoding/binary"

// X86 is the operands of an instruction of amd64 or 386.
type X86 struct {
	Map      uint8 // opcode map: 0 one byte, 1 0F, 2 0F38, 3 0F3A, above: VEX, EVEX, XOP
	Prefix   uint8 // mandatory prefix: 0 none, 1 66, 2 F3, 3 F2
	Opcode   uint8
	ModRM    uint8
	HasModRM bool
	Memory   bool // ModRM names memory
	W        bool // 64-bit operands (REX.W), or the W bit of VEX and EVEX
	REX      bool // with it byte registers 4 to 7 are SPL to DIL, not AH to BH
	L        uint8
	Size16   bool // an operand size prefix
	Lock     bool
	Segment  uint8 // prefix byte of a segment override, 0 for none
	Reg, Rm  uint8 // register numbers, extended; Rm of a register form, or the register in the opcode itself
	Base     uint8 // of a memory form; NoRegister for none
	Index    uint8
	Scale    uint8
	Disp     int64
	Imm      int64
}

// NoRegister stands for an absent base or index, RIP for the instruction pointer as a base.
const (
	NoRegister = 0xFF
	RIP        = 0xFE
)

const longestX86 = 15

// cursor reads the bytes of one instruction; running out of them makes it bad.
type cursor struct {
	code []byte
	at   int
	bad  bool
}

func (c *cursor) peek() byte {
	if c.at >= len(c.code) {
		return 0
	}
	return c.code[c.at]
}

func (c *cursor) byte() byte {
	b := c.peek()
	c.bad = c.bad || c.at >= len(c.code)
	c.at++
	return b
}

func (c *cursor) signed(size int) int64 {
	if c.at+size > len(c.code) {
		c.bad = true
		return 0
	}
	part := c.code[c.at:]
	c.at += size
	switch size {
	case 1:
		return int64(int8(part[0]))
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(part)))
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(part)))
	case 8:
		return int64(binary.LittleEndian.Uint64(part))
	}
	return 0
}

func decodeX86(a *Arch, code []byte, addr uint64, in *Instruction) error {
	t := a.x86
	if len(code) > longestX86 {
		code = code[:longestX86]
	}
	c := cursor{code: code}
	x := &in.X86
	x.Base, x.Index = NoRegister, NoRegister
	long := t.mode == 64
	var rex byte
	address16 := false
	addressSize := t.mode / 8
prefixes:
	for {
		switch b := c.peek(); b {
		case 0x66:
			x.Size16 = true
			if x.Prefix == 0 {
				x.Prefix = 1
			}
		case 0x67:
			address16 = !long
			addressSize = 4
			if !long {
				addressSize = 2
			}
		case 0xF2, 0xF3:
			x.Prefix = 2 + 0xF3 - b
		case 0xF0:
			x.Lock = true
		case 0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65:
			x.Segment = b
		default:
			break prefixes
		}
		c.at++
	}
	if long && c.peek()&0xF0 == 0x40 {
		rex = c.byte()
		x.W, x.REX = rex&8 != 0, true
	}
	op := c.byte()
	// In 32-bit mode C4, C5 and 62 are LES, LDS and BOUND where a memory operand follows.
	escape := long || c.peek()&0xC0 == 0xC0
	legacy := true
	kind := byte('m')
	switch {
	case op == 0x0F:
		x.Map = map0F
		op = c.byte()
		switch op {
		case 0x38:
			x.Map, op = map0F38, c.byte()
		case 0x3A:
			x.Map, op, kind = map0F3A, c.byte(), 'M'
		default:
			kind = t.length[map0F][op]
		}
	case op == 0xC5 && escape:
		b := c.byte()
		legacy = false
		rex = ^b >> 5 & 4
		x.Map, x.Prefix, x.L = mapVEX1, b&3, b>>2&1
		op = c.byte()
	case op == 0xC4 && escape, op == 0x8F && c.peek()&0x1F >= 8:
		xop := op == 0x8F
		b1, b2 := c.byte(), c.byte()
		legacy = false
		rex = ^b1 >> 5 & 7
		x.W, x.Prefix, x.L = b2>>7 == 1, b2&3, b2>>2&1
		space := b1 & 0x1F
		op = c.byte()
		switch {
		case !xop && space >= 1 && space <= 3:
			x.Map = mapVEX1 + space - 1
		case xop && space >= 8 && space <= 10:
			x.Map = mapXOP8 + space - 8
		default:
			return ErrUnknown
		}
	case op == 0x62 && escape:
		b1, b2, b3 := c.byte(), c.byte(), c.byte()
		legacy = false
		rex = ^b1 >> 5 & 7
		x.W, x.Prefix, x.L = b2>>7 == 1, b2&3, b3>>5&3
		op = c.byte()
		switch space := b1 & 7; {
		case b1&8 != 0 || b2&4 == 0:
			return ErrUnknown
		case space >= 1 && space <= 3:
			x.Map = mapEVEX1 + space - 1
		case space == 5 || space == 6:
			x.Map = mapEVEX5 + space - 5
		default:
			return ErrUnknown
		}
		// With the rounding bit a register form is 512 bits long whatever L says.
		if b3&0x10 != 0 && c.peek()>>6 == 3 {
			x.L = 2
		}
	default:
		kind = t.length[mapOne][op]
		switch {
		case long && (op < 0x40 && (op&7 == 6 || op&7 == 7) && kind == '.' || op == 0x60 || op == 0x61 || op == 0x9A || op == 0xEA || op == 0x82 || op == 0xCE || op == 0xD4 || op == 0xD5 || op == 0xD6):
			return ErrUnknown
		case !long && op == 0x62:
			kind = 'm'
		}
	}
	x.Opcode = op
	if !legacy {
		switch x.Map {
		case mapVEX1, mapEVEX1:
			switch {
			case op == 0x77 && x.Map == mapVEX1:
				kind = '.'
			case op >= 0x70 && op <= 0x73, op == 0xC2, op >= 0xC4 && op <= 0xC6:
				kind = 'M'
			}
		case mapVEX3, mapEVEX3, mapXOP8:
			kind = 'M'
		case mapXOPA:
			kind = 'Z'
		}
	}
	if kind == 'x' || kind == 'p' {
		return ErrUnknown
	}
	switch kind {
	case 'm', 'M', 'Z', 'g', 'G':
		x.modrm(&c, rex, addressSize, address16, long)
	default:
		x.Rm = op&7 | rex<<3&8
	}
	operand := 4
	if x.Size16 && !x.W {
		operand = 2
	}
	switch kind {
	case 'b', 'M', 'j':
		x.Imm = c.signed(1)
	case 'g':
		if x.ModRM>>3&7 < 2 {
			x.Imm = c.signed(1)
		}
	case 'w':
		x.Imm = c.signed(2)
	case 'e':
		x.Imm = c.signed(2)
		c.signed(1)
	case 'z', 'Z', 'J':
		if x.Map == mapXOPA {
			operand = 4
		}
		x.Imm = c.signed(operand)
	case 'G':
		if x.ModRM>>3&7 < 2 {
			x.Imm = c.signed(operand)
		}
	case 'v':
		if x.W {
			operand = 8
		}
		x.Imm = c.signed(operand)
	case 'o':
		x.Disp = c.signed(addressSize)
		x.Memory = true
	case 'f':
		c.signed(operand)
		c.signed(2)
	}
	if x.Map == map0F && op == 0x78 && (x.Prefix == 1 || x.Prefix == 3) {
		c.signed(1) // EXTRQ and INSERTQ of SSE4a carry two bytes
		c.signed(1)
	}
	if c.bad {
		return ErrUnknown
	}
	in.Len = c.at
	if x.Memory {
		switch {
		case x.Base == RIP:
			in.Address = addr + uint64(c.at) + uint64(x.Disp)
		case x.Base == NoRegister && x.Index == NoRegister && x.Segment < 0x64:
			in.Address = uint64(x.Disp)
		}
	}
	if !long {
		in.Address = uint64(uint32(in.Address))
	}
	in.flowX86(addr, long)
	if x.Map == mapOne && t.plain[op] {
		if x.Lock {
			in.Class = Atomic
		}
		return nil
	}
	row := t.find(x)
	if row == nil {
		if legacy {
			return nil
		}
		return ErrUnknown
	}
	in.Features, in.Class = row.features, row.class
	if row.vl && x.L < 2 {
		in.Features = in.Features.With(t.vl)
	}
	if x.Lock {
		in.Class = Atomic
	}
	return nil
}

// modrm reads ModRM, SIB and the displacement.
func (x *X86) modrm(c *cursor, rex byte, addressSize int, address16, long bool) {
	b := c.byte()
	x.ModRM, x.HasModRM = b, true
	mod, rm := b>>6, b&7
	x.Reg = b>>3&7 | rex<<1&8
	if mod == 3 || x.Map == map0F && x.Opcode >= 0x20 && x.Opcode <= 0x23 {
		x.Rm = rm | rex<<3&8
		return
	}
	x.Memory = true
	if address16 {
		switch {
		case mod == 0 && rm == 6, mod == 2:
			x.Disp = c.signed(2)
		case mod == 1:
			x.Disp = c.signed(1)
		}
		x.Base = rm // two registers; nothing asks which
		return
	}
	x.Base = rm | rex<<3&8
	if rm == 4 {
		sib := c.byte()
		x.Base, x.Index, x.Scale = sib&7|rex<<3&8, sib>>3&7|rex<<2&8, sib>>6
		if x.Index == 4 {
			x.Index = NoRegister
		}
		if sib&7 == 5 && mod == 0 {
			x.Base = NoRegister
			x.Disp = c.signed(4)
		}
	} else if rm == 5 && mod == 0 {
		x.Base = NoRegister
		if long {
			x.Base = RIP
		}
		x.Disp = c.signed(4)
	}
	switch mod {
	case 1:
		x.Disp = c.signed(1)
	case 2:
		x.Disp = c.signed(4)
	}
}

// flowX86 sets where control goes.
func (in *Instruction) flowX86(addr uint64, long bool) {
	x := &in.X86
	after := addr + uint64(in.Len)
	op := x.Opcode
	switch x.Map {
	case mapOne:
		switch {
		case op >= 0x70 && op <= 0x7F, op >= 0xE0 && op <= 0xE3, op == 0xC7 && x.ModRM == 0xF8:
			in.Flow = Branch
		case op == 0xE9 || op == 0xEB:
			in.Flow = Jump
		case op == 0xE8:
			in.Flow = Call
		case op == 0xC2 || op == 0xC3 || op == 0xCA || op == 0xCB || op == 0xCF:
			in.Flow = Return
		case op == 0xCC || op == 0xF4:
			in.Flow = Stop
		case op == 0xFF && (x.ModRM>>3&7 == 2 || x.ModRM>>3&7 == 3):
			in.Flow = IndirectCall
		case op == 0xFF && (x.ModRM>>3&7 == 4 || x.ModRM>>3&7 == 5):
			in.Flow = IndirectJump
		default:
			return
		}
	case map0F:
		switch {
		case op >= 0x80 && op <= 0x8F:
			in.Flow = Branch
		case op == 0x0B:
			in.Flow = Stop
		default:
			return
		}
	default:
		return
	}
	if in.Flow == Jump || in.Flow == Branch || in.Flow == Call {
		in.Target = after + uint64(x.Imm)
		if !long {
			in.Target = uint64(uint32(in.Target))
		}
	}
}
