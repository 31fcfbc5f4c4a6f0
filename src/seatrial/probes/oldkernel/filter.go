//go:build linux

package main

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

// linux/seccomp.h, linux/bpf_common.h, linux/prctl.h, linux/filter.h.
const (
	retAllow         = 0x7fff0000
	retErrno         = 0x00050000
	offsetNumber     = 0
	offsetArch       = 4
	prSetSeccomp     = 22
	modeFilter       = 2
	prSetNoNewPrivs  = 38
	loadWord         = 0x20 // BPF_LD | BPF_W | BPF_ABS
	jump             = 0x05 // BPF_JMP | BPF_JA
	jumpEqual        = 0x15 // BPF_JMP | BPF_JEQ | BPF_K
	jumpGreater      = 0x25 // BPF_JMP | BPF_JGT | BPF_K
	jumpNotLess      = 0x35 // BPF_JMP | BPF_JGE | BPF_K
	giveBack         = 0x06 // BPF_RET | BPF_K
	mostInstructions = 4096
)

func install(sections []section) error { return installWith(sections, syscall.ENOSYS) }

// installWith filters this thread, and what it becomes and starts. prctl(2) is asked: it is older than seccomp(2).
func installWith(sections []section, answer syscall.Errno) error {
	filter := []syscall.SockFilter{{Code: loadWord, K: offsetArch}}
	for _, s := range sections {
		filter = append(filter,
			syscall.SockFilter{Code: jumpEqual, Jt: 1, K: s.arch},
			syscall.SockFilter{Code: jump, K: uint32(2 + 3*len(s.ranges))}, // over the number, the ranges and the end
			syscall.SockFilter{Code: loadWord, K: offsetNumber})
		for _, r := range s.ranges {
			filter = append(filter,
				syscall.SockFilter{Code: jumpNotLess, Jf: 2, K: r.first},
				syscall.SockFilter{Code: jumpGreater, Jt: 1, K: r.last},
				syscall.SockFilter{Code: giveBack, K: retErrno | uint32(answer)})
		}
		filter = append(filter, syscall.SockFilter{Code: giveBack, K: retAllow})
	}
	filter = append(filter, syscall.SockFilter{Code: giveBack, K: retAllow})
	if len(filter) > mostInstructions {
		return fmt.Errorf("%d instructions are too many for one filter", len(filter))
	}
	if os.Geteuid() != 0 { // root need not give up what set-user-ID programs are for
		if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0, 0, 0, 0); errno != 0 {
			return errno
		}
	}
	program := syscall.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetSeccomp, modeFilter, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return errno
	}
	return nil
}
