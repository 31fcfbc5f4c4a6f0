package steps

import (
	"encoding/binary"
	"math/bits"
)

// arm follows the Arm Architecture Reference Manual for ARMv7-A, section A5.1; code in Thumb is not followed.
var arm = Machine{
	Decode: decodeARM, Stack: 13, Number: 7, Zero: NoRegister, Counter: 15, Aligned: 4,
	CallMayBe: func(code []byte, addr uint64) (uint64, int) {
		w := binary.LittleEndian.Uint32(code)
		if w&0x0e000000 != 0x0a000000 || w>>28 == 15 {
			return 0, 0
		}
		return addr + 8 + uint64(signed(w, 24)<<2), 4
	},
	TrapMayBe: func(code []byte) bool { return isSVC(binary.LittleEndian.Uint32(code)) },
}

// isSVC tells SVC #0: the words of a literal pool look like others.
func isSVC(w uint32) bool { return w&0x0fffffff == 0x0f000000 && w>>28 != 15 }

func decodeARM(code []byte, addr uint64) Step {
	if len(code) < 4 {
		return nothing(len(code))
	}
	w := binary.LittleEndian.Uint32(code)
	rd, rn := int(w>>12&15), int(w>>16&15)
	always := w>>28 == 14
	o := writes(4, rd)
	imm := int64(bits.RotateLeft32(w&0xff, -int(w>>8&15*2)))
	offset := int64(w & 0xfff)
	if w>>23&1 == 0 {
		offset = -offset
	}
	switch {
	case isSVC(w):
		return Step{Kind: Trap, Size: 4}
	case w&0x0f000000 == 0x0b000000: // BL
		return Step{Kind: Call, Size: 4, Target: uint64(uint32(addr + 8 + uint64(signed(w, 24)<<2)))}
	case w&0x0f000000 == 0x0a000000: // B
		o = Step{Kind: Branch, Size: 4, Target: uint64(uint32(addr + 8 + uint64(signed(w, 24)<<2)))}
		if always {
			o.Kind = Jump
		}
		return o
	case w&0x0ffffff0 == 0x012fff30: // BLX
		return Step{Kind: CallAny, Size: 4, Src: NoRegister}
	case w&0x0ffffff0 == 0x012fff10: // BX
		if o = nothing(4); always {
			o.Kind, o.Src = JumpAny, int(w&15)
		}
		return o
	case w&0x0fef0000 == 0x03a00000: // MOV
		o.Kind, o.Imm = Constant, imm
	case w&0x0fef0000 == 0x03e00000: // MVN
		o.Kind, o.Imm = Constant, ^imm
	case w&0x0ff00000 == 0x03000000: // MOVW
		o.Kind, o.Imm = Constant, int64(w>>16&15<<12|w&0xfff)
	case w&0x0ff00000 == 0x03400000: // MOVT
		o.Kind, o.Imm, o.Shift = Insert, int64(w>>16&15<<12|w&0xfff), 16
	case w&0x0fef0ff0 == 0x01a00000: // MOV (register)
		o.Kind, o.Src = Add, int(w&15)
	case w&0x0f7f0000 == 0x051f0000: // LDR (literal)
		if at := 8 + offset; at >= 0 && at+4 <= int64(len(code)) {
			o.Kind, o.Imm = Constant, int64(binary.LittleEndian.Uint32(code[at:]))
		}
	case w&0x0f700000 == 0x05100000: // LDR
		o.Kind, o.Src, o.Imm = Load, rn, offset
	case w&0x0f70f000 == 0x0530f000: // LDR of the program counter with write-back: a stub of the linker
		o.Kind, o.Src, o.Imm = Load, rn, offset
		return o
	case w&0x0f700000 == 0x05000000: // STR
		return Step{Kind: Store, Size: 4, Dst: rd, Src: rn, Imm: offset}
	case w&0x0f700000 == 0x05200000: // STR with write-back: Go's prologue
		return Step{Kind: Add, Size: 4, Dst: rn, Src: rn, Imm: offset}
	case w&0x0f700000 == 0x04100000: // LDR, then the base moves: Go's epilogue
		if rd == 15 {
			return Step{Kind: JumpAny, Size: 4, Src: NoRegister}
		}
		return Step{Kind: Add, Size: 4, Dst: rn, Src: rn, Imm: offset}
	case w&0x0fe00000 == 0x02800000, w&0x0fe00000 == 0x02400000: // ADD, SUB
		if w&0x00400000 != 0 {
			imm = -imm
		}
		if o.Kind, o.Src, o.Imm = Add, rn, imm; rn == 15 {
			o.Kind, o.Imm = Constant, int64(addr)+8+imm
		}
	case w&0x0fff0ff0 == 0x008f0000: // ADD of the program counter
		o.Kind, o.Src, o.Imm = Add, int(w&15), int64(addr)+8
	case w&0x0fe00000 == 0x03800000: // ORR
		o.Kind, o.Src, o.Imm = Combine, rn, imm
	case w&0x0d900000 == 0x01100000, w&0x0e100000 == 0x08000000, w&0x0c100000 == 0x04000000: // TST, CMP; STM; STR
		return nothing(4)
	case w&0x0e100000 == 0x08100000: // LDM
		if w>>15&1 == 1 {
			return Step{Kind: JumpAny, Size: 4, Src: NoRegister}
		}
		return nothing(4)
	case w&0x0fc000f0 == 0x00000090: // MUL
		return writes(4, rn)
	case w&0x0e000000 == 0x0c000000, w&0x0f000010 == 0x0e000000, w>>28 == 15: // coprocessors, vectors, barriers
		return nothing(4)
	}
	if !always && o.Kind != Other { // it may not be done
		o = writes(4, rd)
	}
	if rd == 15 && always && o.Kind != Other {
		return Step{Kind: JumpAny, Size: 4, Src: NoRegister}
	}
	return o
}
