package steps

import (
	"encoding/binary"

	"seatrial.example/reader/isa"
)

var amd64 = Machine{
	Decode: func(code []byte, addr uint64) Step { return decodeX86(code, addr, "amd64") },
	Stack:  4, Number: 0, Zero: NoRegister, Counter: NoRegister, Pushed: 8, Aligned: 1,
	CallMayBe: callX86, TrapMayBe: func(code []byte) bool { return len(code) > 1 && code[0] == 0x0f && code[1] == 0x05 },
}

var i386 = Machine{
	Decode: func(code []byte, addr uint64) Step { return decodeX86(code, addr, "386") },
	Stack:  4, Number: 0, Zero: NoRegister, Counter: NoRegister, Pushed: 4, Aligned: 1,
	CallMayBe: callX86, TrapMayBe: func(code []byte) bool { return len(code) > 1 && code[0] == 0xcd && code[1] == 0x80 || isGateway(code) },
}

// isGateway tells CALL GS:0x10, which enters the kernel as the kernel's own library does (Go source: sys_linux_386.s).
func isGateway(code []byte) bool {
	return len(code) >= 7 && code[0] == 0x65 && code[1] == 0xff && code[2] == 0x15 && binary.LittleEndian.Uint32(code[3:]) == 0x10
}

// callX86 reads CALL and JMP with 32 bits of distance.
func callX86(code []byte, addr uint64) (uint64, int) {
	if len(code) < 5 || code[0] != 0xe8 && code[0] != 0xe9 {
		return 0, 0
	}
	return addr + 5 + uint64(int64(int32(binary.LittleEndian.Uint32(code[1:])))), 5
}

func decodeX86(code []byte, addr uint64, goarch string) Step {
	in, err := isa.Decode(code, addr, goarch)
	if err != nil || in.Len == 0 {
		return nothing(1)
	}
	x := &in.X86
	o := nothing(in.Len)
	switch in.Flow {
	case isa.Call:
		o.Kind, o.Target = Call, in.Target
	case isa.Jump:
		o.Kind, o.Target = Jump, in.Target
	case isa.Branch:
		o.Kind, o.Target = Branch, in.Target
	case isa.IndirectCall:
		o.Kind = CallAny
		if goarch == "386" && isGateway(code) {
			o.Kind = Trap
		}
	case isa.IndirectJump, isa.Return, isa.Stop:
		o.Kind = JumpAny
	case isa.Next:
		switch x.Map {
		case 0:
			return plainX86(code, x, o)
		case 1:
			return twoByteX86(x, o, goarch)
		}
	}
	return o
}

// plainX86 reads the one-byte opcodes (Intel SDM volume 2, table A-2).
func plainX86(code []byte, x *isa.X86, o Step) Step {
	memory := x.Memory && x.Base < 0x10 && x.Index == isa.NoRegister && x.Segment < 0x64
	reg, rm := int(x.Reg), int(x.Rm)
	switch c := x.Opcode; {
	case c == 0xcd && x.Imm == -0x80: // INT $0x80
		o.Kind = Trap
	case c >= 0xb8 && c <= 0xbf: // MOV r, imm
		o.Kind, o.Dst, o.Imm = Constant, embedded(code, x, o.Size), x.Imm
		if !x.W {
			o.Imm = int64(uint32(x.Imm))
		}
	case c == 0xc7 && x.Memory && memory: // MOV [r+d], imm
		return Step{Kind: SetWord, Size: o.Size, Src: int(x.Base), Imm: x.Disp, Value: x.Imm}
	case c == 0xc7 && !x.Memory:
		o.Kind, o.Dst, o.Imm = Constant, rm, x.Imm
	case (c == 0x31 || c == 0x33 || c == 0x29 || c == 0x2b) && !x.Memory && reg == rm: // XOR r, r
		o.Kind, o.Dst = Constant, rm
	case c == 0x89 && memory && x.Memory: // MOV [r+d], r
		return Step{Kind: Store, Size: o.Size, Dst: reg, Src: int(x.Base), Imm: x.Disp}
	case c == 0x89 && !x.Memory:
		o.Kind, o.Dst, o.Src = Add, rm, reg
	case c == 0x8b && x.Memory && memory: // MOV r, [r+d]
		o.Kind, o.Dst, o.Src, o.Imm = Load, reg, int(x.Base), x.Disp
	case c == 0x63 && memory: // MOVSXD r, [r+d]
		o.Kind, o.Dst, o.Src, o.Imm = Load, reg, int(x.Base), x.Disp
	case c == 0x8b && !x.Memory, c == 0x63 && !x.Memory:
		o.Kind, o.Dst, o.Src = Add, reg, rm
	case c == 0x8d && memory: // LEA
		o.Kind, o.Dst, o.Src, o.Imm = Add, reg, int(x.Base), x.Disp
	case (c == 0x81 || c == 0x83) && !x.Memory: // ADD, SUB and others with an immediate
		o.Dst = rm
		switch x.ModRM >> 3 & 7 {
		case 0:
			o.Kind, o.Src, o.Imm = Add, rm, x.Imm
		case 5:
			o.Kind, o.Src, o.Imm = Add, rm, -x.Imm
		case 7: // CMP
			o.Dst = NoRegister
		}
	case c >= 0x50 && c <= 0x57:
		o.Kind, o.Dst = Push, embedded(code, x, o.Size)
	case c == 0x68, c == 0x6a:
		o.Kind, o.Dst, o.Imm = Push, NoRegister, x.Imm
	case c >= 0x58 && c <= 0x5f:
		o.Kind, o.Dst = Pop, embedded(code, x, o.Size)
	case c == 0xff && x.ModRM>>3&7 == 6: // PUSH [m]
		o.Kind, o.Dst2 = Push, pushedUnknown
	case c == 0xc9: // LEAVE: the stack is as it was when the frame pointer was set
		o.Dst = 4
	case c < 0x40 && c&7 <= 5 || c == 0x84 || c == 0x85 || c == 0x86 || c == 0x87 || c == 0x88 || c == 0x8a:
		return arithmeticX86(x, o)
	case c >= 0x90 && c <= 0x97:
		o.Dst, o.Dst2 = 0, int(c&7)
		if c == 0x90 {
			o.Dst, o.Dst2 = NoRegister, NoRegister
		}
	case c == 0x98, c == 0xa8, c == 0xa9, c == 0xac, c == 0xad, c == 0xe4, c == 0xe5, c == 0xec, c == 0xed:
		o.Dst = 0
		if c == 0xa8 || c == 0xa9 { // TEST
			o.Dst = NoRegister
		}
	case c == 0x99:
		o.Dst = 2
	case c == 0x69, c == 0x6b: // IMUL
		o.Dst = reg
	case c >= 0xb0 && c <= 0xb7: // MOV r8, imm8
		o.Dst = int(c & 3)
	case c == 0x8b, c == 0x63, c == 0x8d: // from memory elsewhere
		o.Dst = reg
	case (c == 0xc0 || c == 0xc1 || c >= 0xd0 && c <= 0xd3 || c == 0x8f || c == 0x80) && !x.Memory:
		o.Dst = rm
	case c == 0xf6 || c == 0xf7:
		if x.ModRM>>3&7 >= 4 { // MUL, DIV
			o.Dst, o.Dst2 = 0, 2
		} else if x.ModRM>>3&7 >= 2 && !x.Memory { // NOT, NEG
			o.Dst = rm
		}
	case (c == 0xfe || c == 0xff) && !x.Memory: // INC, DEC
		o.Dst = rm
	}
	return o
}

