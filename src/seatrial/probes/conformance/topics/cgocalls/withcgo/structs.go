package withcgo

// #include <stdlib.h>
// #include "structs.h"
import "C"

import (
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "cgocalls/float-aggregates-as-arguments",
		Contract: "Structs of two to four floats or doubles arrive: one register a member where the ABI has homogeneous aggregates.",
		Source:   "AAPCS64 5.9.5, HFA; AAPCS32 VFP 7.1.1; ELFv2 2.2.3; RISC-V 2.2; System V AMD64 3.2.3: packed in SSE registers",
		Breaks:   "Vectors, rectangles and quaternions of graphics libraries are scrambled.",
		Run:      aggregateArguments,
	}, suite.Case{
		ID:       "cgocalls/float-aggregates-as-results",
		Contract: "Structs of two to four floats or doubles come back with each member in place.",
		Source:   "the same as for arguments; returning of values",
		Breaks:   "Results of geometry and colour functions have members swapped or lost.",
		Run:      aggregateResults,
	}, suite.Case{
		ID:       "cgocalls/five-doubles",
		Contract: "A struct of five doubles is no homogeneous aggregate: it goes through memory, as argument and as result.",
		Source:   "AAPCS64 5.9.5: four members at most; " + psABI,
		Breaks:   "Affine transformations and statistics structs read registers that nobody set.",
		Run:      fiveDoubles,
	}, suite.Case{
		ID:       "cgocalls/float-aggregate-at-the-last-register",
		Contract: "A struct of two doubles after seven doubles is never split, and the double after it is found.",
		Source:   "AAPCS64 6.8.2, C.3; System V AMD64 3.2.3, post merger: no eightbyte left, all on the stack",
		Breaks:   "Long argument lists with a point in them are read wrong from the point on.",
		Run:      lateAggregate,
	}, suite.Case{
		ID:       "cgocalls/struct-at-the-last-register",
		Contract: "A struct of two words that meets the last free register goes where the ABI says, as does what follows.",
		Source:   "System V AMD64 3.2.3; AAPCS64 6.8.2, C.12; RISC-V 2.1: half in a register, half on the stack",
		Breaks:   "Slices and strings of C (pointer, length) late in a call lose their length.",
		Run:      lateStruct,
	}, suite.Case{
		ID:       "cgocalls/integer-and-float-in-one-struct",
		Contract: "Structs of an integer and a float pass and return: one integer register and one float register, or as words.",
		Source:   "System V AMD64 3.2.3, a class for each eightbyte; RISC-V 2.2, one float and one integer; AAPCS64: words",
		Breaks:   "Tagged values, samples with a time stamp and (code, value) results are swapped.",
		Run:      mixedPairs,
	}, suite.Case{
		ID:       "cgocalls/nested-structs",
		Contract: "Nested structs, with the padding between them, pass and return by value.",
		Source:   psABI + ", aggregates are flattened with their padding",
		Breaks:   "Members behind padding are read from the wrong bytes.",
		Run:      nested,
	}, suite.Case{
		ID:       "cgocalls/arrays-in-structs",
		Contract: "Structs with arrays in them pass and return by value with all elements.",
		Source:   psABI + ", aggregates",
		Breaks:   "Fixed-size matrices, names and addresses in structs are cut.",
		Run:      arrays,
	}, suite.Case{
		ID:       "cgocalls/unions",
		Contract: "Unions, bytes in Go, pass and return by value whichever member was set.",
		Source:   "cmd/cgo/doc.go, C unions are Go byte arrays; System V AMD64 3.2.3, merger of classes",
		Breaks:   "Variants and events (X11, SDL, ODBC) carry nonsense.",
		Run:      unions,
	}, suite.Case{
		ID:       "cgocalls/pointer-and-length",
		Contract: "A struct of a pointer and a length passes and returns in two registers, or as the ABI says.",
		Source:   psABI + ", returning of values",
		Breaks:   "Strings of C libraries written in Rust, C++ or Go itself come with a wrong length.",
		Run:      pointerAndLength,
	}, suite.Case{
		ID:       "cgocalls/function-pointers",
		Contract: "Pointers to C functions come to Go in a struct, go back, and call what they point to.",
		Source:   "cmd/cgo/doc.go: Go variables can hold C function pointers, and pass them between Go and C",
		Breaks:   "Plug-in tables, allocators and drivers (SQLite, Vulkan) are called at wrong addresses.",
		Run:      functionPointers,
	})
}

