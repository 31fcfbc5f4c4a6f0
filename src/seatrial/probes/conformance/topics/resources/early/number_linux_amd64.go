package early

const callPrlimit = 302 // prlimit64, linux/arch/x86/entry/syscalls/syscall_64.tbl
