//go:build unix

package signals

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "signals/fault-beyond-end-of-file",
		Contract: "A read of a mapped file's page beyond its end ends the program with the address; with SetPanicOnFault it is a panic.",
		Source:   "mmap(2), SIGBUS; package runtime/debug, SetPanicOnFault",
		Breaks:   "A database whose file was cut short dies of something else, or reads zeros.",
		Needs:    []string{"self-exec"},
		Run: committed("beyond-end-of-file", func() {
			place, err := beyondEnd()
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(9)
			}
			fmt.Println(*(*byte)(place))
		}),
	})
}

func mapped(kind int) (unsafe.Pointer, error) {
	protection := map[int]int{noAccess: syscall.PROT_NONE, readOnly: syscall.PROT_READ, data: syscall.PROT_READ | syscall.PROT_WRITE}[kind]
	place, err := syscall.Mmap(-1, 0, syscall.Getpagesize(), protection, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	return unsafe.Pointer(unsafe.SliceData(place)), nil
}

// beyondEnd is the second page of a mapping of a file that has one byte.
func beyondEnd() (unsafe.Pointer, error) {
	dir, err := os.MkdirTemp("", "conformance-")
	if err != nil {
		return nil, err
	}
	name := filepath.Join(dir, "short")
	err = os.WriteFile(name, []byte{1}, 0o600)
	var place []byte
	if err == nil {
		var file *os.File
		if file, err = os.Open(name); err == nil {
			place, err = syscall.Mmap(int(file.Fd()), 0, 2*syscall.Getpagesize(), syscall.PROT_READ, syscall.MAP_SHARED)
		}
	}
	os.RemoveAll(dir)
	if err != nil {
		return nil, err
	}
	return unsafe.Pointer(&place[syscall.Getpagesize()]), nil
}
