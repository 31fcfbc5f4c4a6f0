package withcgo

// #cgo CFLAGS: -I${SRCDIR}/../../../suite
// #cgo LDFLAGS: -ldl -lpthread
// #include "loader.h"
import "C"

import (
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"

	"seatrial.example/conformance/suite"
)

const (
	now    = C.RTLD_NOW
	lazy   = C.RTLD_LAZY
	global = C.RTLD_GLOBAL
	noLoad = C.RTLD_NOLOAD
)

// libc is the C library that the probe was linked with.
func libc() string { return C.GoString(C.seatrial_c_library()) }

// dynamic ends the case in a program that was linked statically: it has no loader.
func dynamic(t *suite.T) {
	if C.seatrial_interpreter() == nil {
		t.NA("this probe is linked statically with %s, whose dlopen then refuses all (dlopen(3) of musl; the linker's choice)", libc())
	}
}

// A library is one that is loaded.
type library struct {
	t      *suite.T
	handle unsafe.Pointer
}

// try loads one of the libraries that came with the probe, or says why the loader would not.
func try(t *suite.T, file string, flags C.int) (library, string) {
	dynamic(t)
	path := C.CString(t.Library(file))
	defer C.free(unsafe.Pointer(path))
	C.seatrial_error()
	handle := C.seatrial_open(path, flags)
	if handle == nil {
		return library{t: t}, C.GoString(C.seatrial_error())
	}
	return library{t, handle}, ""
}

// load is try for what must succeed.
func load(t *suite.T, file string, flags C.int) library {
	loaded, why := try(t, file, flags)
	if loaded.handle == nil {
		t.Fatalf("dlopen: %s", why)
	}
	return loaded
}

func (l library) close() {
	if C.seatrial_close(l.handle) != 0 {
		l.t.Errorf("dlclose: %s", C.GoString(C.seatrial_error()))
	}
}

// find is dlsym: nil for what is not there.
func (l library) find(name string) unsafe.Pointer {
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	return C.seatrial_symbol(l.handle, text)
}

// symbol is find for what must be there.
func (l library) symbol(name string) unsafe.Pointer {
	found := l.find(name)
	if found == nil {
		l.t.Fatalf("dlsym: %s", C.GoString(C.seatrial_error()))
	}
	return found
}

func (l library) call(name string) int { return int(C.seatrial_call(l.symbol(name))) }

func same[V comparable](t *suite.T, what string, got, want V) {
	if got != want {
		t.Errorf("%s is %v, expected %v", what, got, want)
	}
}

const loaded = "libseatrial_loaded.so"

