package early

const callPrlimit = 334 // prlimit64, linux/arch/s390/kernel/syscalls/syscall.tbl
