package withcgo

// #include <stdlib.h>
// #include "memory.h"
import "C"

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/cgo"
	"slices"
	"sync"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "cgocalls/malloc",
		Contract: "Blocks of C.malloc are aligned for every type, apart from one another, and keep what is written.",
		Source:   "malloc(3); ISO C 7.22.3",
		Breaks:   "C memory used from Go is overwritten, or aligned loads fault.",
		Run:      malloc,
	}, suite.Case{
		ID:       "cgocalls/calloc-and-realloc",
		Contract: "calloc gives zeroes where old bytes were, realloc keeps the bytes while the block grows and moves.",
		Source:   "calloc(3), realloc(3)",
		Breaks:   "Structs of C that Go fills in part carry old pointers.",
		Run:      zeroAndGrow,
	}, suite.Case{
		ID:       "cgocalls/free-on-another-thread",
		Contract: "A block allocated on one thread is whole on another and can be freed there.",
		Source:   "malloc(3), notes on threads; attributes(7), MT-Safe",
		Breaks:   "Goroutines change threads: every C.free after a switch corrupts the heap.",
		Needs:    []string{"threads"},
		Run:      freeElsewhere,
	}, suite.Case{
		ID:       "cgocalls/strings-and-bytes",
		Contract: "C.CString, C.GoString, C.CBytes and C.GoBytes carry all bytes over: UTF-8, NUL, empty ones, a megabyte.",
		Source:   "cmd/cgo/doc.go, special functions",
		Breaks:   "Texts and blobs handed to C and back are cut.",
		Run:      texts,
	}, suite.Case{
		ID:       "cgocalls/pinned-memory",
		Contract: "Go memory that is pinned stays where it is over collections: C reads and writes it in later calls.",
		Source:   "Go runtime.Pinner; cmd/cgo/doc.go, passing pointers",
		Breaks:   "Buffers for asynchronous I/O of C libraries are written after they moved or were freed.",
		Run:      pinned,
	}, suite.Case{
		ID:       "cgocalls/handle-as-context",
		Contract: "A cgo.Handle passed as void* comes back from C and finds its Go value.",
		Source:   "Go runtime/cgo.Handle",
		Breaks:   "Callbacks get the context of another, or panic with an invalid handle.",
		Run:      contexts,
	}, suite.Case{
		ID:       "cgocalls/global-variables",
		Contract: "Go reads and writes C's global variables and arrays in place.",
		Source:   "cmd/cgo/doc.go, Go references to C; psABI: copy relocations and the global offset table",
		Breaks:   "Version strings, option globals (optarg, environ) and tables of libraries are another copy's.",
		Run:      globals,
	}, suite.Case{
		ID:       "cgocalls/constructors",
		Contract: "C's constructor functions have run, once, before Go's init functions.",
		Source:   "System V gABI, initialization and termination functions (DT_INIT_ARRAY)",
		Breaks:   "C libraries are used before they have set themselves up.",
		Run: func(t *suite.T) {
			if constructedBeforeInit != 1 || C.cgocalls_constructed() != 1 {
				t.Errorf("a C constructor had run %d times when Go's init functions ran, and %d times by now; expected once",
					int(constructedBeforeInit), int(C.cgocalls_constructed()))
			}
		},
	}, suite.Case{
		ID:       "cgocalls/jump-within-c",
		Contract: "longjmp over forty C frames on a thread of Go's comes back to setjmp with its value.",
		Source:   "setjmp(3); glibc debug/longjmp_chk: a jump must go up the stack",
		Breaks:   "libpng, libjpeg, Lua and PostgreSQL's libraries, which report errors so, end the program.",
		Run: func(t *suite.T) {
			for range 10 {
				same(t, "the value of setjmp after longjmp", C.cgocalls_jump(40), 42)
			}
		},
	}, suite.Case{
		ID:       "cgocalls/environment",
		Contract: "os.Setenv and os.Unsetenv change the environment that C's getenv sees.",
		Source:   "Go syscall/env_unix.go, runtime/cgo/setenv.c; Windows: the CRT keeps its own copy (getenv)",
		Breaks:   "TZ, LANG, SSL_CERT_FILE and the like set by a program do not reach its C libraries.",
		Run:      environment,
	}, suite.Case{
		ID:       "cgocalls/stack-on-go-threads",
		Contract: "C has 96 KiB of stack on each thread of Go's, and all but 48 KiB of what the C library declares.",
		Source:   "Go runtime/cgo/gcc_linux.c, _cgo_sys_thread_start: the default size of the C library; pthread_attr_init(3)",
		Needs:    []string{"threads"},
		Breaks:   "Deep C code (regular expressions, parsers, compilers) overflows on Go's threads only.",
		Run:      stackOnThreads,
	})
}