func init() {
	suite.Register(suite.Case{
		ID:       "linking/dlopen-and-dlsym",
		Contract: "A library is loaded by its path, and its functions and variables are found by name.",
		Source:   "dlopen(3), dlsym(3); POSIX.1-2017, dlsym()",
		Breaks:   "Database drivers, GPU and codec libraries that are found at run time cannot be used.",
		Run:      openAndFind,
	}, suite.Case{
		ID:       "linking/dlerror-text",
		Contract: "dlerror names the file or symbol that was not found, once.",
		Source:   "dlerror(3); Go plugin/plugin_dlopen.go",
		Breaks:   "plugin.Open and users of dlopen report nothing of use, or an old error.",
		Run:      errorText,
	}, suite.Case{
		ID:       "linking/loads-are-counted",
		Contract: "A library that is opened twice is there once, and stays until it is closed as often.",
		Source:   "dlopen(3), dlclose(3): reference counts; RTLD_NOLOAD",
		Breaks:   "Two packages that load one library unload it under each other.",
		Run:      counted,
	}, suite.Case{
		ID:       "linking/dlclose-unloads",
		Contract: "After the last dlclose a library is gone with glibc, and still there with musl.",
		Source:   "dlclose(3); musl, Functional differences from glibc, \"Unloading libraries\"",
		Breaks:   "A library that is replaced and loaded anew is still the old one.",
		Run:      unloads,
	}, suite.Case{
		ID:       "linking/constructors-and-destructors",
		Contract: "Constructors run in the order of their priorities before dlopen returns, destructors the other way round.",
		Source:   "dlopen(3), \"Initialization and finalization functions\"; GCC manual, constructor",
		Breaks:   "Libraries are used before they are set up; a Go c-shared library starts its runtime in a constructor.",
		Run:      constructors,
	}, suite.Case{
		ID:       "linking/hidden-symbols",
		Contract: "dlsym finds neither hidden nor static functions, though the library itself calls them.",
		Source:   "System V gABI, symbol visibility: STV_HIDDEN; GCC manual, visibility",
		Breaks:   "Internals of libraries with equal names (zlib, OpenSSL twice) mix.",
		Run:      hidden,
	}, suite.Case{
		ID:       "linking/weak-symbols",
		Contract: "A weak reference to nothing is null, and a weak definition is used where there is no other.",
		Source:   "System V gABI, STB_WEAK",
		Breaks:   "Libraries that ask for optional features (weak pthread, libc additions) crash instead of going without.",
		Run:      weak,
	}, suite.Case{
		ID:       "linking/threads-own-variables",
		Contract: "A thread-local variable of a library that was loaded late begins anew in each thread, with its alignment.",
		Source:   "Drepper, ELF Handling For Thread-Local Storage, 4.1 (general dynamic); tls(7)",
		Breaks:   "errno-like state of libraries is shared between goroutines' threads, or their access faults.",
		Needs:    []string{"threads"},
		Run:      threadsOwn,
	}, suite.Case{
		ID:       "linking/one-c-library",
		Contract: "A loaded library shares the program's libc: cgo sees the errno it sets, and free takes what it allocated.",
		Source:   "ld.so(8); cmd/cgo/doc.go, \"errno\"",
		Breaks:   "Calls report wrong errors, and memory that crosses libraries corrupts the heap.",
		Run:      oneLibc,
	}, suite.Case{
		ID:       "linking/chosen-functions",
		Contract: "A function of type STT_GNU_IFUNC is what its resolver chose, before the library is used.",
		Source:   "GCC manual, ifunc; System V gABI extension STT_GNU_IFUNC",
		Breaks:   "Libraries (and libc itself) that choose by CPU call the resolver's address as if it were the function.",
		Run:      chosen,
	}, suite.Case{
		ID:       "linking/runpath-origin",
		Contract: "With glibc a library with RUNPATH $ORIGIN loads its neighbour by name alone.",
		Source:   "ld.so(8), \"Dynamic string tokens\"; dlopen(3): RUNPATH of the calling object",
		Breaks:   "Programs that ship with their libraries beside them (Oracle, CUDA) do not find them.",
		Run:      origin,
	})
}

func openAndFind(t *suite.T) {
	it := load(t, loaded, now)
	defer it.close()
	same(t, "2 + 3", int(C.seatrial_call_2(it.symbol("seatrial_add"), 2, 3)), 5)
	number := (*C.int)(it.symbol("seatrial_number"))
	same(t, "the variable", int(*number), 1234)
	*number = 4321
	same(t, "the variable, as the library sees it", it.call("seatrial_read_number"), 4321)
	*number = 1234
}

func errorText(t *suite.T) {
	dynamic(t)
	path := C.CString("/nowhere/libseatrial_absent.so")
	defer C.free(unsafe.Pointer(path))
	if C.seatrial_open(path, now) != nil {
		t.Fatalf("dlopen of a file that is not there succeeded")
	}
	if said := C.GoString(C.seatrial_error()); !strings.Contains(said, "libseatrial_absent.so") {
		t.Errorf("dlerror says %q, which does not name the file", said)
	}
	if again := C.seatrial_error(); again != nil {
		t.Errorf("dlerror says %q a second time, expected nothing", C.GoString(again))
	}
	it := load(t, loaded, now)
	defer it.close()
	if it.find("seatrial_absent") != nil {
		t.Fatalf("dlsym of a name that is not there succeeded")
	}
	if said := C.GoString(C.seatrial_error()); !strings.Contains(said, "seatrial_absent") {
		t.Errorf("dlerror says %q, which does not name the symbol", said)
	}
}

