package withcgo

// #include "loader.h"
import "C"

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "linking/dladdr-names-symbol",
		Contract: "dladdr tells of an address in a library which file and which function it is.",
		Source:   "dladdr(3)",
		Breaks:   "Traces of crashes in C (runtime.SetCgoTraceback users) have no names.",
		Run:      names,
	}, suite.Case{
		ID:       "linking/loaded-objects-are-listed",
		Contract: "dl_iterate_phdr lists a library while it is loaded, and counts loads.",
		Source:   "dl_iterate_phdr(3), dlpi_adds",
		Breaks:   "Unwinders and profilers do not see code that was loaded late: C++ exceptions there end the program.",
		Run:      objects,
	}, suite.Case{
		ID:       "linking/versioned-symbols",
		Contract: "dlvsym finds malloc in the first version of glibc that the port had, and in no version that there is not.",
		Source:   "dlsym(3), dlvsym; glibc, abilist files of each port",
		Breaks:   "Programs built against older systems do not start: \"version not found\".",
		Run:      versions,
	}, suite.Case{
		ID:       "linking/interpreter",
		Contract: "The program runs under the loader that the port's ABI names.",
		Source:   "the psABI of each port, program interpreter; Go cmd/link/internal/ARCH/l.go",
		Breaks:   "Programs built elsewhere end with \"no such file or directory\" though they are there.",
		Run:      interpreter,
	}, suite.Case{
		ID:       "linking/addresses-are-randomized",
		Contract: "Two starts of a program have the C library at different addresses.",
		Source:   "proc(5), randomize_va_space; ld.so(8)",
		Breaks:   "One known address is enough for an attack on every installation.",
		Needs:    []string{"self-exec"},
		Run:      randomized,
	})
	suite.Helper("linking-addresses", func([]string) int {
		fmt.Printf("%x\n", libcBase())
		return 0
	})
}

func names(t *suite.T) {
	it := load(t, loaded, now)
	defer it.close()
	var file, symbol *C.char
	var base unsafe.Pointer
	if C.seatrial_where(it.symbol("seatrial_add"), &file, &symbol, &base) != 0 {
		t.Fatalf("dladdr knows nothing of a function of a library")
	}
	same(t, "the symbol", C.GoString(symbol), "seatrial_add")
	same(t, "the file", C.GoString(file), t.Library(loaded))
	if header := *(*[4]byte)(base); string(header[:]) != "\x7fELF" {
		t.Errorf("at the base of the library is %q, not its ELF header", header)
	}
}

func objects(t *suite.T) {
	list := func() (found C.int, added C.uint64_t) {
		ending := C.CString("/" + loaded)
		defer C.free(unsafe.Pointer(ending))
		C.seatrial_objects(ending, &found, &added)
		return found, added
	}
	_, before := list()
	it := load(t, loaded, now)
	found, after := list()
	it.close()
	same(t, "the number of times that it is listed", int(found), 1)
	if state, _ := t.Expected("after-dlclose-" + libc()); state == "gone" {
		same(t, "the growth of dlpi_adds", after-before, 1)
		found, _ = list()
		same(t, "the number of times after it was closed", int(found), 0)
	}
}

func versions(t *suite.T) {
	if C.seatrial_has_versions() == 0 {
		t.NA("%s has no versions of symbols", libc())
	}
	first, ok := t.Expected("first-glibc")
	if !ok {
		t.Unknown("no source is recorded for the first version of glibc that this port had")
	}
	malloc, version, none := C.CString("malloc"), C.CString(first), C.CString("GLIBC_1.99")
	for _, text := range []*C.char{malloc, version, none} {
		defer C.free(unsafe.Pointer(text))
	}
	C.seatrial_error()
	if C.seatrial_version(malloc, version) == nil {
		t.Errorf("malloc in version %s: %s", first, C.GoString(C.seatrial_error()))
	}
	if C.seatrial_version(malloc, none) != nil {
		t.Errorf("malloc is found in version GLIBC_1.99, which there never was")
	}
}

func interpreter(t *suite.T) {
	dynamic(t)
	got := C.GoString(C.seatrial_interpreter())
	t.Value("interpreter", got)
	want, ok := t.Expected("interpreter-" + libc())
	if !ok {
		t.Unknown("it is %s, and no source is recorded for what this port defines", got)
	}
	same(t, "the interpreter", got, want)
}

// libcBase is where the C library, or a static program, lies.
func libcBase() uintptr {
	if suite.Planted("linking-no-random-addresses") {
		return 0x10000
	}
	var file, symbol *C.char
	var base unsafe.Pointer
	name := C.CString("malloc")
	C.seatrial_where(C.dlsym(nil, name), &file, &symbol, &base)
	return uintptr(base)
}

func randomized(t *suite.T) {
	dynamic(t)
	setting, err := os.ReadFile("/proc/sys/kernel/randomize_va_space")
	if err == nil && strings.TrimSpace(string(setting)) == "0" {
		t.NA("randomize_va_space is 0: the administrator turned it off")
	}
	const unrandomized = 0x0040000 // ADDR_NO_RANDOMIZE
	if persona, _, errno := syscall.RawSyscall(syscall.SYS_PERSONALITY, 0xffffffff, 0, 0); errno == 0 && persona&unrandomized != 0 {
		t.NA("this program was started with ADDR_NO_RANDOMIZE (setarch -R, a debugger)")
	}
	seen := map[string]bool{}
	const starts = 4
	for range starts {
		said, err := t.Self("linking-addresses").Output()
		if err != nil {
			t.Fatalf("the program ended with %v", err)
		}
		seen[string(said)] = true
	}
	if len(seen) == 1 {
		t.Errorf("%d starts have the C library at the same address", starts)
	}
}
