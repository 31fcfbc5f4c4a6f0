package resources

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "resources/variables-honoured",
		Contract: "GOMAXPROCS and GOMEMLIMIT of the environment reach the runtime of a program as they were set.",
		Source:   "package runtime, \"Environment Variables\"; execve(2), CreateProcess (Microsoft, Win32)",
		Breaks:   "Limits that an operator sets for a service have no effect: it is throttled, or killed for its memory.",
		Needs:    []string{"self-exec"},
		Run:      variables,
	}, suite.Case{
		ID:       "resources/memory-limit-kept",
		Contract: "Under GOMEMLIMIT, with the garbage collector otherwise off, a program that makes garbage stays near the limit.",
		Source:   "package runtime/debug, SetMemoryLimit; Go runtime/mgcpacer.go, mgcscavenge.go",
		Breaks:   "Services in containers are killed for garbage.",
		Needs:    []string{"self-exec"},
		Run:      limitKept,
	})
	suite.Helper("resources-litter", litter)
}

func variables(t *suite.T) {
	child := t.Self("resources-report")
	child.Env = append(without("GOMAXPROCS", "GOMEMLIMIT"), "GOMAXPROCS=3", "GOMEMLIMIT=123MiB")
	if suite.Planted("resources-no-environment") {
		child.Env = without("GOMAXPROCS", "GOMEMLIMIT")
	}
	if got := reported(t, child); got.Procs != 3 || got.Memory != 123<<20 {
		t.Fatalf("with GOMAXPROCS=3 and GOMEMLIMIT=123MiB, a program had %d and %d bytes", got.Procs, got.Memory)
	}
}

const (
	litterLimit = 32 << 20
	litterSum   = 160 << 20
)

var kept []byte

// litter makes garbage, and says how much memory the runtime ever had from the system.
func litter([]string) int {
	for made := 0; made < litterSum; made += 1 << 20 {
		kept = make([]byte, 1<<20)
		for i := 0; i < len(kept); i += 4096 {
			kept[i] = 1
		}
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	fmt.Fprintln(os.Stdout, memory.HeapSys, memory.NumGC, debug.SetMemoryLimit(-1))
	return 0
}

func limitKept(t *suite.T) {
	child := t.Self("resources-litter")
	child.Env = append(without("GOGC", "GOMEMLIMIT"), "GOGC=off", "GOMEMLIMIT=32MiB")
	if suite.Planted("resources-no-environment") {
		child.Env = append(without("GOGC", "GOMEMLIMIT"), "GOGC=off")
	}
	done := ended(t, child, 5*time.Second)
	var heap, collections, limit int64
	if _, err := fmt.Sscan(done.out, &heap, &collections, &limit); err != nil {
		t.Fatalf("the child ended with %v, and said %q and %q", done.state, done.out, done.said)
	}
	if limit != litterLimit || collections == 0 || heap > 3*litterLimit {
		t.Fatalf("with a limit of %d bytes (as set: %d) it took %d bytes of heap for %d of garbage, in %d collections", limit,
			litterLimit, heap, litterSum, collections)
	}
}
