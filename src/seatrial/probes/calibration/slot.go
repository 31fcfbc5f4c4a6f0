//go:build linux && (amd64 || arm64)

package main

import (
	"fmt"
	"syscall"
	"unsafe"
)

// A slot is a page of code that holds one instruction at a time, and the memory that the instruction may use.
type slot struct {
	code    []byte
	scratch []byte
}

// caught is the number of the signal that the instruction raised. Written by stepOver.
var caught uint64

// action is the kernel's struct sigaction (linux/include/linux/signal_types.h), not libc's.
type action struct {
	handler  uintptr
	flags    uint64
	restorer uintptr // where SA_RESTORER asks for it: on amd64
	mask     uint64
}

// call runs the code with the address of the scratch memory in the first argument register (slot_<GOARCH>.s).
func call(code, scratch *byte)

// synchronize makes what was written there visible as instructions.
func synchronize(code *byte, size uintptr)

// handlers gives the addresses of the signal handler and of what returns from it.
func handlers() (handler, restorer uintptr)

const (
	pageSize = 65536 // the largest of arm64's
	// SA_SIGINFO: the handler changes the saved program counter. SA_ONSTACK: goroutine stacks are small.
	actionFlags = 0x4 | 0x08000000
)

func newSlot() (*slot, error) {
	code, err := syscall.Mmap(-1, 0, pageSize, syscall.PROT_READ|syscall.PROT_WRITE|syscall.PROT_EXEC,
		syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return nil, fmt.Errorf("no memory that may be written and executed: %w", err)
	}
	scratch, err := syscall.Mmap(-1, 0, pageSize, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return nil, fmt.Errorf("no memory: %w", err)
	}
	return &slot{code, scratch}, nil
}

// try executes the instruction and returns the signal that it raised, 0 for none.
func (s *slot) try(instruction []byte) (uint64, error) {
	clear(s.scratch[:4096])
	end := copy(s.code, instruction)
	for end < slotSize {
		end += copy(s.code[end:], nop)
	}
	end += copy(s.code[end:], ret)
	synchronize(&s.code[0], uintptr(end))
	restore, err := takeSignals()
	if err != nil {
		return 0, err
	}
	caught = 0
	call(&s.code[0], &s.scratch[0])
	return caught, restore()
}

// takeSignals puts stepOver in place of Go's handlers until the function that it returns is called: what the program
// itself does wrong must still end it.
func takeSignals() (func() error, error) {
	signals := []syscall.Signal{syscall.SIGILL, syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE}
	before := make([]action, len(signals))
	mine := newAction()
	for i, number := range signals {
		if err := sigaction(number, &mine, &before[i]); err != nil {
			return nil, err
		}
	}
	return func() error {
		for i, number := range signals {
			if err := sigaction(number, &before[i], nil); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

func sigaction(number syscall.Signal, set, old *action) error {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(number),
		uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(old)), 8, 0, 0)
	if errno != 0 {
		return fmt.Errorf("rt_sigaction: %w", errno)
	}
	return nil
}
