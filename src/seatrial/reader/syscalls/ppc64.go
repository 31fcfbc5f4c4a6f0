package syscalls

import "encoding/binary"

var ppc64le, ppc64 = ppc(binary.LittleEndian), ppc(binary.BigEndian)

// ppc follows the Power ISA, book I; code is in the byte order of the port.
func ppc(order binary.ByteOrder) machine {
	return machine{
		decode: func(code []byte, addr uint64) op {
			if len(code) < 4 {
				return nothing(len(code))
			}
			return decodePPC(order.Uint32(code), addr)
		},
		stack: 1, number: 0, zero: noRegister, argument: 3, aligned: 4,
		callMayBe: func(code []byte, addr uint64) (uint64, int) {
			w := order.Uint32(code)
			if w>>26 != 18 || w&2 != 0 {
				return 0, 0
			}
			return addr + uint64(signed(w&^3, 26)), 4
		},
		trapMayBe: func(code []byte) bool { return order.Uint32(code) == 0x44000002 },
	}
}

func decodePPC(w uint32, addr uint64) op {
	rt, ra, rb, d := int(w>>21&31), int(w>>16&31), int(w>>11&31), int64(int16(w))
	switch w >> 26 {
	case 14, 15: // ADDI, ADDIS; register 0 stands for 0 here
		if w>>26 == 15 {
			d <<= 16
		}
		if ra == 0 {
			return op{kind: constant, size: 4, dst: rt, imm: d}
		}
		return op{kind: add, size: 4, dst: rt, src: ra, imm: d}
	case 24: // ORI
		return op{kind: combine, size: 4, dst: ra, src: rt, imm: int64(w & 0xffff)}
	case 16: // BC
		return op{kind: branch, size: 4, target: addr + uint64(int64(int16(w&^3)))}
	case 18: // B, BL
		o := op{kind: jump, size: 4, target: addr + uint64(signed(w&^3, 26))}
		if w&1 != 0 {
			o.kind = call
		}
		return o
	case 17: // SC
		return op{kind: trap, size: 4}
	case 19: // BCLR, BCCTR
		if xo := w >> 1 & 0x3ff; xo == 16 || xo == 528 {
			switch {
			case w&1 != 0:
				return op{kind: callAny, size: 4, src: noRegister}
			case rt&20 == 20:
				return op{kind: jumpAny, size: 4, src: noRegister}
			}
		}
		return nothing(4)
	case 32: // LWZ
		return op{kind: load, size: 4, dst: rt, src: ra, imm: d}
	case 58: // LD, LDU, LWA
		return op{kind: load, size: 4, dst: rt, src: ra, imm: d &^ 3}
	case 36: // STW
		return op{kind: store, size: 4, dst: rt, src: ra, imm: d}
	case 62: // STD, STDU
		if w&3 == 1 {
			return op{kind: add, size: 4, dst: ra, src: ra, imm: d &^ 3}
		}
		return op{kind: store, size: 4, dst: rt, src: ra, imm: d &^ 3}
	case 37: // STWU
		return op{kind: add, size: 4, dst: ra, src: ra, imm: d}
	case 10, 11, 38, 44, 47, 52, 54, 39, 45, 53, 55: // CMPLI, CMPI, other stores
		return nothing(4)
	case 33, 34, 35, 40, 41, 42, 43, 46, 48, 49, 50, 51: // other loads
		return writes(4, rt)
	case 31:
		switch w >> 1 & 0x3ff {
		case 444: // OR
			if rt == rb {
				return op{kind: add, size: 4, dst: ra, src: rt}
			}
			return writes(4, ra)
		case 0, 32, 151, 149, 181, 183, 598, 467: // CMP, CMPL, stores with an index, SYNC, MTSPR
			return nothing(4)
		}
	}
	o := writes(4, rt)
	if ra != 1 { // logical instructions write it; Go's code never moves the stack by one
		o.dst2 = ra
	}
	if rt == 1 {
		o.dst = noRegister
	}
	return o
}
