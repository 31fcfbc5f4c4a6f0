//go:build arm64 || loong64 || riscv64

package main

import "os"

func plain() uint64

var started uint64

// What starts the program has no caller but itself, when its stack has grown.
func init() {
	if len(os.Args) == 100 {
		started = plain()
	}
}

func work(uint64) uint64 { return started }
