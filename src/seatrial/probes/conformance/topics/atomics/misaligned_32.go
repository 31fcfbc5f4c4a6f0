//go:build 386 || arm || mips || mipsle

package atomics

import (
	"fmt"
	"strings"
	"sync/atomic"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "atomics/misaligned-wide-word-panics",
		Contract: "A 64-bit atomic on an address that is not a multiple of 8 panics, and can be recovered from.",
		Source:   "package sync/atomic, \"Bugs\"; Go internal/runtime/atomic/unaligned.go",
		Breaks:   "The mistake goes unnoticed, and the access is not atomic.",
		Run:      misaligned,
	})
}

func misaligned(t *suite.T) {
	block := new([3]uint64)
	address := (*uint64)(unsafe.Add(unsafe.Pointer(block), 4))
	if suite.Planted("atomics-misplaced-32") {
		address = &block[1]
	}
	for name, access := range map[string]func(){
		"AddUint64":            func() { atomic.AddUint64(address, 1) },
		"LoadUint64":           func() { atomic.LoadUint64(address) },
		"StoreUint64":          func() { atomic.StoreUint64(address, 1) },
		"SwapUint64":           func() { atomic.SwapUint64(address, 1) },
		"CompareAndSwapUint64": func() { atomic.CompareAndSwapUint64(address, 0, 1) },
	} {
		if said := panicOf(access); !strings.Contains(said, "unaligned 64-bit atomic operation") {
			t.Errorf("%s: expected the panic \"unaligned 64-bit atomic operation\", got %q", name, said)
		}
	}
}

func panicOf(run func()) (said string) {
	defer func() {
		if fault := recover(); fault != nil {
			said = fmt.Sprint(fault)
		}
	}()
	run()
	return ""
}
