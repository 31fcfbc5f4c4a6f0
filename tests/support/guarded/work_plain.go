//go:build arm64 || loong64 || riscv64

package main

func plain() uint64

func work(n uint64) uint64 {
	if n == 100 {
		return plain()
	}
	return 0
}
