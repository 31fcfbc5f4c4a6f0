package guards

import "seatrial.example/reader/isa"

// opKind is what an instruction does with values.
type opKind uint8

const (
	opClobber   opKind = iota // dst gets something unknown
	opMove                    // dst = src
	opAnd                     // dst = src & src2
	opOr                      // dst = src | src2
	opAdd                     // dst = src + src2
	opShift                   // dst = src >> n, one bit of which is looked at
	opCompare                 // the flags compare src with src2
	opTest                    // the flags tell whether src & src2 is zero
	opBit                     // the carry flag is bit src2 of src
	opSet                     // dst = whether cond holds
	opSelect                  // dst = src where cond holds, else src2
	opCPUID                   // AX, BX, CX, DX = CPUID(AX, CX)
	opFlags                   // the flags are about something that is not followed
	opForgetAll               // nothing is known of any register but the stack pointer
	opPush
	opPop
	opSmash // n bytes at dst become unknown
)

// condition is what of the flags a branch looks at.
type condition uint8

const (
	never condition = iota // one that is not followed
	equal
	notEqual
	carry
	noCarry
	above    // more, signed or not
	notAbove // less or the same
	atLeast  // more or the same, signed
	less     // signed
	zero     // a register is zero; of a branch that looks at src
	notZero
	bitSet // bit src2 of src
	bitClear
)

func (c condition) not() condition {
	switch c {
	case equal:
		return notEqual
	case notEqual:
		return equal
	case carry:
		return noCarry
	case noCarry:
		return carry
	case above:
		return notAbove
	case notAbove:
		return above
	case atLeast:
		return less
	case less:
		return atLeast
	case zero:
		return notZero
	case notZero:
		return zero
	case bitSet:
		return bitClear
	case bitClear:
		return bitSet
	}
	return never
}

// place is an operand: a register, a number, or memory.
type place struct {
	form formOf
	reg  int   // of a register; the base of memory
	n    int64 // a number; the displacement of memory; the address of absolute memory
	size int   // bytes, 0 for a whole register
}

type formOf uint8

const (
	none formOf = iota
	register
	number
	memory   // at a register plus n
	absolute // at n
	lost     // memory at an address that is not followed
)

// op is one effect of an instruction.
type op struct {
	kind           opKind
	dst, src, src2 place
	cond           condition
}

// lifted is an instruction and its effects.
type lifted struct {
	in   isa.Instruction
	ops  []op
	cond condition // of a branch
	on   place     // what a branch on a register looks at
	bit  int64
	bad  bool // no known instruction

	nothing bool // NOP
}

func reg(r uint8) place  { return place{form: register, reg: int(r)} }
func imm(n int64) place  { return place{form: number, n: n} }
func clobber(r int) op   { return op{kind: opClobber, dst: place{form: register, reg: r}} }
func move(d, s place) op { return op{kind: opMove, dst: d, src: s} }

// machine is what has to be known of an architecture.
type machine struct {
	arch      *isa.Arch
	registers int
	stack     int
	frame     int  // the frame pointer, in which no function is given anything, or -1
	temporary int  // register in which Go's assembler makes the address of a variable that it accesses, or -1
	pages     bool // an instruction that names an address names only its page
	zero      int  // register that is always 0, or -1
	lift      func(m *machine, c *lifted)
	words     []bitWord
	hwcap     uint8 // which of them is AT_HWCAP, plus 1
	results   []int // where a call of a CPUID function returns its four numbers
	arguments []int
}

// bitWord is a number whose bits tell of features.
type bitWord struct {
	cpuid cpuidWord
	bits  map[int]facts
	named int64 // the bits that have a name
}
