//go:build !linux

package main

import "runtime/debug"

// limit makes the collector work hard where the heap is as large as the mapping; there is no limit of the system's that
// would count the heap.
func limit(mapping, _ uint64) {
	debug.SetMemoryLimit(int64(max(mapping, smallest)))
}
