package isa

import "encoding/binary"

func init() {
	loaders["loong64"] = func() (*Arch, error) { return loadFixed("loong64", "loong64.json", 24, decodeLOONG64) }
}

func decodeLOONG64(a *Arch, code []byte, addr uint64, in *Instruction) error {
	if len(code) < 4 {
		return ErrUnknown
	}
	w := binary.LittleEndian.Uint32(code)
	in.Word, in.Len = w, 4
	if err := a.fixed.classify(w, in); err != nil {
		return err
	}
	jump := func(flow Flow, words int64) {
		in.Flow, in.Target = flow, addr+uint64(words*4)
	}
	low := w >> 10 & 0xFFFF
	switch op := w >> 26; {
	case op == 0x14: // B
		jump(Jump, signed(w&0x3FF<<16|low, 26))
	case op == 0x15: // BL
		jump(Call, signed(w&0x3FF<<16|low, 26))
	case op >= 0x16 && op <= 0x1B: // BEQ to BGEU
		jump(Branch, signed(low, 16))
	case op >= 0x10 && op <= 0x12 && w&0xFC000200 != 0x48000200: // BEQZ, BNEZ, BCEQZ, BCNEZ
		jump(Branch, signed(w&0x1F<<16|low, 21))
	case op == 0x13: // JIRL
		switch link, base := w&0x1F, w>>5&0x1F; {
		case link != 0:
			in.Flow = IndirectCall
		case base == 1:
			in.Flow = Return
		default:
			in.Flow = IndirectJump
		}
	case w&0xFFFF8000 == 0x002A0000, w == 0: // BREAK
		in.Flow = Stop
	case w>>25 == 0x0D: // PCALAU12I
		in.Address = addr&^0xFFF + uint64(signed(w>>5, 20)<<12)
	case w>>25 == 0x0E: // PCADDU12I
		in.Address = addr + uint64(signed(w>>5, 20)<<12)
	case w>>25 == 0x0C: // PCADDI
		in.Address = addr + uint64(signed(w>>5, 20)<<2)
	}
	return nil
}
