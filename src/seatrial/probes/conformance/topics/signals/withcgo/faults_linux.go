package withcgo

/*
#cgo CFLAGS: -I${SRCDIR}/../../../suite
#include <stdlib.h>
#include "planted.h"

static volatile int zero = 0;
static volatile int number = 7;

static void faultInC(void) {
	if (seatrial_planted("signals-c-faults-pass")) return;
	*(volatile int *)(size_t)zero = 1;
}
static void abortInC(void) {
	if (seatrial_planted("signals-c-faults-pass")) return;
	abort();
}
static int divideInC(void) {
	if (seatrial_planted("signals-c-divide-by-one")) zero = 1;
	return number / zero;
}
*/
import "C"

import (
	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/signals/outcome"
)

const helper = "signals-c-fault"

var byName = map[string]func(){
	"fault-in-c":  func() { C.faultInC() },
	"abort-in-c":  func() { C.abortInC() },
	"divide-in-c": func() { C.divideInC() },
}

func init() {
	suite.Helper(helper, func(args []string) int { return outcome.Commit(args[1], byName[args[0]]) })
	suite.Register(suite.Case{
		ID:       "signals/fault-in-c",
		Contract: "A fault in C code ends the program with a message that says so; it is no panic to recover from.",
		Source:   "package os/signal, \"Go programs that use cgo or SWIG\"; Go runtime/signal_unix.go, sighandler",
		Breaks:   "Programs go on with a C library in an unknown state, or die without a word.",
		Needs:    []string{"self-exec"},
		Run:      func(t *suite.T) { outcome.Judge(t, helper, "fault-in-c") },
	}, suite.Case{
		ID:       "signals/abort-in-c",
		Contract: "abort() in C ends the program with a message that says so, and the stack of the goroutine that called C.",
		Source:   "abort(3); package os/signal, \"SIGABRT\"",
		Breaks:   "Failed assertions of C libraries end programs without a trace.",
		Needs:    []string{"self-exec"},
		Run:      func(t *suite.T) { outcome.Judge(t, helper, "abort-in-c") },
	}, suite.Case{
		ID:       "signals/divide-in-c",
		Contract: "What an integer division by zero in C does is what the CPU is known for: a signal, or a number.",
		Source:   "suite/expected/signals.json; ISO C, 6.5.5: undefined",
		Breaks:   "Libraries that were tested on a CPU that traps compute nonsense on one that does not.",
		Needs:    []string{"self-exec"},
		Run:      func(t *suite.T) { outcome.Judge(t, helper, "divide-in-c") },
	})
}