func counted(t *suite.T) {
	first, second := load(t, loaded, now), load(t, loaded, now)
	if first.handle != second.handle {
		t.Errorf("opened twice it has two handles")
	}
	first.close()
	same(t, "2 + 3 after the first was closed", int(C.seatrial_call_2(second.symbol("seatrial_add"), 2, 3)), 5)
	if third, why := try(t, loaded, now|noLoad); third.handle == nil {
		t.Errorf("RTLD_NOLOAD does not find it: %s", why)
	} else {
		third.close()
	}
	second.close()
}

func unloads(t *suite.T) {
	load(t, loaded, now).close()
	state := "gone"
	if again, _ := try(t, loaded, now|noLoad); again.handle != nil {
		again.close()
		state = "there"
	}
	want, _ := t.Expected("after-dlclose-" + libc())
	same(t, "the library after its last dlclose", state, want)
}

func constructors(t *suite.T) {
	it := load(t, loaded, now)
	same(t, "the order of constructors of priority 201, 202 and none", int(*(*C.int)(it.symbol("seatrial_began"))), 123)
	C.seatrial_note_ends(it.symbol("seatrial_tell"))
	it.close()
	if left, _ := t.Expected("after-dlclose-" + libc()); left == "gone" {
		same(t, "the order of destructors of priority 202 and 201", int(C.seatrial_ended), 21)
	}
}

func hidden(t *suite.T) {
	it := load(t, loaded, now)
	defer it.close()
	same(t, "the hidden function, called by the library", it.call("seatrial_through_hidden"), 1)
	for _, name := range []string{"seatrial_hidden", "internal"} {
		if it.find(name) != nil {
			t.Errorf("dlsym finds %s", name)
		}
	}
}

func weak(t *suite.T) {
	it := load(t, loaded, now)
	defer it.close()
	same(t, "a weak reference to nothing", it.call("seatrial_has_nowhere"), 0)
	same(t, "a weak definition", it.call("seatrial_call_fallback"), 5)
}

func threadsOwn(t *suite.T) {
	it := load(t, loaded, now)
	defer it.close()
	const threads = 8
	switch wrong := int(C.seatrial_call_in_threads(it.symbol("seatrial_own"), threads)); {
	case wrong < 0:
		t.Unknown("%d threads cannot be started", threads)
	case wrong > 0:
		t.Errorf("%d of %d threads did not see 42 first and then what they wrote", wrong, threads)
	}
}

func oneLibc(t *suite.T) {
	it := load(t, loaded, now)
	defer it.close()
	memory, err := C.seatrial_call_allocate(it.symbol("seatrial_allocate"), 100)
	if memory == nil {
		t.Fatalf("the library could not allocate: %v", err)
	}
	C.free(memory)
	if !errors.Is(err, syscall.EXDEV) {
		t.Errorf("the library set errno to %q, cgo says %v", syscall.EXDEV, err)
	}
}

func chosen(t *suite.T) {
	it := load(t, "libseatrial_indirect.so", now)
	defer it.close()
	same(t, "three times 14 by the library", int(C.seatrial_call_1(it.symbol("seatrial_call_chosen"), 14)), 42)
	same(t, "three times 14 through dlsym", int(C.seatrial_call_1(it.symbol("seatrial_chosen"), 14)), 42)
}

func origin(t *suite.T) {
	if libc() != "glibc" {
		t.NA("dlopen of %s looks only where the program says (musl ldso/dynlink.c, load_library)", libc())
	}
	t.Library(loaded)
	it := load(t, "libseatrial_origin.so", now)
	defer it.close()
	name := C.CString(filepath.Base(loaded))
	defer C.free(unsafe.Pointer(name))
	if C.seatrial_call_text(it.symbol("seatrial_load_neighbour"), name) == 0 {
		t.Errorf("it does not find %s beside itself", loaded)
	}
}
