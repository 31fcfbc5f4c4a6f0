package memory

import (
	"runtime"
	"syscall"
	"unsafe"
)

// linux/asm-generic/mman-common.h and mman.h; the same on each of Go's ports unless there is a check of the port.
const (
	adviceFree          = 8
	adviceHuge          = 14
	adviceNoHuge        = 15
	advicePopulateWrite = 23
	syncNow             = 4 // MS_SYNC
	mayMove             = 1 // MREMAP_MAYMOVE
	sharedValidate      = 3 // MAP_SHARED_VALIDATE
	synchronous         = 0x80000
)

func onMIPS() bool {
	switch runtime.GOARCH {
	case "mips", "mipsle", "mips64", "mips64le":
		return true
	}
	return false
}

// hugeFlag is MAP_HUGETLB, which package syscall does not have on arm.
func hugeFlag() int {
	if onMIPS() {
		return 0x80000
	}
	return 0x40000
}

func (s span) advise(advice uintptr) syscall.Errno {
	_, _, errno := syscall.Syscall(syscall.SYS_MADVISE, s.start, uintptr(s.length), advice)
	return errno
}

// mincore says for each page of a span whether it is in memory.
func mincore(s span) ([]bool, syscall.Errno) {
	states := make([]byte, s.length/page)
	_, _, errno := syscall.Syscall(syscall.SYS_MINCORE, s.start, uintptr(s.length), uintptr(unsafe.Pointer(&states[0])))
	resident := make([]bool, len(states))
	for i, state := range states {
		resident[i] = state&1 != 0
	}
	return resident, errno
}

func howMany(resident []bool) (count int) {
	for _, yes := range resident {
		if yes {
			count++
		}
	}
	return count
}

// auxiliary is a value that the kernel put on the stack of the program for the runtime, 0 if it is not there.
func auxiliary(kind uintptr) uintptr {
	for vector := auxiliaryVector(); len(vector) >= 2; vector = vector[2:] {
		if vector[0] == kind {
			return vector[1]
		}
	}
	return 0
}

//go:linkname auxiliaryVector runtime.getAuxv
func auxiliaryVector() []uintptr
