// Goarchive is Go code that a C program is linked with: its runtime starts before the program's main.
package main

import "C"

import (
	"fmt"
	"os"
	"runtime"
)

// SeatrialProduct multiplies in goroutines, so that the runtime has to be there.
//
//export SeatrialProduct
func SeatrialProduct(a, b C.int) C.int {
	parts := make(chan C.int)
	for range b {
		go func() { parts <- a }()
	}
	runtime.GC()
	sum := C.int(0)
	for range b {
		sum += <-parts
	}
	return sum
}

// SeatrialTold writes what Go knows of the program: its arguments and one variable of its environment.
//
//export SeatrialTold
func SeatrialTold() {
	fmt.Println(len(os.Args), os.Args[len(os.Args)-1], os.Getenv("SEATRIAL_TOLD"))
}

func main() {}
