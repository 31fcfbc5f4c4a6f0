package main

import (
	"os"
	"runtime"
	"unsafe"
)

// facts are what the program saw of its machine, as evidence. Nothing is judged here.
func facts() map[string]any {
	seen := map[string]any{
		"goos": runtime.GOOS, "goarch": runtime.GOARCH, "go": runtime.Version(),
		"cpus": runtime.NumCPU(), "gomaxprocs": runtime.GOMAXPROCS(0),
		"page_size": os.Getpagesize(), "pointer_size": int(unsafe.Sizeof(uintptr(0))),
	}
	machine(seen)
	cpuid(seen)
	return seen
}
