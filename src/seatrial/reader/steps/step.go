// Package steps says what an instruction does to constants and addresses on their way through registers and the stack,
// on every architecture of Go that Linux has: enough to follow a number to the kernel, or a pointer to its use.
package steps

import (
	"encoding/binary"
	"math/bits"
)

// Kind is what an instruction does.
type Kind uint8

// The kinds of steps. Dst, Dst2 and Src are registers.
const (
	Other    Kind = iota // writes Dst and Dst2 with something that is not known
	Constant             // Dst = Imm
	Add                  // Dst = Src + Imm
	Insert               // Dst = Dst with 16 bits at bit Shift replaced by Imm
	Combine              // Dst = Src | Imm
	Sum                  // Dst = Src + Dst2, which is read
	Load                 // Dst = word at Src + Imm; with Pair, Dst2 from that far behind
	Store                // word at Src + Imm = Dst; with Pair, Dst2 that far behind
	SetWord              // word at Src + Imm = Value
	Smash                // Pair bytes at Src + Imm become something that is not known
	Push                 // the stack pointer moves down, then the word there = Dst, or Imm without a Dst
	Pop                  // Dst = the word at the stack pointer, which moves up
	Call                 // to Target
	CallAny              // to Src + Imm, where that is known
	Jump                 // to Target
	Branch               // perhaps to Target
	JumpAny              // to Src + Imm, where that is known, or back to the caller
	Trap                 // enters the kernel; Imm is the number where the instruction holds it
)

// Step is one instruction. The registers are the machine's numbers; for x86 those of the ModRM byte.
type Step struct {
	Kind      Kind
	Size      int
	Dst, Dst2 int
	Src       int
	Imm       int64
	Value     int64
	Part      bool // of a Constant: the instructions behind it add the rest of the number
	Shift     uint
	Pair      int64
	Target    uint64
	Late      int // the register that the instruction behind a call writes (MIPS), plus 1
}

// NoRegister stands for none. As the base of a Load it makes Imm an address.
const NoRegister = -1

// pushedUnknown is the Dst2 of a push of something that is not known.
const pushedUnknown = -2

// nothing is an instruction of this size that writes no register.
func nothing(size int) Step {
	return Step{Kind: Other, Size: size, Dst: NoRegister, Dst2: NoRegister, Src: NoRegister}
}

// writes is an instruction that writes one register with something that is not known.
func writes(size, dst int) Step {
	return Step{Kind: Other, Size: size, Dst: dst, Dst2: NoRegister, Src: NoRegister}
}

// Machine is what has to be known of an architecture.
type Machine struct {
	Decode  func(code []byte, addr uint64) Step // code is never empty; Size is at least 1
	Stack   int                                 // the stack pointer
	Number  int                                 // holds the number of a system call when the kernel is entered
	Zero    int                                 // always 0; NoRegister where there is no such register
	Counter int                                 // the program counter, where it is a register that can be loaded
	Pushed  int64                               // bytes that a call pushes
	Aligned int                                 // of instructions

	// CallMayBe reads a direct call or jump; a size of 0 says that there is none. TrapMayBe tells an instruction that
	// enters the kernel. Both are quick, and may be wrong where data looks like code.
	CallMayBe func(code []byte, addr uint64) (target uint64, size int)
	TrapMayBe func(code []byte) bool
}

// Calls visits what may be a direct call or jump to an address from low to high. It looks at each byte of x86.
func (m *Machine) Calls(code []byte, addr, low, high uint64, visit func(pc, target uint64)) {
	if m.Aligned > 1 {
		for at := 0; at+4 <= len(code); at += m.Aligned {
			if target, size := m.CallMayBe(code[at:], addr+uint64(at)); size > 0 && target >= low && target <= high {
				visit(addr+uint64(at), target)
			}
		}
		return
	}
	tell := func(at int) {
		if target, _ := callX86(code[at:], addr+uint64(at)); target >= low && target <= high {
			visit(addr+uint64(at), target)
		}
	}
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	at := 0
	for ; at+7+5 <= len(code); at += 8 { // eight bytes at a time are asked for CALL (E8) and JMP (E9)
		other := binary.LittleEndian.Uint64(code[at:])&^ones ^ 0xe8*ones
		for found := (other - ones) &^ other & tops; found != 0; found &= found - 1 {
			tell(at + bits.TrailingZeros64(found)/8)
		}
	}
	for ; at+5 <= len(code); at++ {
		if code[at]&^1 == 0xe8 {
			tell(at)
		}
	}
}

// For gives the machine of a GOARCH; nil for one that is not followed.
func For(goarch string) *Machine { return machines[goarch] }

var machines = map[string]*Machine{
	"amd64": &amd64, "386": &i386, "arm64": &arm64, "arm": &arm, "loong64": &loong64, "riscv64": &riscv64,
	"ppc64": &ppc64, "ppc64le": &ppc64le, "s390x": &s390x,
	"mips": &mipsBig, "mipsle": &mipsLittle, "mips64": &mipsBig, "mips64le": &mipsLittle,
}
