// Goshared is a Go library for C programs: its runtime starts when it is loaded.
package main

// #include <stdlib.h>
import "C"

import (
	"fmt"
	"runtime"
	"strings"
)

// SeatrialSum adds in goroutines, so that the runtime has to be there.
//
//export SeatrialSum
func SeatrialSum(a, b C.int) C.int {
	parts := make(chan C.int)
	for _, part := range []C.int{a, b} {
		go func() { parts <- part }()
	}
	runtime.GC()
	return <-parts + <-parts
}

// SeatrialSay answers in memory that the caller frees.
//
//export SeatrialSay
func SeatrialSay(word *C.char) *C.char {
	return C.CString(fmt.Sprintf("%s/%d", strings.ToUpper(C.GoString(word)), len(C.GoString(word))))
}

func main() {}
