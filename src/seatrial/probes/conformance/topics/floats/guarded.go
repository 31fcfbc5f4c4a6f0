//go:build linux || darwin

package floats

import (
	"os"
	"syscall"

	"seatrial.example/conformance/suite"
)

// guarded is a page of memory, with pages that cannot be read before and behind it: one byte too far is a fault.
func guarded(t *suite.T) (page []byte, release func()) {
	size := os.Getpagesize()
	all, err := syscall.Mmap(-1, 0, 3*size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		t.Unknown("no guard pages: mmap: %v", err)
	}
	for _, outside := range [][]byte{all[:size], all[2*size:]} {
		if err := syscall.Mprotect(outside, syscall.PROT_NONE); err != nil {
			t.Unknown("no guard pages: mprotect: %v", err)
		}
	}
	return all[size : 2*size : 2*size], func() { syscall.Munmap(all) }
}
