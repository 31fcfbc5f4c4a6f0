package isa

import "encoding/binary"

func init() {
	loaders["riscv64"] = func() (*Arch, error) {
		a, err := loadFixed("riscv64", "riscv64.json", 0, decodeRISCV64)
		if err != nil {
			return nil, err
		}
		for _, column := range []string{"c", "c+d"} {
			if _, err := a.intern(column); err != nil {
				return nil, err
			}
		}
		return a, nil
	}
}

func decodeRISCV64(a *Arch, code []byte, addr uint64, in *Instruction) error {
	if len(code) < 2 {
		return ErrUnknown
	}
	if half := binary.LittleEndian.Uint16(code); half&3 != 3 {
		return in.compressed(a, uint32(half), addr)
	}
	if len(code) < 4 {
		return ErrUnknown
	}
	w := binary.LittleEndian.Uint32(code)
	if w&0x1F == 0x1F { // longer than 32 bits
		return ErrUnknown
	}
	in.Word, in.Len = w, 4
	if err := a.fixed.classify(w, in); err != nil {
		return err
	}
	link := w >> 7 & 0x1F
	switch w & 0x7F {
	case 0x6F: // JAL
		in.Flow = Call
		if link == 0 {
			in.Flow = Jump
		}
		in.Target = addr + uint64(signed(w>>31<<20|w>>12&0xFF<<12|w>>20&1<<11|w>>21&0x3FF<<1, 21))
	case 0x67: // JALR
		in.Flow = indirect(link, w>>15&0x1F)
	case 0x63:
		in.Flow = Branch
		in.Target = addr + uint64(signed(w>>31<<12|w>>7&1<<11|w>>25&0x3F<<5|w>>8&0xF<<1, 13))
	case 0x17: // AUIPC
		in.Address = addr + uint64(int64(int32(w&^0xFFF)))
	}
	if w == 0x00100073 { // EBREAK
		in.Flow = Stop
	}
	return nil
}

// indirect is where a jump through a register goes: the calling convention keeps return addresses in x1 and x5.
func indirect(link, base uint32) Flow {
	switch {
	case link != 0:
		return IndirectCall
	case base == 1 || base == 5:
		return Return
	}
	return IndirectJump
}

// compressed decodes an instruction of 16 bits (the C extension).
func (in *Instruction) compressed(a *Arch, h uint32, addr uint64) error {
	if h == 0 {
		in.Word, in.Len, in.Flow = 0, 2, Stop
		return nil
	}
	in.Word, in.Len = h, 2
	in.Features = a.Features("c")
	quadrant, kind := h&3, h>>13
	if quadrant != 1 && (kind == 1 || kind == 5) { // C.FLD, C.FSD, C.FLDSP, C.FSDSP
		in.Features, in.Class = a.Features("c", "d"), Float
	}
	switch {
	case quadrant == 1 && kind == 5: // C.J
		in.Flow = Jump
		in.Target = addr + uint64(signed(h>>12&1<<11|h>>11&1<<4|h>>9&3<<8|h>>8&1<<10|h>>7&1<<6|h>>6&1<<7|h>>3&7<<1|h>>2&1<<5, 12))
	case quadrant == 1 && kind >= 6: // C.BEQZ, C.BNEZ
		in.Flow = Branch
		in.Target = addr + uint64(signed(h>>12&1<<8|h>>10&3<<3|h>>5&3<<6|h>>3&3<<1|h>>2&1<<5, 9))
	case quadrant == 2 && kind == 4 && h>>2&0x1F == 0:
		switch base, link := h>>7&0x1F, h>>12&1; {
		case base != 0:
			in.Flow = indirect(link, base)
		case link == 1:
			in.Flow = Stop // C.EBREAK
		}
	}
	return nil
}
