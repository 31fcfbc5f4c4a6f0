package steps

import "encoding/binary"

var ppc64le, ppc64 = ppc(binary.LittleEndian), ppc(binary.BigEndian)

// ppc follows the Power ISA, book I; code is in the byte order of the port.
func ppc(order binary.ByteOrder) Machine {
	return Machine{
		Decode: func(code []byte, addr uint64) Step {
			if len(code) < 4 {
				return nothing(len(code))
			}
			return decodePPC(order.Uint32(code), addr)
		},
		Stack: 1, Number: 0, Zero: NoRegister, Counter: NoRegister, Aligned: 4,
		CallMayBe: func(code []byte, addr uint64) (uint64, int) {
			w := order.Uint32(code)
			if w>>26 != 18 || w&2 != 0 {
				return 0, 0
			}
			return addr + uint64(signed(w&^3, 26)), 4
		},
		TrapMayBe: func(code []byte) bool { return order.Uint32(code) == 0x44000002 },
	}
}

func decodePPC(w uint32, addr uint64) Step {
	rt, ra, rb, d := int(w>>21&31), int(w>>16&31), int(w>>11&31), int64(int16(w))
	switch w >> 26 {
	case 14, 15: // ADDI, ADDIS; register 0 stands for 0 here
		if w>>26 == 15 {
			d <<= 16
		}
		if ra == 0 {
			return Step{Kind: Constant, Size: 4, Dst: rt, Imm: d}
		}
		return Step{Kind: Add, Size: 4, Dst: rt, Src: ra, Imm: d}
	case 24: // ORI
		return Step{Kind: Combine, Size: 4, Dst: ra, Src: rt, Imm: int64(w & 0xffff)}
	case 16: // BC
		return Step{Kind: Branch, Size: 4, Target: addr + uint64(int64(int16(w&^3)))}
	case 18: // B, BL
		o := Step{Kind: Jump, Size: 4, Target: addr + uint64(signed(w&^3, 26))}
		if w&1 != 0 {
			o.Kind = Call
		}
		return o
	case 17: // SC
		return Step{Kind: Trap, Size: 4}
	case 19: // BCLR, BCCTR
		if xo := w >> 1 & 0x3ff; xo == 16 || xo == 528 {
			switch {
			case w&1 != 0:
				return Step{Kind: CallAny, Size: 4, Src: NoRegister}
			case rt&20 == 20:
				return Step{Kind: JumpAny, Size: 4, Src: NoRegister}
			}
		}
		return nothing(4)
	case 32: // LWZ
		return Step{Kind: Load, Size: 4, Dst: rt, Src: ra, Imm: d}
	case 58: // LD, LDU, LWA
		return Step{Kind: Load, Size: 4, Dst: rt, Src: ra, Imm: d &^ 3}
	case 36: // STW
		return Step{Kind: Store, Size: 4, Dst: rt, Src: ra, Imm: d}
	case 62: // STD, STDU
		if w&3 == 1 {
			return Step{Kind: Add, Size: 4, Dst: ra, Src: ra, Imm: d &^ 3}
		}
		return Step{Kind: Store, Size: 4, Dst: rt, Src: ra, Imm: d &^ 3}
	case 37: // STWU
		return Step{Kind: Add, Size: 4, Dst: ra, Src: ra, Imm: d}
	case 10, 11, 38, 44, 47, 52, 54, 39, 45, 53, 55: // CMPLI, CMPI, other stores
		return nothing(4)
	case 33, 34, 35, 40, 41, 42, 43, 46, 48, 49, 50, 51: // other loads
		return writes(4, rt)
	case 31:
		switch w >> 1 & 0x3ff {
		case 444: // OR
			if rt == rb {
				return Step{Kind: Add, Size: 4, Dst: ra, Src: rt}
			}
			return writes(4, ra)
		case 0, 32, 151, 149, 181, 183, 598, 467: // CMP, CMPL, stores with an index, SYNC, MTSPR
			return nothing(4)
		}
	}
	o := writes(4, rt)
	if ra != 1 { // logical instructions write it; Go's code never moves the stack by one
		o.Dst2 = ra
	}
	if rt == 1 {
		o.Dst = NoRegister
	}
	return o
}