func aggregateArguments(t *suite.T) {
	callC(t, "structs of 2, 3 and 4 floats", func() {
		C.cgocalls_take_floats(C.struct_cgocalls_f2{f: [2]C.float{1.5, -2}}, C.struct_cgocalls_f3{3, -4.25, 5}, 6.5,
			C.struct_cgocalls_f4{f: [4]C.float{-7, 8, -9.75, 10}})
	}, float32(1.5), float32(-2), float32(3), float32(-4.25), float32(5), float32(6.5), float32(-7), float32(8),
		float32(-9.75), float32(10))
	callC(t, "structs of 2 and 3 doubles", func() {
		C.cgocalls_take_doubles(C.struct_cgocalls_d2{0.1, -2e300}, 3.5, C.struct_cgocalls_d3{d: [3]C.double{4, -5e-300, 6}})
	}, 0.1, -2e300, 3.5, 4.0, -5e-300, 6.0)
	callC(t, "a struct of 4 doubles", func() {
		C.cgocalls_take_d4(C.struct_cgocalls_d4{d: [4]C.double{0.1, -0.2, 0.3, -0.4}}, 5)
	}, 0.1, -0.2, 0.3, -0.4, 5.0)
}

func aggregateResults(t *suite.T) {
	same(t, "a struct of 2 floats", C.cgocalls_give_f2(1.5).f, [2]C.float{1.5, 2.5})
	same(t, "a struct of 3 floats", C.cgocalls_give_f3(-3), C.struct_cgocalls_f3{-3, -2, -1})
	same(t, "a struct of 4 floats", C.cgocalls_give_f4(0.25).f, [4]C.float{0.25, 1.25, 2.25, 3.25})
	same(t, "a struct of 2 doubles", C.cgocalls_give_d2(1e9), C.struct_cgocalls_d2{1e9, 1e9 + 1})
	same(t, "a struct of 3 doubles", C.cgocalls_give_d3(-0.5).d, [3]C.double{-0.5, 0.5, 1.5})
	same(t, "a struct of 4 doubles", C.cgocalls_give_d4(7).d, [4]C.double{7, 8, 9, 10})
}

// same holds a result that came from C against what C returned.
func same[T comparable](t *suite.T, what string, got, want T) {
	if got != want {
		t.Errorf("%s: C returned %v, Go got %v", what, want, got)
	}
}

func fiveDoubles(t *suite.T) {
	callC(t, "a struct of 5 doubles between doubles", func() {
		C.cgocalls_take_d5(0.5, C.struct_cgocalls_d5{d: [5]C.double{1, -2, 3, -4, 5}}, 6.5)
	}, 0.5, 1.0, -2.0, 3.0, -4.0, 5.0, 6.5)
	same(t, "a struct of 5 doubles", C.cgocalls_give_d5(-2).d, [5]C.double{-2, -1, 0, 1, 2})
}

func lateAggregate(t *suite.T) {
	callC(t, "a struct of 2 doubles after 7 doubles", func() {
		C.cgocalls_take_late_d2(1, 2, 3, 4, 5, 6, 7, C.struct_cgocalls_d2{8.5, -9.5}, 10.25)
	}, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.5, -9.5, 10.25)
}

func lateStruct(t *suite.T) {
	two := C.struct_cgocalls_two{-1 << 40, 1 << 41}
	callC(t, "a struct of two words after 5 integers", func() {
		C.cgocalls_take_after5(1, 2, 3, 4, 5, two, 1<<42)
	}, 1, 2, 3, 4, 5, int64(-1<<40), int64(1<<41), int64(1<<42))
	callC(t, "a struct of two words after 7 integers", func() {
		C.cgocalls_take_after7(1, 2, 3, 4, 5, 6, 7, two, 1<<42)
	}, 1, 2, 3, 4, 5, 6, 7, int64(-1<<40), int64(1<<41), int64(1<<42))
}

