//go:build !mips && !mipsle && !mips64 && !mips64le

package early

import _ "unsafe" // for go:linkname

const limitOfFiles = 7 // RLIMIT_NOFILE

// OpenFiles is the limit of open files, soft and hard, that this program was started with.
var OpenFiles [2]uint64

//go:linkname rawSyscall6 syscall.RawSyscall6
//go:noescape
func rawSyscall6(number uintptr, self, limit uintptr, set, get *[2]uint64, a5, a6 uintptr) (r1, r2, errno uintptr)

func init() { rawSyscall6(callPrlimit, 0, limitOfFiles, nil, &OpenFiles, 0, 0) }
