package main

import (
	"runtime"
	"runtime/debug"
	"syscall"
)

// limit bounds the memory that the reader takes besides the mapping: the collector works hard where it is as much as
// the mapping, and what goes beyond `bytes` ends the process. RLIMIT_DATA counts pages that may be written, those of
// the mapping too.
func limit(mapping, bytes uint64) {
	debug.SetMemoryLimit(int64(max(mapping, smallest)))
	most := syscall.Rlimit{Cur: mapping + bytes, Max: mapping + bytes}
	_ = syscall.Setrlimit(syscall.RLIMIT_DATA, &most) // one that is lower already stays
	if mapping >= large {
		hugePages(min(mapping, smallest))
	}
}

const large = 32 << 20 // bytes of a file that is worth it

// hugePages has the kernel give the heap's first bytes in huge pages: else a tenth of the reader's time goes into some
// ten thousand page faults. The runtime does not ask for them itself (Go source: runtime/mem_linux.go).
func hugePages(bytes uint64) {
	heap := make([]byte, bytes)
	_ = syscall.Madvise(heap, syscall.MADV_HUGEPAGE) // a kernel without them goes on as before
	runtime.KeepAlive(heap)
	runtime.GC() // now it is free to be used
}
