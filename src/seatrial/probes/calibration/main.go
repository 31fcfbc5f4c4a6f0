//go:build linux && (amd64 || arm64)

// Command calibration tells which instructions this machine executes and which trap.
//
//	calibration pclmulqdq=660f3a44c100 vpaddd=fdfec1...
//
// Each argument is a name and the bytes of one instruction. It is executed in a page of its own, with the first argument
// register (rdi, x0) pointing at 4096 zeroed bytes; a signal handler that is not Go's steps over it where it traps. For
// each a JSON line tells the signal that it raised, 0 for one that was executed; the last line counts them.
package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
)

type outcome struct {
	Instruction string `json:"instruction"`
	Signal      uint64 `json:"signal"`
}

func main() {
	runtime.LockOSThread() // the signals are this thread's, and so is the page's code in its caches
	slot, err := newSlot()
	if err == nil {
		err = run(slot, os.Args[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "calibration:", err)
		os.Exit(2)
	}
}

func run(slot *slot, arguments []string) error {
	lines := json.NewEncoder(os.Stdout)
	for _, argument := range arguments {
		name, digits, _ := strings.Cut(argument, "=")
		code, err := hex.DecodeString(digits)
		if err != nil || len(code) == 0 || len(code) > slotSize {
			return fmt.Errorf("%q is not NAME=HEX with 1 to %d bytes", argument, slotSize)
		}
		signal, err := slot.try(code)
		if err != nil {
			return err
		}
		if err := lines.Encode(outcome{name, signal}); err != nil {
			return err
		}
	}
	return lines.Encode(map[string]int{"end": len(arguments)})
}