func mixedPairs(t *suite.T) {
	callC(t, "structs of an integer and a float", func() {
		C.cgocalls_take_pairs(C.struct_cgocalls_if{-1, 2.5}, C.struct_cgocalls_id{-3 << 40, 4.5},
			C.struct_cgocalls_di{-5.5, 6 << 40}, C.struct_cgocalls_fid{7.5, -8, 9.25})
	}, -1, float32(2.5), int64(-3<<40), 4.5, -5.5, int64(6<<40), float32(7.5), -8, 9.25)
	same(t, "int32 and float", C.cgocalls_give_if(-7, 0.75), C.struct_cgocalls_if{-7, 0.75})
	same(t, "int64 and double", C.cgocalls_give_id(1<<50, -0.1), C.struct_cgocalls_id{1 << 50, -0.1})
	same(t, "double and int64", C.cgocalls_give_di(-1<<50, 0.1), C.struct_cgocalls_di{0.1, -1 << 50})
}

func nested(t *suite.T) {
	var n C.struct_cgocalls_nested
	n.inner.a, n.inner.b = -5, 0.1
	n.outer.s = [3]C.int16_t{-1, 256, -300}
	n.outer.more.deep = 0xa5
	callC(t, "a nested struct", func() { C.cgocalls_take_nested(n, 77) }, -5, 0.1, -1, 256, -300, 0xa5, 77)
	got := C.cgocalls_give_nested(n)
	n.inner.a, n.outer.s[2], n.outer.more.deep = 5, -299, 0x5a
	same(t, "a nested struct", got, n)
}

func arrays(t *suite.T) {
	callC(t, "structs of an int and three floats", func() {
		C.cgocalls_take_array(C.struct_cgocalls_array{-1, [3]C.float{1, 2, 3}}, C.struct_cgocalls_array{4, [3]C.float{-5, 6, -7}})
	}, -1, float32(1), float32(2), float32(3), 4, float32(-5), float32(6), float32(-7))
	same(t, "a struct with an array", C.cgocalls_give_array(-9, 0.5), C.struct_cgocalls_array{-9, [3]C.float{0.5, 1, 2}})
}

func unions(t *suite.T) {
	var as C.union_cgocalls_either
	*(*float64)(unsafe.Pointer(&as)) = 2.5
	var back C.union_cgocalls_either
	callC(t, "a union that holds a double", func() { back = C.cgocalls_either_of(0, as) }, 0, 2.5)
	same(t, "a union that holds a double", *(*float64)(unsafe.Pointer(&back)), -2.5)
	*(*int64)(unsafe.Pointer(&as)) = 0x0102030405060708
	callC(t, "a union that holds an integer", func() { back = C.cgocalls_either_of(1, as) }, 1, int64(0x0102030405060708))
	same(t, "a union that holds an integer", *(*int64)(unsafe.Pointer(&back)), ^int64(0x0102030405060708))
}

func pointerAndLength(t *suite.T) {
	text := C.CString("across the seas")
	defer C.free(unsafe.Pointer(text))
	rest := C.cgocalls_rest(C.struct_cgocalls_text{text, 15}, 7)
	if rest.length != 8 || uintptr(unsafe.Pointer(rest.start)) != uintptr(unsafe.Pointer(text))+7 {
		t.Fatalf("C returned (start+7, 8), Go got (start%+d, %d)",
			int64(uintptr(unsafe.Pointer(rest.start)))-int64(uintptr(unsafe.Pointer(text))), uint64(rest.length))
	}
	same(t, "the text there", C.GoStringN(rest.start, C.int(rest.length)), "the seas")
}

func functionPointers(t *suite.T) {
	methods := C.cgocalls_methods_of()
	same(t, "a call through a pointer", C.cgocalls_call_scale(methods, C.struct_cgocalls_d3{d: [3]C.double{1, -2, 0.5}}, 4).d,
		[3]C.double{4, -8, 2})
	text := C.CString("seven seas, six ships")
	defer C.free(unsafe.Pointer(text))
	if got := C.cgocalls_call_count(&methods, C.struct_cgocalls_text{text, 21}); got != 6 {
		t.Errorf("C counted %d letters through a pointer, expected 6", int64(got))
	}
}
