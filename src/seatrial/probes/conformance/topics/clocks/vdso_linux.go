//go:build 386 || amd64 || arm || arm64 || loong64 || mips64 || mips64le || ppc64 || ppc64le || riscv64 || s390x

package clocks

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "clocks/vdso-offers-clock",
		Contract: "The kernel maps a vDSO with clock_gettime into each program.",
		Source:   "vdso(7); getauxval(3), AT_SYSINFO_EHDR; Go runtime/vdso_linux.go",
		Breaks:   "Each time.Now, and with it much of the runtime, costs a system call or two: ten times and more.",
		Run:      vdsoOffersClock,
	})
}

// auxiliaryVector is what the runtime found on the stack: /proc/self/auxv would be the kernel's own copy.
//
//go:linkname auxiliaryVector runtime.getAuxv
func auxiliaryVector() []uintptr

const auxVDSO = 33 // AT_SYSINFO_EHDR, linux/auxvec.h

func vdsoOffersClock(t *suite.T) {
	name := "__vdso_clock_gettime"
	switch runtime.GOARCH {
	case "arm64", "ppc64", "ppc64le", "s390x":
		name = "__kernel_clock_gettime"
	}
	vector := auxiliaryVector()
	for ; len(vector) >= 2; vector = vector[2:] {
		if vector[0] != auxVDSO {
			continue
		}
		if !bytes.Contains(image(vector[1]), append([]byte(name), 0)) {
			t.Fatalf("the vDSO has no symbol %s", name)
		}
		return
	}
	t.Fatalf("the auxiliary vector has no AT_SYSINFO_EHDR: there is no vDSO")
}

// image is the ELF file that lies at an address: its first loaded segment holds all of a vDSO.
func image(address uintptr) []byte {
	start := *(*unsafe.Pointer)(unsafe.Pointer(&address))
	header := unsafe.Slice((*byte)(start), 64)
	programs, size, count, length := native(header[28:32]), 42, 44, 16
	if unsafe.Sizeof(uintptr(0)) == 8 {
		programs, size, count, length = native(header[32:40]), 54, 56, 32
	}
	step := uint64(binary.NativeEndian.Uint16(header[size:]))
	entries := uint64(binary.NativeEndian.Uint16(header[count:]))
	table := unsafe.Slice((*byte)(unsafe.Add(start, programs)), step*entries)
	for ; len(table) > 0; table = table[step:] {
		const load = 1 // PT_LOAD
		if binary.NativeEndian.Uint32(table) == load {
			return unsafe.Slice((*byte)(start), native(table[length:length+int(unsafe.Sizeof(uintptr(0)))]))
		}
	}
	return nil
}

func native(word []byte) uint64 {
	if len(word) == 4 {
		return uint64(binary.NativeEndian.Uint32(word))
	}
	return binary.NativeEndian.Uint64(word)
}
