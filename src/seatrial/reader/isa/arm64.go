package isa

import "encoding/binary"

func init() {
	loaders["arm64"] = func() (*Arch, error) { return loadFixed("arm64", "arm64.json", 24, decodeARM64) }
}

// signed gives the low bits of v as a signed number.
func signed(v uint32, bits int) int64 { return int64(int32(v<<(32-bits))) >> (32 - bits) }

func decodeARM64(a *Arch, code []byte, addr uint64, in *Instruction) error {
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
	switch {
	case w>>26 == 0x05:
		jump(Jump, signed(w, 26))
	case w>>26 == 0x25:
		jump(Call, signed(w, 26))
	case w>>24 == 0x54, w>>25&0x3F == 0x1A: // B.cond, CBZ, CBNZ
		jump(Branch, signed(w>>5, 19))
	case w>>25&0x3F == 0x1B: // TBZ, TBNZ
		jump(Branch, signed(w>>5, 14))
	case w&0xFEFFF000 == 0xD61F0000, w == 0xD69F03E0: // BR; ERET
		in.Flow = IndirectJump
	case w&0xFEFFF000 == 0xD63F0000:
		in.Flow = IndirectCall
	case w&0xFFFFF000 == 0xD65F0000:
		in.Flow = Return
	case w>>16 == 0, w&0xFFE0001F == 0xD4200000, w&0xFFE0001F == 0xD4400000: // UDF, BRK, HLT
		in.Flow = Stop
	case w>>24&0x9F == 0x10: // ADR
		in.Address = addr + uint64(adrOffset(w))
	case w>>24&0x9F == 0x90: // ADRP
		in.Address = addr&^0xFFF + uint64(adrOffset(w)<<12)
	case w>>24&0x3B == 0x18: // LDR literal
		in.Address = addr + uint64(signed(w>>5, 19)*4)
	}
	return nil
}

func adrOffset(w uint32) int64 { return signed(w>>5, 19)<<2 | int64(w>>29&3) }
