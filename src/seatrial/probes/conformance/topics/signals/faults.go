package signals

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"unsafe"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/signals/outcome"
)

// What the platform and Go make of each is in suite/expected/signals.json, as outcome.Judge puts it.
func init() {
	suite.Register(suite.Case{
		ID:       "signals/fault-nil-dereference",
		Contract: "A read through a nil pointer is a run-time panic that can be recovered from.",
		Source:   "package runtime, Error; Go runtime/signal_unix.go, sigpanic",
		Breaks:   "net/http and every server that recovers from a handler's panic dies with one bad request.",
		Needs:    []string{"self-exec"},
		Run:      committed("nil-dereference", func() { fmt.Println(*nowhere) }),
	}, suite.Case{
		ID:       "signals/fault-call-of-nothing",
		Contract: "A jump to address 0 is a run-time panic that can be recovered from.",
		Source:   "Go runtime/signal_*.go, preparePanic: a call of a nil function is unwound through the link register",
		Breaks:   "A hook that was not set ends the program, with a trace that does not show where.",
		Needs:    []string{"self-exec"},
		Run:      committed("call-of-nothing", func() { jump(nil) }),
	}, suite.Case{
		ID:       "signals/fault-integer-divide",
		Contract: "An integer division by zero is a run-time panic that can be recovered from.",
		Source:   "Go specification, \"Integer operators\"",
		Breaks:   "Programs crash on some CPUs and compute nonsense on others.",
		Needs:    []string{"self-exec"},
		Run:      committed("integer-divide", func() { fmt.Println(7 / divisor()) }),
	}, suite.Case{
		ID:       "signals/fault-misaligned-load",
		Contract: "What a load from an address that is no multiple of its size does is what the port is known for.",
		Source:   "suite/expected/signals.json; Linux arch/*: alignment traps",
		Breaks:   "Code that reads packed data through unsafe works on one CPU and crashes on the other.",
		Needs:    []string{"self-exec"},
		Run: committed("misaligned-load", func() {
			if suite.Planted("signals-strict-alignment") {
				fmt.Println(*nowhere)
			}
			bytes := [16]byte{0, 1, 1, 1, 1, 1, 1, 1, 1}
			if *(*uint64)(unsafe.Add(unsafe.Pointer(&bytes), 1+zero)) != 0x0101010101010101 {
				panic("the value is wrong")
			}
		}),
	}, suite.Case{
		ID:       "signals/fault-illegal-instruction",
		Contract: "An instruction that the CPU does not have ends the program with a message that says so.",
		Source:   "Go runtime/sigtab_linux_generic.go, SIGILL; the architecture's manual: permanently undefined encodings",
		Breaks:   "A program built for a newer CPU does not say why it dies, or goes on wrongly.",
		Needs:    []string{"self-exec"},
		Run:      committed("illegal-instruction", illegal),
	}, suite.Case{
		ID:       "signals/fault-breakpoint",
		Contract: "A breakpoint that no debugger takes ends the program with a message that says so.",
		Source:   "package runtime, Breakpoint; ptrace(2)",
		Breaks:   "Debuggers of Go (Delve) do not stop where they should.",
		Needs:    []string{"self-exec"},
		Run:      committed("breakpoint", runtime.Breakpoint),
	}, suite.Case{
		ID:       "signals/fault-stack-overflow",
		Contract: "A goroutine that outgrows the largest stack ends the program with \"stack overflow\", and with no signal.",
		Source:   "package runtime/debug, SetMaxStack; Go runtime/stack.go, newstack",
		Breaks:   "Endless recursion eats the machine's memory, or the memory beside the stack.",
		Needs:    []string{"self-exec"},
		Run: committed("stack-overflow", func() {
			debug.SetMaxStack(256 << 10)
			fmt.Println(endless(1))
		}),
	}, suite.Case{
		ID:       "signals/fault-write-to-read-only",
		Contract: "A write to read-only memory ends the program with the address; with SetPanicOnFault it is a panic.",
		Source:   "package runtime/debug, SetPanicOnFault; Go runtime/signal_unix.go, sigpanic",
		Breaks:   "Programs that map files cannot survive, or do not notice, writing where they must not.",
		Needs:    []string{"self-exec"},
		Run:      committed("write-to-read-only", func() { *(*byte)(memory(readOnly)) = 1 }),
	}, suite.Case{
		ID:       "signals/fault-no-access",
		Contract: "A read of memory that must not be read ends the program with the address; with SetPanicOnFault it is a panic.",
		Source:   "mprotect(2), PROT_NONE; package runtime/debug, SetPanicOnFault",
		Breaks:   "Guard pages guard nothing.",
		Needs:    []string{"self-exec"},
		Run:      committed("no-access", func() { fmt.Println(*(*byte)(memory(noAccess))) }),
	}, suite.Case{
		ID:       "signals/fault-jump-to-data",
		Contract: "A jump to memory that is not executable ends the program with the address.",
		Source:   "mprotect(2), PROT_EXEC",
		Breaks:   "Injected data runs as code.",
		Needs:    []string{"self-exec"},
		Run:      committed("jump-to-data", func() { jump(memory(data)) }),
	})
	suite.Helper(helper, func(args []string) int { return outcome.Commit(args[1], byName[args[0]]) })
}

const helper = "signals-fault"

var byName = map[string]func(){}

// committed is a case that has a helper program commit a fault of the CPU, and judges what became of it.
func committed(name string, commit func()) func(t *suite.T) {
	byName[name] = commit
	return func(t *suite.T) { outcome.Judge(t, helper, name) }
}

// nowhere and zero are variables, so that the compiler does not see what is coming.
var (
	nowhere *int
	zero    int
)

func divisor() int {
	if suite.Planted("signals-faults-pass") {
		return 1
	}
	return zero
}

//go:noinline
func endless(depth int) int {
	if suite.Planted("signals-faults-pass") && depth > 9 {
		return 0
	}
	return endless(depth+1) + depth
}

// jump calls the machine code at an address.
func jump(to unsafe.Pointer) {
	entry := &to
	(*(*func())(unsafe.Pointer(&entry)))()
}

// Kinds of memory.
const (
	noAccess = iota
	readOnly
	data
)

func memory(kind int) unsafe.Pointer {
	place, err := mapped(kind)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(9)
	}
	return place
}
