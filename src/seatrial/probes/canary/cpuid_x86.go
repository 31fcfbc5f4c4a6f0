//go:build amd64 || 386

package main

import (
	"encoding/binary"
	"fmt"
	"strings"
)

func rawCPUID(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)

// cpuid adds the CPU's vendor, brand and feature words as this program sees them (Intel SDM, volume 2, CPUID).
func cpuid(seen map[string]any) {
	highest, b, c, d := rawCPUID(0, 0)
	seen["cpu_vendor"] = letters(b, d, c)
	_, _, c, d = rawCPUID(1, 0)
	seen["cpuid_1"] = fmt.Sprintf("ecx=%08x edx=%08x", c, d)
	if highest >= 7 {
		_, b, c, d = rawCPUID(7, 0)
		seen["cpuid_7"] = fmt.Sprintf("ebx=%08x ecx=%08x edx=%08x", b, c, d)
	}
	if extended, _, _, _ := rawCPUID(0x80000000, 0); extended >= 0x80000004 {
		brand := ""
		for leaf := uint32(0x80000002); leaf <= 0x80000004; leaf++ {
			brand += letters(rawCPUID(leaf, 0))
		}
		seen["cpu_brand"] = strings.TrimSpace(brand)
	}
}

func letters(words ...uint32) string {
	var out []byte
	for _, word := range words {
		out = binary.LittleEndian.AppendUint32(out, word)
	}
	return strings.TrimRight(string(out), "\x00")
}
