//go:build arm64 || riscv64 || loong64

package early

const callPrlimit = 261 // prlimit64, linux/asm-generic/unistd.h