var constructedBeforeInit = C.cgocalls_constructed()

func malloc(t *suite.T) {
	if wrong := C.cgocalls_blocks_wrong(300); wrong != 0 {
		t.Errorf("300 blocks of 24 to 323 bytes: %d blocks misaligned or bytes changed", int(wrong))
	}
	for _, alignment := range []C.size_t{64, 4096} {
		block := C.cgocalls_aligned(alignment, 10000)
		if address := uintptr(block); address == 0 || address%uintptr(alignment) != 0 {
			t.Errorf("a block asked to be aligned to %d bytes lies at an address that ends in %#x", uint64(alignment), address&0xfff)
		}
		C.cgocalls_aligned_free(block)
	}
	large := C.malloc(32 << 20)
	defer C.free(large)
	all := unsafe.Slice((*byte)(large), 32<<20)
	for i := 0; i < len(all); i += 1 << 20 {
		all[i] = byte(i >> 20)
	}
	for i := 0; i < len(all); i += 1 << 20 {
		if all[i] != byte(i>>20) {
			t.Fatalf("byte %d of a block of 32 MiB changed", i)
		}
	}
}

func zeroAndGrow(t *suite.T) {
	for _, size := range []C.int{100, 5000, 300000} {
		if wrong := C.cgocalls_not_zero(size); wrong != 0 {
			t.Errorf("%d bytes of a calloc of %d are not zero", int(wrong), int(size))
		}
	}
	if kept := C.cgocalls_kept_by_realloc(1000, 4<<20); kept != 1000 {
		t.Errorf("realloc from 1000 bytes to 4 MiB kept %d bytes", int(kept))
	}
}

func freeElsewhere(t *suite.T) {
	for _, size := range []C.int{40, 5000, 400000} {
		var wrong C.int
		started(t, C.cgocalls_free_elsewhere(size, &wrong))
		if wrong != 0 {
			t.Errorf("%d bytes of a block of %d are wrong on another thread", int(wrong), int(size))
		}
	}
}

func texts(t *suite.T) {
	for _, text := range []string{"", "harbour", "海试 ← é\xff\x80", string(bytes.Repeat([]byte("sea "), 1<<18))} {
		c := C.CString(text)
		if got := int(C.cgocalls_text_length(c)); got != len(text) {
			t.Errorf("C finds %d bytes in a text of %d", got, len(text))
		}
		if got := C.GoString(c); got != text {
			t.Errorf("a text of %d bytes came back with %d: %.20q", len(text), len(got), got)
		}
		if got := C.GoStringN(c, C.int(len(text)/2)); got != text[:len(text)/2] {
			t.Errorf("half of a text of %d bytes came back with %d", len(text), len(got))
		}
		C.free(unsafe.Pointer(c))
	}
	blob := []byte{0, 1, 0, 255, 128, 0}
	c := C.CBytes(blob)
	defer C.free(c)
	for i, want := range blob {
		if got := C.cgocalls_byte_of(c, C.int(i)); got != C.int(want) {
			t.Errorf("C finds %d as byte %d of % x", int(got), i, blob)
		}
	}
	if got := C.GoBytes(c, C.int(len(blob))); !bytes.Equal(got, blob) {
		t.Errorf("the bytes % x came back as % x", blob, got)
	}
}

