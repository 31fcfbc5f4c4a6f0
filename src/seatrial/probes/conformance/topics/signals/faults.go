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
	faults(
		fault{
			name:     "nil-dereference",
			contract: "A read through a nil pointer is a run-time panic that can be recovered from.",
			source:   "package runtime, Error; Go runtime/signal_unix.go, sigpanic",
			breaks:   "net/http and every server that recovers from a handler's panic dies with one bad request.",
			commit:   func() { fmt.Println(*nowhere) },
		}, fault{
			name:     "call-of-nothing",
			contract: "A jump to address 0 is a run-time panic that can be recovered from.",
			source:   "Go runtime/signal_*.go, preparePanic: a call of a nil function is unwound through the link register",
			breaks:   "A hook that was not set ends the program, with a trace that does not show where.",
			commit:   func() { jump(nil) },
		}, fault{
			name:     "integer-divide",
			contract: "An integer division by zero is a run-time panic that can be recovered from.",
			source:   "Go specification, \"Integer operators\"",
			breaks:   "Programs crash on some CPUs and compute nonsense on others.",
			commit:   func() { fmt.Println(7 / divisor()) },
		}, fault{
			name:     "misaligned-load",
			contract: "What a load from an address that is no multiple of its size does is what the port is known for.",
			source:   "suite/expected/signals.json; Linux arch/*: alignment traps",
			breaks:   "Code that reads packed data through unsafe works on one CPU and crashes on the other.",
			commit: func() {
				if suite.Planted("signals-strict-alignment") {
					fmt.Println(*nowhere)
				}
				bytes := [16]byte{0, 1, 1, 1, 1, 1, 1, 1, 1}
				if *(*uint64)(unsafe.Add(unsafe.Pointer(&bytes), 1+zero)) != 0x0101010101010101 {
					panic("the value is wrong")
				}
			},
		}, fault{
			name:     "illegal-instruction",
			contract: "An instruction that the CPU does not have ends the program with a message that says so.",
			source:   "Go runtime/sigtab_linux_generic.go, SIGILL; the architecture's manual: permanently undefined encodings",
			breaks:   "A program built for a newer CPU does not say why it dies, or goes on wrongly.",
			commit:   illegal,
		}, fault{
			name:     "breakpoint",
			contract: "A breakpoint that no debugger takes ends the program with a message that says so.",
			source:   "package runtime, Breakpoint; ptrace(2)",
			breaks:   "Debuggers of Go (Delve) do not stop where they should.",
			commit:   runtime.Breakpoint,
		}, fault{
			name:     "stack-overflow",
			contract: "A goroutine that outgrows the largest stack ends the program with \"stack overflow\", and with no signal.",
			source:   "package runtime/debug, SetMaxStack; Go runtime/stack.go, newstack",
			breaks:   "Endless recursion eats the machine's memory, or the memory beside the stack.",
			commit: func() {
				debug.SetMaxStack(256 << 10)
				fmt.Println(endless(1))
			},
		}, fault{
			name:     "write-to-read-only",
			contract: "A write to read-only memory ends the program with the address; with SetPanicOnFault it is a panic.",
			source:   "package runtime/debug, SetPanicOnFault; Go runtime/signal_unix.go, sigpanic",
			breaks:   "Programs that map files cannot survive, or do not notice, writing where they must not.",
			commit:   func() { *(*byte)(memory(readOnly)) = 1 },
		}, fault{
			name:     "no-access",
			contract: "A read of memory that must not be read ends the program with the address; with SetPanicOnFault it is a panic.",
			source:   "mprotect(2), PROT_NONE; package runtime/debug, SetPanicOnFault",
			breaks:   "Guard pages guard nothing.",
			commit:   func() { fmt.Println(*(*byte)(memory(noAccess))) },
		}, fault{
			name:     "jump-to-data",
			contract: "A jump to memory that is not executable ends the program with the address.",
			source:   "mprotect(2), PROT_EXEC",
			breaks:   "Injected data runs as code.",
			commit:   func() { jump(memory(data)) },
		},
	)
	suite.Helper(helper, func(args []string) int { return outcome.Commit(args[1], byName[args[0]]) })
}

// A fault of the CPU, as a helper program commits it.
type fault struct {
	name                     string
	contract, source, breaks string
	commit                   func()
}

const helper = "signals-fault"

var byName = map[string]func(){}

func faults(all ...fault) {
	for _, f := range all {
		byName[f.name] = f.commit
		suite.Register(suite.Case{
			ID: "signals/fault-" + f.name, Contract: f.contract, Source: f.source, Breaks: f.breaks,
			Needs: []string{"self-exec"},
			Run:   func(t *suite.T) { outcome.Judge(t, helper, f.name) },
		})
	}
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
