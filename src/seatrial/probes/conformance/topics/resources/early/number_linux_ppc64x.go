//go:build ppc64 || ppc64le

package early

const callPrlimit = 325 // prlimit64, linux/arch/powerpc/kernel/syscalls/syscall.tbl
