// Package syscalls recovers the numbers of the system calls that a program can make, at the places where it says them.
//
// A number is a constant that travels through registers and stack slots to the instruction that enters the kernel. The
// code of the few functions on that way is followed in a straight line, joining at forward jumps. A function that
// enters the kernel with a number that it was given becomes a place to which its callers hand numbers, and so on
// outwards: no name of a function is asked, so that stripped binaries, C code and wrappers of users are the same.
package syscalls

// kind is what an instruction does, as far as a constant on its way is concerned.
type kind uint8

const (
	other    kind = iota // writes dst, and dst2, with something that is not known
	constant             // dst = imm
	add                  // dst = src + imm
	insert               // dst = dst with 16 bits at bit shift replaced by imm
	combine              // dst = dst | imm
	load                 // dst = word at src + imm; with pair, dst2 from that far behind
	store                // word at src + imm = dst; with pair, dst2 that far behind
	setWord              // word at src + imm = value
	smash                // pair bytes at src + imm become something that is not known
	push                 // the stack pointer moves down, then the word there = dst, or imm without a dst
	pop                  // dst = the word at the stack pointer, which moves up
	call                 // to target
	callAny              // to src + imm, where that is known
	jump                 // to target
	branch               // perhaps to target
	jumpAny              // to src + imm, where that is known, or back to the caller
	trap                 // enters the kernel
)

// op is one instruction. The registers are the machine's numbers; for x86 those of the ModRM byte.
type op struct {
	kind      kind
	size      int
	dst, dst2 int
	src       int
	imm       int64
	value     int64
	shift     uint
	pair      int64
	target    uint64
	late      int // the register that the instruction behind a call writes (MIPS), plus 1
}

const (
	noRegister = -1
	onStack    = -1 // in place of a register

	pushedUnknown = -2 // dst2 of a push of something that is not known
)

// nothing is an instruction of this size that writes no register.
func nothing(size int) op {
	return op{kind: other, size: size, dst: noRegister, dst2: noRegister, src: noRegister}
}

// writes is an instruction that writes one register with something that is not known.
func writes(size, dst int) op {
	return op{kind: other, size: size, dst: dst, dst2: noRegister, src: noRegister}
}

// machine is what has to be known of an architecture.
type machine struct {
	decode    func(code []byte, addr uint64) op // code is never empty; size is at least 1
	stack     int                               // the stack pointer
	number    int                               // holds the number when the kernel is entered
	zero      int                               // always 0; -1 where there is no such register
	argument  int                               // holds the first integer argument of C; or onStack
	pushed    int64                             // bytes that a call pushes
	aligned   int                               // of instructions
	callMayBe func(code []byte, addr uint64) (target uint64, size int)
	trapMayBe func(code []byte) bool
}
