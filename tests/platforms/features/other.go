//go:build !386 && !amd64

package main

import (
	"encoding/binary"
	"os"
	"runtime"
	"strings"
)

// hwcap are the bits of AT_HWCAP where /proc/cpuinfo is not the guest's (Linux arch/loongarch/include/uapi/asm/hwcap.h).
var hwcap = map[string][]string{
	"loong64": {"cpucfg", "lam", "ual", "fpu", "lsx", "lasx", "crc32", "complex", "crypto", "lvz", "lbt_x86", "lbt_arm", "lbt_mips"},
}

func features() []string {
	if names, ok := hwcap[runtime.GOARCH]; ok {
		return named(names)
	}
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(key) {
		case "Features", "features":
			return strings.Fields(value)
		case "isa":
			letters, rest, _ := strings.Cut(strings.TrimSpace(value), "_")
			found := strings.Split(strings.TrimPrefix(letters, "rv64"), "")
			return append(found, strings.Split(rest, "_")...)
		}
	}
	return nil
}

func named(names []string) (found []string) {
	vector, _ := os.ReadFile("/proc/self/auxv")
	for ; len(vector) >= 16; vector = vector[16:] {
		if binary.NativeEndian.Uint64(vector) != 16 {
			continue
		}
		for bit, name := range names {
			if binary.NativeEndian.Uint64(vector[8:])>>bit&1 == 1 {
				found = append(found, name)
			}
		}
	}
	return found
}