// arithmeticX86 reads opcodes of the forms op r/m, r and op r, r/m.
func arithmeticX86(x *isa.X86, o Step) Step {
	c := x.Opcode
	switch {
	case c >= 0x38 && c < 0x40, c == 0x84, c == 0x85: // CMP, TEST
	case c == 0x86, c == 0x87: // XCHG
		o.Dst = int(x.Reg)
		if !x.Memory {
			o.Dst2 = int(x.Rm)
		}
	case c&7 >= 4 && c < 0x40: // op AX, imm
		o.Dst = 0
	case c&2 != 0: // op r, r/m
		o.Dst = int(x.Reg)
	case !x.Memory:
		o.Dst = int(x.Rm)
	}
	return o
}

// twoByteX86 reads the opcodes after 0F (table A-3): nearly all of them write the register of ModRM, if a general one.
func twoByteX86(x *isa.X86, o Step, goarch string) Step {
	c := x.Opcode
	switch {
	case (c == 0x11 || c == 0x29 || c == 0x7f || c == 0xd6 || c == 0x7e && x.Prefix == 1) && x.Memory && x.Base < 0x10:
		return Step{Kind: Smash, Size: o.Size, Src: int(x.Base), Imm: x.Disp, Pair: 16}
	case c == 0x05 && goarch == "amd64": // SYSCALL
		o.Kind = Trap
	case c == 0xba: // BT and its kin with an immediate
		if !x.Memory && x.ModRM>>3&7 != 4 {
			o.Dst = int(x.Rm)
		}
	case c >= 0x40 && c <= 0x4f, c >= 0xb6 && c <= 0xbf, c == 0xaf, c == 0x2c, c == 0x2d: // CMOV, MOVZX, BSF, IMUL, CVT
		o.Dst = int(x.Reg)
	case c == 0x7e && x.Prefix != 2 && !x.Memory, c >= 0x90 && c <= 0x9f && !x.Memory, c == 0xc7 && !x.Memory: // MOVD, SET
		o.Dst = int(x.Rm)
	case c == 0xb0, c == 0xb1, c == 0xc7: // CMPXCHG
		o.Dst, o.Dst2 = 0, 2
	case c == 0xc0, c == 0xc1: // XADD
		o.Dst = int(x.Reg)
	case c >= 0xc8 && c <= 0xcf: // BSWAP
		o.Dst = int(c & 7)
	case c == 0xa2, c == 0x31: // CPUID, RDTSC
		o.Dst, o.Dst2 = 0, 2
	case c == 0xd7, c == 0x50: // PMOVMSKB, MOVMSKPS
		o.Dst = int(x.Reg)
	}
	return o
}

// embedded is the register in the opcode itself, with the bit that REX adds.
func embedded(code []byte, x *isa.X86, size int) int {
	opcode := size - 1
	if x.Opcode >= 0xb8 {
		switch {
		case x.W:
			opcode -= 8
		case x.Size16:
			opcode -= 2
		default:
			opcode -= 4
		}
	}
	reg := int(x.Opcode & 7)
	if opcode > 0 && opcode-1 < len(code) && code[opcode-1]&0xf1 == 0x41 {
		reg += 8
	}
	return reg
}