func pinned(t *suite.T) {
	numbers := make([]uint32, 500)
	var pinner runtime.Pinner
	pinner.Pin(&numbers[0])
	defer pinner.Unpin()
	C.cgocalls_remember((*C.uint32_t)(&numbers[0]))
	defer C.cgocalls_remember(nil)
	for i := range numbers {
		numbers[i] = uint32(i)
		if i%250 == 0 {
			runtime.GC()
		}
		if got := C.cgocalls_change_remembered(C.int(i), 1e9); got != C.uint32_t(i) {
			t.Fatalf("C reads %d where Go wrote %d", uint32(got), i)
		}
		if numbers[i] != uint32(i)+1e9 {
			t.Fatalf("Go reads %d where C wrote %d", numbers[i], i+1e9)
		}
	}
}

func contexts(t *suite.T) {
	handles := make([]cgo.Handle, 50)
	for i := range handles {
		handles[i] = cgo.NewHandle(fmt.Sprint("context ", i))
	}
	for i, handle := range handles {
		back := cgo.Handle(C.cgocalls_context_round_trip(C.uintptr_t(handle)))
		if back != handle {
			t.Fatalf("handle %d came back from C as %d", handle, back)
		}
		same(t, "the value of a handle", back.Value(), any(fmt.Sprint("context ", i)))
		handle.Delete()
	}
}

func globals(t *suite.T) {
	C.cgocalls_global += 25
	same(t, "a global that Go raised from 17 by 25, in C", C.cgocalls_read_global(), 42)
	C.cgocalls_global = 17
	same(t, "a table of C", C.cgocalls_table, [4]C.double{0.5, 1.5, 2.5, 3.5})
	words := []string{}
	for i := range C.cgocalls_words {
		words = append(words, C.GoString(&C.cgocalls_words[i][0]))
	}
	if !slices.Equal(words, []string{"tide", "ebb", "current"}) {
		t.Errorf("three words of C are %q in Go", words)
	}
}

func environment(t *suite.T) {
	if runtime.GOOS == "windows" {
		t.NA("on Windows the C library keeps a copy of its own of the environment, which Go does not set")
	}
	const name = "SEATRIAL_CGOCALLS"
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	for _, value := range []string{"ahoy", "海", ""} {
		os.Setenv(name, value)
		if got := C.cgocalls_environment(c); got == nil || C.GoString(got) != value {
			t.Errorf("Go set %s to %q, C's getenv gives %q (NULL: %v)", name, value, C.GoString(got), got == nil)
		}
	}
	os.Unsetenv(name)
	if C.cgocalls_environment(c) != nil {
		t.Errorf("Go unset %s, C's getenv still finds it", name)
	}
}

func stackOnThreads(t *suite.T) {
	// Two, so that one of them is not the main thread, whose stack is the kernel's. Each goroutine is locked to its
	// thread to the end, which ends the thread too: the stack that was used goes back.
	var both, pool sync.WaitGroup
	both.Add(2)
	for range 2 {
		pool.Go(func() {
			runtime.LockOSThread()
			both.Done()
			both.Wait()
			declared := int64(C.cgocalls_stack_size())
			if declared != 0 && declared < 112<<10 {
				t.Errorf("the C library declares a stack of %d bytes for a thread of Go's, expected 112 KiB or more", declared)
				return
			}
			use := max(96<<10, min(declared-48<<10, 6<<20))
			if got := int64(C.cgocalls_use_stack(C.int64_t(use))); got < use {
				t.Errorf("C counted %d bytes of stack, expected %d", got, use)
			}
		})
	}
	pool.Wait()
}
