package main

import (
	"runtime/debug"
	"syscall"
)

// limit bounds the memory that the reader takes besides the mapping: the collector works little at first, hard where it
// is as much as the mapping, and what goes beyond `bytes` ends the process. RLIMIT_DATA counts pages that may be
// written, those of the mapping too.
func limit(mapping, bytes uint64) {
	debug.SetGCPercent(200)
	debug.SetMemoryLimit(int64(max(mapping, smallest)))
	most := syscall.Rlimit{Cur: mapping + bytes, Max: mapping + bytes}
	_ = syscall.Setrlimit(syscall.RLIMIT_DATA, &most) // one that is lower already stays
}
