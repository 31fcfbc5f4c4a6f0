//go:build linux && amd64

package main

import (
	"bytes"
	"encoding/binary"
	"syscall"
)

// changeMemory does what the rule says to what the call's arguments point to.
func (r *rule) changeMemory(thread int, call *syscall.PtraceRegs) {
	if c := r.Add64; c != nil {
		var word [8]byte
		if place := c.place(call); read(thread, place, word[:]) {
			binary.LittleEndian.PutUint64(word[:], binary.LittleEndian.Uint64(word[:])+uint64(c.Value))
			syscall.PtracePokeData(thread, place, word[:])
		}
	}
	if c := r.Add32; c != nil {
		var word [4]byte
		if place := c.place(call); read(thread, place, word[:]) {
			binary.LittleEndian.PutUint32(word[:], binary.LittleEndian.Uint32(word[:])+uint32(c.Value))
			syscall.PtracePokeData(thread, place, word[:])
		}
	}
	if c := r.Write; c != nil && *argument(call, c.Arg) != 0 {
		syscall.PtracePokeData(thread, c.place(call), c.bytes)
	}
}

func (c *change) place(call *syscall.PtraceRegs) uintptr {
	return uintptr(int64(*argument(call, c.Arg)) + c.Offset)
}

func read(thread int, place uintptr, into []byte) bool {
	count, err := syscall.PtracePeekData(thread, place, into)
	return err == nil && count == len(into)
}

// text is the string at a place, up to its NUL; "" when it cannot be read.
func text(thread int, place uintptr) string {
	const most = 4096
	var got []byte
	for len(got) < most {
		var word [8]byte
		if !read(thread, place+uintptr(len(got)), word[:]) {
			return ""
		}
		if end := bytes.IndexByte(word[:], 0); end >= 0 {
			return string(append(got, word[:end]...))
		}
		got = append(got, word[:]...)
	}
	return string(got)
}

// Types of the auxiliary vector (linux/auxvec.h).
const (
	auxNull      = 0
	auxIgnore    = 1
	auxVDSO      = 33 // AT_SYSINFO_EHDR
	mostStartUps = 1 << 20
)

// hideVDSO makes the entry of the auxiliary vector that says where the vDSO is one to be ignored.
func hideVDSO(thread int) {
	var regs syscall.PtraceRegs
	if syscall.PtraceGetRegs(thread, &regs) != nil {
		return
	}
	// argc, argv, NULL, environment, NULL, pairs
	place := uintptr(regs.Rsp) + 8
	for strings := 0; strings < 2; place += 8 {
		if value, ok := word(thread, place); !ok || place > uintptr(regs.Rsp)+mostStartUps {
			return
		} else if value == 0 {
			strings++
		}
	}
	for ; ; place += 16 {
		switch kind, ok := word(thread, place); {
		case !ok || kind == auxNull:
			return
		case kind == auxVDSO:
			var ignore [8]byte
			ignore[0] = auxIgnore
			syscall.PtracePokeData(thread, place, ignore[:])
			return
		}
	}
}

func word(thread int, place uintptr) (uint64, bool) {
	var bytes [8]byte
	ok := read(thread, place, bytes[:])
	return binary.LittleEndian.Uint64(bytes[:]), ok
}
