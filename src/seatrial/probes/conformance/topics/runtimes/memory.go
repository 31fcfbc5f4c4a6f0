package runtimes

import (
	"runtime"
	"runtime/debug"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "runtimes/big-heap",
		Contract: "A slice of 1 GB (64 MB on 32-bit ports) can be made, is zero everywhere, and takes memory only where used.",
		Source:   "Go runtime/malloc.go, sysAlloc: reserved with PROT_NONE, then mapped; Linux vm/overcommit_memory",
		Breaks:   "Programs with big caches or tables do not start.",
		Run:      bigHeap,
	})
}

func bigHeap(t *suite.T) {
	size := 1 << 30
	if unsafe.Sizeof(uintptr(0)) == 4 {
		size = 64 << 20
	}
	defer debug.FreeOSMemory()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // or the next collection would be a gigabyte away
	big := make([]byte, size)
	step := size / 64
	for i := 0; i < size; i += step {
		if big[i] != 0 || big[i+step-1] != 0 {
			t.Fatalf("new memory is not zero at %d or %d", i, i+step-1)
		}
		big[i], big[i+step-1] = byte(i/step), 0xff
	}
	runtime.GC()
	for i := 0; i < size; i += step {
		if big[i] != byte(i/step) || big[i+step-1] != 0xff {
			t.Fatalf("memory changed at %d or %d", i, i+step-1)
		}
	}
	runtime.KeepAlive(big)
}
