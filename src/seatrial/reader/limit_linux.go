package main

import (
	"runtime/debug"
	"syscall"
)

// limit bounds the memory that the reader takes besides the mapping: the collector works hard from a half on, and what
// goes beyond ends the process. RLIMIT_DATA counts pages that may be written, those of the mapping too.
func limit(mapping, bytes uint64) {
	debug.SetMemoryLimit(int64(min(bytes/2, 1<<62)))
	most := syscall.Rlimit{Cur: mapping + bytes, Max: mapping + bytes}
	_ = syscall.Setrlimit(syscall.RLIMIT_DATA, &most) // one that is lower already stays
}
