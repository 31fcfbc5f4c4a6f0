package linking

import (
	"encoding/binary"
	"os"
	"runtime"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "linking/auxiliary-vector",
		Contract: "The kernel hands over an auxiliary vector that names page size, program headers, entry, ids and 16 random bytes.",
		Source:   "getauxval(3); Linux fs/binfmt_elf.c, create_elf_tables; Go runtime/os_linux.go, sysauxv",
		Breaks:   "The runtime guesses the page size and the CPU's features, and seeds its random numbers from the time.",
		Run:      auxiliary,
	}, suite.Case{
		ID:       "linking/auxiliary-vector-in-proc",
		Contract: "/proc/self/auxv shows the vector that is on the stack.",
		Source:   "proc(5), /proc/PID/auxv; Go runtime/os_linux.go, sysargs (which reads it when the stack has none)",
		Breaks:   "Go libraries in C programs, which look there, find no page size and no CPU features.",
		Run:      auxiliaryInProc,
	})
}

// onStack is what the runtime found on the stack.
//
//go:linkname onStack runtime.getAuxv
func onStack() []uintptr

const (
	auxHeaders    = 3
	auxHeaderSize = 4
	auxHeaderLen  = 5
	auxPageSize   = 6
	auxEntry      = 9
	auxUser       = 11
	auxTick       = 17
	auxSecure     = 23
	auxRandom     = 25
	auxName       = 31
)

func vector(words []uintptr) map[uintptr]uintptr {
	pairs := map[uintptr]uintptr{}
	for ; len(words) >= 2 && words[0] != 0; words = words[2:] {
		pairs[words[0]] = words[1]
	}
	return pairs
}

func auxiliary(t *suite.T) {
	pairs := vector(onStack())
	if suite.Planted("linking-auxiliary-vector-cut") {
		delete(pairs, auxRandom)
	}
	header := uintptr(56) // of an ELF program header
	if unsafe.Sizeof(uintptr(0)) == 4 {
		header = 32
	}
	for _, row := range []struct {
		name      string
		key, want uintptr
	}{
		{"AT_PAGESZ", auxPageSize, uintptr(os.Getpagesize())},
		{"AT_PHENT", auxHeaderSize, header},
		{"AT_UID", auxUser, uintptr(os.Getuid())},
		{"AT_CLKTCK", auxTick, 100},
		{"AT_SECURE", auxSecure, 0},
	} {
		if got, there := pairs[row.key]; !there || got != row.want {
			t.Errorf("%s is %d (there: %t), expected %d", row.name, got, there, row.want)
		}
	}
	for name, key := range map[string]uintptr{
		"AT_PHDR": auxHeaders, "AT_PHNUM": auxHeaderLen, "AT_ENTRY": auxEntry, "AT_RANDOM": auxRandom, "AT_EXECFN": auxName,
	} {
		if pairs[key] == 0 {
			t.Errorf("%s is missing", name)
		}
	}
	if random := pairs[auxRandom]; random != 0 && bytesAt(random) == [16]byte{} {
		t.Errorf("the 16 bytes of AT_RANDOM are all zero")
	}
}

func bytesAt(address uintptr) [16]byte {
	return *(*[16]byte)(*(*unsafe.Pointer)(unsafe.Pointer(&address)))
}

func auxiliaryInProc(t *suite.T) {
	content, err := os.ReadFile("/proc/self/auxv")
	if err != nil {
		t.Fatalf("%v", err)
	}
	var words []uintptr
	for size := int(unsafe.Sizeof(uintptr(0))); len(content) >= size; content = content[size:] {
		if size == 4 {
			words = append(words, uintptr(binary.NativeEndian.Uint32(content)))
		} else {
			words = append(words, uintptr(binary.NativeEndian.Uint64(content)))
		}
	}
	shown, found := vector(words), vector(onStack())
	for key, value := range found {
		if got, there := shown[key]; !there || got != value {
			t.Errorf("entry %d is %#x on the stack and %#x (there: %t) in /proc/self/auxv", key, value, got, there)
		}
	}
	if len(found) == 0 {
		t.Errorf("the runtime found no vector on %s", runtime.GOARCH)
	}
}
