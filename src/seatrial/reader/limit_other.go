//go:build !linux

package main

import "runtime/debug"

// limit makes the collector work hard from a half on; there is no limit of the system's that would count the heap.
func limit(_, bytes uint64) {
	debug.SetMemoryLimit(int64(min(bytes/2, 1<<62)))
}
