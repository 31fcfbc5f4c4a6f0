package steps

import "encoding/binary"

// s390x follows the z/Architecture Principles of Operation, appendix B.
var s390x = Machine{
	Decode: decodeS390X, Stack: 15, Number: 1, Zero: NoRegister, Counter: NoRegister, Aligned: 2,
	CallMayBe: func(code []byte, addr uint64) (uint64, int) {
		if len(code) < 6 || code[0] != 0xc0 || code[1]&15 != 5 && code[1] != 0xf4 { // BRASL, BRCL
			return 0, 0
		}
		return addr + uint64(int64(int32(binary.BigEndian.Uint32(code[2:])))*2), 6
	},
	TrapMayBe: func(code []byte) bool { return len(code) > 1 && code[0] == 0x0a },
}

func decodeS390X(code []byte, addr uint64) Step {
	size := [4]int{2, 4, 4, 6}[code[0]>>6]
	if len(code) < size {
		return nothing(len(code))
	}
	r1, r2 := int(code[1]>>4), int(code[1]&15)
	at := func(halves int64) uint64 { return addr + uint64(halves*2) }
	o := writes(size, r1)
	switch size {
	case 2:
		switch code[0] {
		case 0x0a: // SVC: the number stands in the instruction, or in register 1
			o = Step{Kind: Trap, Size: size, Imm: int64(code[1])}
		case 0x18: // LR
			o = Step{Kind: Add, Size: size, Dst: r1, Src: r2}
		case 0x07: // BCR
			if o = nothing(size); r1 == 15 {
				o.Kind, o.Src = JumpAny, NoRegister
			}
		case 0x0d: // BASR
			o = Step{Kind: CallAny, Size: size, Src: NoRegister}
		}
		return o
	case 4:
		imm := int64(int16(binary.BigEndian.Uint16(code[2:])))
		base, offset := int(code[2]>>4), int64(binary.BigEndian.Uint16(code[2:])&0xfff)
		switch {
		case code[0] == 0xa7:
			switch r2 {
			case 4: // BRC
				o = Step{Kind: Branch, Size: size, Target: at(imm)}
				if r1 == 15 {
					o.Kind = Jump
				}
			case 5: // BRAS
				o = Step{Kind: Call, Size: size, Target: at(imm)}
			case 6, 7: // BRCT
				o = Step{Kind: Branch, Size: size, Target: at(imm)}
			case 8, 9: // LHI, LGHI
				o = Step{Kind: Constant, Size: size, Dst: r1, Imm: imm}
			case 10, 11: // AHI, AGHI
				o = Step{Kind: Add, Size: size, Dst: r1, Src: r1, Imm: imm}
			case 0, 1, 2, 3, 14, 15: // TM, CHI
				o = nothing(size)
			}
		case code[0] == 0xb9 && code[1] == 4: // LGR
			o = Step{Kind: Add, Size: size, Dst: int(code[3] >> 4), Src: int(code[3] & 15)}
		case code[0] == 0xb9 || code[0] == 0xb2 || code[0] == 0xb3:
			o = writes(size, int(code[3]>>4))
		case code[0] == 0x41 && r2 == 0: // LA
			o = Step{Kind: Add, Size: size, Dst: r1, Src: base, Imm: offset}
		case code[0] == 0x58 && r2 == 0: // L
			o = Step{Kind: Load, Size: size, Dst: r1, Src: base, Imm: offset}
		case code[0] == 0x50 && r2 == 0: // ST
			o = Step{Kind: Store, Size: size, Dst: r1, Src: base, Imm: offset}
		case code[0] == 0x47 || code[0] == 0x59 || code[0] == 0x40 || code[0] == 0x42 || code[0] == 0x95:
			o = nothing(size)
		}
		return o
	}
	wide := int64(int32(binary.BigEndian.Uint32(code[2:])))
	base := int(code[2] >> 4)
	offset := int64(int8(code[4]))<<12 | int64(binary.BigEndian.Uint16(code[2:])&0xfff)
	short := int64(binary.BigEndian.Uint16(code[2:]) & 0xfff)
	switch code[0] {
	case 0xc0:
		switch r2 {
		case 0: // LARL
			o = Step{Kind: Constant, Size: size, Dst: r1, Imm: int64(at(wide))}
		case 1, 9, 15: // LGFI, IILF, LLILF
			o = Step{Kind: Constant, Size: size, Dst: r1, Imm: wide}
		case 4: // BRCL
			if o = nothing(size); r1 != 0 {
				o.Kind, o.Target = Branch, at(wide)
			}
			if r1 == 15 {
				o.Kind = Jump
			}
		case 5: // BRASL
			o = Step{Kind: Call, Size: size, Target: at(wide)}
		}
	case 0xc2:
		if r2 == 8 || r2 == 9 { // AGFI, AFI
			o = Step{Kind: Add, Size: size, Dst: r1, Src: r1, Imm: wide}
		} else if r2 >= 12 { // compare
			o = nothing(size)
		}
	case 0xc4:
		if r2 == 8 { // LGRL
			o = Step{Kind: Load, Size: size, Dst: r1, Src: NoRegister, Imm: int64(at(wide))}
		}
	case 0xe3:
		if base == 0 { // an index alone is a base
			base, r2 = r2, 0
		}
		switch {
		case r2 == 0 && (code[5] == 0x04 || code[5] == 0x14 || code[5] == 0x16 || code[5] == 0x58): // LG, LGF, LLGF, LY
			o = Step{Kind: Load, Size: size, Dst: r1, Src: base, Imm: offset}
		case r2 == 0 && (code[5] == 0x24 || code[5] == 0x50): // STG, STY
			o = Step{Kind: Store, Size: size, Dst: r1, Src: base, Imm: offset}
		case r2 == 0 && code[5] == 0x71: // LAY
			o = Step{Kind: Add, Size: size, Dst: r1, Src: base, Imm: offset}
		case code[5] == 0x24, code[5] == 0x50, code[5] == 0x70, code[5] == 0x72, code[5] == 0x20, code[5] == 0x21: // stores, compares
			o = nothing(size)
		}
	case 0xe5:
		if o = nothing(size); code[1] == 0x48 || code[1] == 0x4c { // MVGHI, MVHI
			o = Step{Kind: SetWord, Size: size, Src: base, Imm: short, Value: int64(int16(binary.BigEndian.Uint16(code[4:])))}
		}
	case 0xeb:
		if code[5] == 0x24 || code[5] == 0x04 { // STMG, LMG
			o = nothing(size)
		}
	case 0xec: // compare and branch, and rotations
		switch code[5] {
		case 0x64, 0x65, 0x76, 0x77, 0x7c, 0x7d, 0x7e, 0x7f:
			o = Step{Kind: Branch, Size: size, Target: at(int64(int16(binary.BigEndian.Uint16(code[2:]))))}
		}
	case 0xd2, 0xd7, 0xe7: // on storage and vectors
		o = nothing(size)
	}
	return o
}
