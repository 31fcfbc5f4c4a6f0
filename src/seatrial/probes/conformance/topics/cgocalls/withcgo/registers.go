//go:build 386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x

package withcgo

// #include "registers.h"
import "C"

import (
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "cgocalls/kept-registers-over-callback",
		Contract: "A callback into Go leaves all registers that a callee must keep as C had them, floating-point ones too.",
		Source:   psABI + ", register usage; Go runtime/cgo/asm_*.s and abi_*.h, crosscall2",
		Breaks:   "C code that calls back goes on with other values in its variables: the rarest of crashes.",
		Run:      keptOverCallback,
	}, suite.Case{
		ID:       "cgocalls/kept-registers-over-libc",
		Contract: "libc's functions, called through the dynamic linker where there is one, keep those registers.",
		Source:   psABI + ", register usage; glibc sysdeps/*/dl-trampoline.S",
		Breaks:   "Libraries in hand-written assembly or by another compiler corrupt their callers.",
		Run:      func(t *suite.T) { unchanged(t, "qsort, snprintf, strtod, malloc", C.cgocalls_keep_over_libc()) },
	}, suite.Case{
		ID:       "cgocalls/kept-registers-over-system-calls",
		Contract: "System calls, also those in which the thread sleeps and another runs, keep those registers.",
		Source:   "syscall(2), architecture calling conventions; psABI: kernel interface; Go internal/runtime/syscall/asm_linux_*.s",
		Breaks:   "Values change over a switch of threads: wrong results at random, on one kernel only.",
		Run:      func(t *suite.T) { unchanged(t, "system calls", C.cgocalls_keep_over_system_calls()) },
	}, suite.Case{
		ID:       "cgocalls/stack-alignment",
		Contract: "A C function called by Go finds the stack pointer aligned as the ABI says.",
		Source:   psABI + ", the stack frame; Go runtime/asm_*.s, asmcgocall",
		Breaks:   "The first aligned vector store of a library (memcpy, printf of floats, codecs) crashes.",
		Run: func(t *suite.T) {
			aligned(t, "called by Go", uintptr(C.cgocalls_stack_pointer()), "stack-alignment")
		},
	}, suite.Case{
		ID:       "cgocalls/stack-alignment-under-callbacks",
		Contract: "C called by Go that was called by C, on Go's thread and on one of C's, finds it aligned too.",
		Source:   psABI + ", the stack frame; Go runtime/cgo/asm_*.s",
		Breaks:   "The same crash, but only in callbacks.",
		Needs:    []string{"threads"},
		Run:      alignedUnderCallbacks,
	}, suite.Case{
		ID:       "cgocalls/aligned-locals",
		Contract: "Local variables in C that ask for 32 or 64 bytes of alignment have it on Go's threads and in callbacks.",
		Source:   "ISO C 6.2.8, 6.7.5; x86 psABI: _Alignas beyond the stack's needs dynamic realignment",
		Breaks:   "AVX and AVX-512 code spills to misaligned slots and crashes.",
		Run:      alignedLocals,
	}, suite.Case{
		ID:       "cgocalls/vector-arguments",
		Contract: "Seven 16-byte vectors pass between C functions that Go called, in vector registers where the port has them.",
		Source:   psABI + ", vector types",
		Breaks:   "SIMD libraries (image, hashing, inference) compute nonsense.",
		Run: func(t *suite.T) {
			if C.cgocalls_vectors16() == 0 {
				t.Errorf("the sum of seven vectors of four integers, computed by another function, is wrong")
			}
		},
	}, suite.Case{
		ID:       "cgocalls/float-control",
		Contract: "C called by Go finds the platform's default rounding, exception masks and denormals, on Go's threads and its own.",
		Source:   psABI + ", floating-point environment; Go runtime/asm_386.s, asminit: x87 to 53 bits",
		Breaks:   "Numeric libraries give other last digits than in a C program, or die of floating-point exceptions.",
		Needs:    []string{"threads"},
		Run:      floatControl,
	}, suite.Case{
		ID:       "cgocalls/rounding-in-c",
		Contract: "Sums in C that Go called round to nearest, ties to even.",
		Source:   "IEEE 754-2019 4.3.1; ISO C F.8.3, default rounding",
		Breaks:   "Money and geometry computed in C differ between runs and ports.",
		Run: func(t *suite.T) {
			if C.cgocalls_rounds_to_nearest() == 0 {
				t.Errorf("1 + 2^-53 is not 1, or 1 + 1.5 * 2^-53 is 1: C does not round to nearest, ties to even")
			}
		},
	}, suite.Case{
		ID:       "cgocalls/rounding-over-callback",
		Contract: "A rounding mode that C has set is still set after a callback into Go.",
		Source:   "System V AMD64 3.2.3: the control bits of MXCSR and x87 are kept by callees; AAPCS64 6.1.2; fesetround(3)",
		Breaks:   "Interval arithmetic and decimal conversion in C lose their bounds after a callback.",
		Run:      roundingKept,
	})
}

