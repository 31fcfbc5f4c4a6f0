package runtimes

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "runtimes/big-heap",
		Contract: "A slice of 1 GB (64 MB on 32-bit ports) can be made, is zero everywhere, and takes memory only where used.",
		Source:   "Go runtime/malloc.go, sysAlloc: reserved with PROT_NONE, then mapped; Linux vm/overcommit_memory",
		Breaks:   "Programs with big caches or tables do not start.",
		Needs:    []string{"self-exec"},
		Run: func(t *suite.T) {
			// A process of its own: where the heap was used before, the runtime writes zeros, and takes the memory.
			var said bytes.Buffer
			helper := t.Self("runtimes-big-heap")
			helper.Stderr = &said
			out, err := helper.Output()
			if problem := strings.TrimSpace(string(out)); err != nil || problem != "" {
				t.Fatalf("%s (%v) %.300s", problem, err, said.String())
			}
		},
	})
	suite.Helper("runtimes-big-heap", func([]string) int {
		if err := bigHeap(); err != nil {
			fmt.Println(err)
		}
		return 0
	})
}

func bigHeap() error {
	const pieces = 64
	wide := unsafe.Sizeof(uintptr(0)) == 8
	size := 64 << 20
	if wide {
		size = 1 << 30
	}
	big := make([]byte, size)
	step := size / pieces
	for i := 0; i < size; i += step {
		if big[i] != 0 || big[i+step-1] != 0 {
			return fmt.Errorf("new memory is not zero at %d or %d", i, i+step-1)
		}
		big[i], big[i+step-1] = byte(i/step), 0xff
	}
	runtime.GC()
	for i := 0; i < size; i += step {
		if big[i] != byte(i/step) || big[i+step-1] != 0xff {
			return fmt.Errorf("memory changed at %d or %d", i, i+step-1)
		}
	}
	// Huge pages may take a quarter of it, or all of it: with pages of 16 KiB, as on loong64, they are 32 MiB large.
	huge := 2 << 20
	text, _ := os.ReadFile("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size")
	fmt.Sscan(string(text), &huge)
	var all, pages int // proc_pid_statm(5)
	text, _ = os.ReadFile("/proc/self/statm")
	if fmt.Sscan(string(text), &all, &pages); wide && 2*pieces*huge <= size/2 && pages*os.Getpagesize() > size/2 {
		return fmt.Errorf("%d places of %d MiB were used, and %d MiB are resident", 2*pieces, size>>20, pages*os.Getpagesize()>>20)
	}
	runtime.KeepAlive(big)
	return nil
}
