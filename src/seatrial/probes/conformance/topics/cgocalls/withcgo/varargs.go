package withcgo

// #include <stdlib.h>
// #include "varargs.h"
import "C"

import (
	"fmt"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "cgocalls/variable-arguments-integers",
		Contract: "Twelve integers after `...` are read back in order, from registers and then from the stack.",
		Source:   psABI + ", variable argument lists; Apple, Writing ARM64 code: always on the stack",
		Breaks:   "ioctl, fcntl, open and printf-like functions behind shims get wrong values.",
		Run:      variadicIntegers,
	}, suite.Case{
		ID:       "cgocalls/variable-arguments-promoted",
		Contract: "char, short and float after `...` arrive promoted to int and double.",
		Source:   "ISO C 6.5.2.2.6, default argument promotions",
		Breaks:   "Small values printed or logged through C are garbage.",
		Run:      variadicPromoted,
	}, suite.Case{
		ID:       "cgocalls/variable-arguments-floats",
		Contract: "Ten doubles after `...` are read back: the callee is told about vector registers (al on amd64).",
		Source:   "System V AMD64 3.2.3 and 3.5.7; x64 calling convention (Microsoft), varargs",
		Breaks:   "Every float that C formats is 0 or left over from before.",
		Run:      variadicFloats,
	}, suite.Case{
		ID:       "cgocalls/variable-arguments-mixed",
		Contract: "Integers and doubles by turns after `...` are each read from their own save area.",
		Source:   psABI + ", va_list",
		Breaks:   "Database and logging calls with mixed values swap them.",
		Run:      variadicMixed,
	}, suite.Case{
		ID:       "cgocalls/variable-arguments-structs",
		Contract: "Structs after `...` are read back whole, and so is what follows them.",
		Source:   psABI + ", va_arg of aggregates",
		Breaks:   "Variadic APIs that take ranges or points (image and UI libraries) read garbage.",
		Run:      variadicStructs,
	}, suite.Case{
		ID:       "cgocalls/argument-list-passed-on",
		Contract: "A va_list and its copy can be passed to libc, and vsnprintf writes what Go's fmt writes.",
		Source:   "ISO C 7.16.1.2, va_copy; vsnprintf(3)",
		Breaks:   "Log callbacks of C libraries crash or print nonsense.",
		Run:      listPassedOn,
	})
}

func variadicIntegers(t *suite.T) {
	callC(t, "integers after `...`", func() {
		C.cgocalls_shim_integers(-1, 2<<40, -3, 4<<50, -5, 6, -7<<33, 8, -9, 10<<40, -11, 12)
	}, -1, int64(2<<40), -3, int64(4<<50), -5, 6, int64(-7<<33), 8, -9, int64(10<<40), -11, 12)
}

func variadicPromoted(t *suite.T) {
	callC(t, "narrow values after `...`", func() { C.cgocalls_shim_small(-128, 255, -32768, 65535, -0.5) },
		-128, 255, -32768, 65535, -0.5)
}

func variadicFloats(t *suite.T) {
	callC(t, "doubles after `...`", func() { C.cgocalls_shim_floats(0.1, -2, 3e300, -4e-300, 5, -6, 7, -8, 9, -10.5) },
		0.1, -2.0, 3e300, -4e-300, 5.0, -6.0, 7.0, -8.0, 9.0, -10.5)
}

func variadicMixed(t *suite.T) {
	callC(t, "integers and doubles after `...`", func() {
		C.cgocalls_shim_mixed(-1, 0.5, 2<<40, -1.5, 3, 2.5, -4<<33, -3.5, 5, 4.5, 6<<50, -5.5)
	}, -1, 0.5, int64(2<<40), -1.5, 3, 2.5, int64(-4<<33), -3.5, 5, 4.5, int64(6<<50), -5.5)
}

func variadicStructs(t *suite.T) {
	callC(t, "structs after `...`", func() {
		C.cgocalls_shim_structs(1, C.struct_cgocalls_small{-2, 3.5}, -4.5,
			C.struct_cgocalls_large{all: [5]C.int64_t{5, -6, 7, -8, 9 << 40}}, -10)
	}, 1, -2, float32(3.5), -4.5, 5, -6, 7, -8, int64(9<<40), -10)
}

func listPassedOn(t *suite.T) {
	text := C.CString("harbour")
	defer C.free(unsafe.Pointer(text))
	var out [100]C.char
	C.cgocalls_shim_format(&out[0], C.size_t(len(out)), -42, text, 2.0625, -1<<40, 'z', 0xfeedface)
	want := fmt.Sprintf("%d|%s|%.3f|%d|%c|%x", -42, "harbour", 2.0625, int64(-1<<40), 'z', uint32(0xfeedface))
	if got := C.GoString(&out[0]); got != want {
		t.Errorf("C wrote %q, Go writes %q", got, want)
	}
}