// unchanged reports the registers whose bits are set.
func unchanged(t *suite.T, over string, changed C.uint64_t) {
	if changed == 0 {
		return
	}
	var all []string
	for bit := range 64 {
		if changed>>bit&1 != 0 {
			all = append(all, C.GoString(C.cgocalls_kept_name(C.int(bit))))
		}
	}
	t.Errorf("%s changed registers that a callee must keep: %s", over, strings.Join(all, ", "))
}

func keptOverCallback(t *suite.T) {
	handled(func() {
		_ = strconv.FormatFloat(math.Sqrt(float64(os.Getpid())), 'g', -1, 64) // uses floating-point registers
		runtime.GC()
	}, func(handle C.uintptr_t) { unchanged(t, "a callback into Go", C.cgocalls_keep_over_callback(handle)) })
}

func aligned(t *suite.T, where string, sp uintptr, expected string) {
	want, ok := t.Expected(expected)
	if !ok {
		t.Unknown("no source is recorded for the alignment of this port's stack; the stack pointer here ends in %#x", sp&63)
	}
	if bytes, err := strconv.Atoi(want); err != nil || sp%uintptr(bytes) != 0 {
		t.Errorf("C %s: the stack pointer ends in %#x, expected a multiple of %s bytes", where, sp&0xff, want)
	}
}

func alignedUnderCallbacks(t *suite.T) {
	var sp uintptr
	look := func() { sp = uintptr(C.cgocalls_stack_pointer()) }
	handled(look, func(handle C.uintptr_t) { C.cgocalls_call_go(handle, 1) })
	const expected = "stack-alignment-under-callbacks"
	aligned(t, "in a callback", sp, expected)
	handled(look, func(handle C.uintptr_t) { started(t, C.cgocalls_threads_call_go(1, handle, 1, 0)) })
	aligned(t, "in a callback on a C thread", sp, expected)
}

func alignedLocals(t *suite.T) {
	for _, alignment := range []C.int{32, 64} {
		look := func(where string) {
			if off := C.cgocalls_local_off(alignment); off != 0 {
				t.Errorf("%s: a local variable aligned to %d bytes is off by %d", where, int(alignment), int(off))
			}
		}
		look("C called by Go")
		handled(func() { look("C in a callback") }, func(handle C.uintptr_t) { C.cgocalls_call_go(handle, 1) })
	}
}

func floatControl(t *suite.T) {
	look := func() string {
		var text [64]C.char
		C.cgocalls_control_here(&text[0], C.size_t(len(text)))
		return C.GoString(&text[0])
	}
	seen := map[string]string{"Go's thread": look()}
	handled(func() { seen["a callback"] = look() }, func(handle C.uintptr_t) { C.cgocalls_call_go(handle, 1) })
	handled(func() { seen["a callback on a C thread"] = look() },
		func(handle C.uintptr_t) { started(t, C.cgocalls_threads_call_go(1, handle, 1, 0)) })
	t.Value("control", seen["Go's thread"])
	want, ok := t.Expected("float-control")
	if !ok {
		t.Unknown("no source is recorded for this port's defaults; here they are %s", seen["Go's thread"])
	}
	for where, got := range seen {
		if !strings.Contains(" or "+want+" or ", " or "+got+" or ") {
			t.Errorf("C on %s finds %s, expected %s", where, got, want)
		}
	}
}

func roundingKept(t *suite.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	handled(func() {
		runtime.Gosched()
	}, func(handle C.uintptr_t) {
		switch C.cgocalls_rounding_over_callback(handle) {
		case -1:
			t.NA("C cannot set a rounding mode here (fesetround)")
		case 0:
			t.Errorf("C set rounding upward and called Go; afterwards it is no longer set")
		}
	})
}
