// Command crash-on-arm64-only follows a nil pointer on arm64 and nowhere else: its own fault, never an emulator's.
package main

import (
	"fmt"
	"runtime"
)

type table struct{ answers map[string]int }

func tableFor(goarch string) *table {
	if goarch == "arm64" {
		return nil
	}
	return &table{map[string]int{goarch: 42}}
}

func main() {
	fmt.Println("the answer is", tableFor(runtime.GOARCH).answers[runtime.GOARCH])
}
