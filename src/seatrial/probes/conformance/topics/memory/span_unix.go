//go:build darwin || freebsd || linux

package memory

import (
	"syscall"
	_ "unsafe" // for linkname

	"seatrial.example/conformance/suite"
)

//go:linkname mmap syscall.mmap
func mmap(address, length uintptr, prot, flags, fd int, offset int64) (uintptr, error)

// noFile is the descriptor of mappings without a file.
const noFile = -1

const anonymous = syscall.MAP_PRIVATE | syscall.MAP_ANON

const readWrite = syscall.PROT_READ | syscall.PROT_WRITE

// mapped is a new mapping of some pages at a place of the kernel's choice.
func mapped(t *suite.T, pages, prot, flags, fd int) span {
	start, err := mmap(0, uintptr(pages*page), prot, flags, fd, 0)
	if err != nil {
		t.Fatalf("mmap of %d pages, protection %#x, flags %#x: %v", pages, prot, flags, err)
	}
	return span{start, pages * page}
}

func (s span) unmap() syscall.Errno {
	_, _, errno := syscall.Syscall(syscall.SYS_MUNMAP, s.start, uintptr(s.length), 0)
	return errno
}

func (s span) protect(prot int) syscall.Errno {
	_, _, errno := syscall.Syscall(syscall.SYS_MPROTECT, s.start, uintptr(s.length), uintptr(prot))
	return errno
}
