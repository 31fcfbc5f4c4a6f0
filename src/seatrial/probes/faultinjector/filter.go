//go:build linux && amd64

package main

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

// seccomp(2), linux/seccomp.h, linux/audit.h, linux/bpf_common.h.
const (
	sysSeccomp        = 317
	setModeFilter     = 1
	retAllow          = 0x7fff0000
	retTrace          = 0x7ff00000
	auditArchX86_64   = 0xc000003e
	offsetNumber      = 0
	offsetArch        = 4
	prSetNoNewPrivs   = 38
	loadWord          = 0x20 // BPF_LD | BPF_W | BPF_ABS
	jumpEqual         = 0x15 // BPF_JMP | BPF_JEQ | BPF_K
	giveBack          = 0x06 // BPF_RET | BPF_K
	mostFilterEntries = 250  // a jump is 8 bits wide
)

// numbersOf are the system calls that the rules name, comma-separated.
func numbersOf(rules []*rule) string {
	all := map[uint64]bool{}
	for _, r := range rules {
		for number := range r.numbers {
			all[number] = true
		}
	}
	texts := make([]string, 0, len(all))
	for number := range all {
		texts = append(texts, strconv.FormatUint(number, 10))
	}
	sort.Strings(texts)
	return strings.Join(texts, ",")
}

// installFilter stops this thread, and what it becomes, at the named system calls of x86-64.
func installFilter(numbers string) error {
	if numbers == "" {
		return nil
	}
	named := strings.Split(numbers, ",")
	if len(named) > mostFilterEntries {
		return fmt.Errorf("%d system calls are too many for one filter", len(named))
	}
	filter := []syscall.SockFilter{
		{Code: loadWord, K: offsetArch},
		{Code: jumpEqual, Jt: 1, K: auditArchX86_64},
		{Code: giveBack, K: retAllow},
		{Code: loadWord, K: offsetNumber},
	}
	for i, text := range named {
		number, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return err
		}
		filter = append(filter, syscall.SockFilter{Code: jumpEqual, Jt: uint8(len(named) - i), K: uint32(number)})
	}
	filter = append(filter, syscall.SockFilter{Code: giveBack, K: retAllow}, syscall.SockFilter{Code: giveBack, K: retTrace})
	if os.Geteuid() != 0 { // root need not give up what set-user-ID programs are for
		if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0, 0, 0, 0); errno != 0 {
			return errno
		}
	}
	program := syscall.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if _, _, errno := syscall.RawSyscall(sysSeccomp, setModeFilter, 0, uintptr(unsafe.Pointer(&program))); errno != 0 {
		return errno
	}
	return nil
}
