package early

const callPrlimit = 369 // prlimit64, linux/arch/arm/tools/syscall.tbl
