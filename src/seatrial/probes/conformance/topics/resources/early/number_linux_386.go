package early

const callPrlimit = 340 // prlimit64, linux/arch/x86/entry/syscalls/syscall_32.tbl
