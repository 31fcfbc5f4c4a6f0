//go:build 386 || amd64

package main

func cpuid(leaf, subleaf uint32) (registers [4]uint32)

const (
	eax = iota
	ebx
	ecx
	edx
)

// bits are the kernel's names of features (Linux arch/x86/include/asm/cpufeatures.h).
var bits = []struct {
	leaf, subleaf uint32
	register      int
	names         map[uint]string
}{
	{1, 0, edx, map[uint]string{0: "fpu", 8: "cx8", 15: "cmov", 23: "mmx", 24: "fxsr", 25: "sse", 26: "sse2"}},
	{1, 0, ecx, map[uint]string{0: "pni", 1: "pclmulqdq", 3: "monitor", 9: "ssse3", 12: "fma", 13: "cx16", 17: "pcid", 19: "sse4_1", 20: "sse4_2",
		21: "x2apic", 22: "movbe", 23: "popcnt", 25: "aes", 26: "xsave", 28: "avx", 29: "f16c", 30: "rdrand"}},
	{7, 0, ebx, map[uint]string{0: "fsgsbase", 3: "bmi1", 5: "avx2", 7: "smep", 8: "bmi2", 9: "erms", 10: "invpcid", 16: "avx512f", 17: "avx512dq",
		18: "rdseed", 19: "adx", 20: "smap", 23: "clflushopt", 28: "avx512cd", 29: "sha_ni", 30: "avx512bw", 31: "avx512vl"}},
	{7, 0, ecx, map[uint]string{2: "umip", 3: "pku", 9: "vaes", 22: "rdpid"}},
	{7, 0, edx, map[uint]string{4: "fsrm"}},
	{13, 1, eax, map[uint]string{0: "xsaveopt", 3: "xsaves"}},
	{0x80000001, 0, edx, map[uint]string{11: "syscall", 20: "nx", 27: "rdtscp"}},
	{0x80000001, 0, ecx, map[uint]string{0: "lahf_lm", 2: "svm", 5: "abm", 6: "sse4a"}},
	{0x80000008, 0, ebx, map[uint]string{0: "clzero", 1: "irperf", 2: "xsaveerptr"}},
}

func features() (found []string) {
	for _, word := range bits {
		if cpuid(word.leaf&0x80000000, 0)[eax] < word.leaf {
			continue
		}
		value := cpuid(word.leaf, word.subleaf)[word.register]
		for bit, name := range word.names {
			if value>>bit&1 == 1 {
				found = append(found, name)
			}
		}
	}
	return found
}
