package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"syscall"
	"unsafe"
)

// Keys of the auxiliary vector (Linux include/uapi/linux/auxvec.h).
const (
	auxHWCAP  = 16
	auxHWCAP2 = 26
)

// machine adds uname(2) and the CPU features that the kernel, or the emulator in its place, hands to programs.
func machine(seen map[string]any) {
	var name syscall.Utsname
	if syscall.Uname(&name) == nil {
		seen["uname"] = text(name.Sysname[:]) + " " + text(name.Release[:]) + " " + text(name.Machine[:])
	}
	vector, err := os.ReadFile("/proc/self/auxv")
	if err != nil {
		return
	}
	word := int(unsafe.Sizeof(uintptr(0)))
	for ; len(vector) >= 2*word; vector = vector[2*word:] {
		key, value := number(vector[:word]), number(vector[word:2*word])
		switch key {
		case auxHWCAP:
			seen["hwcap"] = fmt.Sprintf("%#x", value)
		case auxHWCAP2:
			seen["hwcap2"] = fmt.Sprintf("%#x", value)
		}
	}
}

func number(word []byte) uint64 {
	if len(word) == 4 {
		return uint64(binary.NativeEndian.Uint32(word))
	}
	return binary.NativeEndian.Uint64(word)
}

// text reads a field of utsname, whose elements are signed on some architectures and unsigned on others.
func text[T int8 | uint8](field []T) string {
	var out strings.Builder
	for _, c := range field {
		if c == 0 {
			break
		}
		out.WriteByte(byte(c))
	}
	return out.String()
}
