package withcgo

// #include "language.h"
// #include <stdlib.h>
import "C"

import (
	"fmt"
	"runtime"
	"strconv"
	"unsafe"

	"seatrial.example/conformance/suite"
)

const abi = "the psABI of each port, data representation (System V AMD64 3.1, System V i386 2.1, AAPCS32 5, AAPCS64 5, " +
	"RISC-V 4, LoongArch, ELFv2 2.1, s390x 1.1)"

func init() {
	suite.Register(suite.Case{
		ID:       "layout/c-basic-types",
		Contract: "char, short, int, long, float, pointers and size_t have the same size and place in C and in cgo.",
		Source:   abi + "; cmd/cgo/gcc.go, typeConv.Struct",
		Breaks:   "Every structure of a C library is read shifted.",
		Run:      basicTypes,
	}, suite.Case{
		ID:       "layout/c-int64-alignment",
		Contract: "64-bit numbers in structures are aligned to 8, on 386 to 4; cgo puts them where C does.",
		Source:   "System V i386 2.1, table 2.1; AAPCS32 5.1; cmd/cgo/gcc.go, typeConv.Struct",
		Breaks:   "32-bit programs read halves of neighbouring numbers, and 64-bit atomics fault on arm.",
		Run:      wideNumbers,
	}, suite.Case{
		ID:       "layout/c-long-double",
		Contract: "long double has the size and alignment that the port's ABI defines.",
		Source:   abi + ", long double",
		Breaks:   "Buffers that Go gives to C for it are too small.",
		Run: func(t *suite.T) {
			defined(t, "long-double-"+libc(), sizeAndAlign(C.SEATRIAL_LONG_DOUBLE))
		},
	}, suite.Case{
		ID:       "layout/c-wchar",
		Contract: "wchar_t has the size and sign that the port's ABI defines.",
		Source:   abi + ", wchar_t",
		Breaks:   "Texts from C libraries with wide characters are cut at the first letter.",
		Run: func(t *suite.T) {
			sign := "unsigned"
			if C.seatrial_wchar_is_signed() != 0 {
				sign = "signed"
			}
			defined(t, "wchar", fmt.Sprintf("%d %s", C.seatrial_size(C.SEATRIAL_WCHAR), sign))
		},
	}, suite.Case{
		ID:       "layout/c-vector",
		Contract: "A vector of 16 bytes has the alignment that the port's ABI defines.",
		Source:   abi + ", vector types; GCC manual, Vector Extensions",
		Breaks:   "C code with vector instructions faults on buffers that Go allocated after these sizes.",
		Run: func(t *suite.T) {
			defined(t, "vector", sizeAndAlign(C.SEATRIAL_VECTOR))
		},
	}, suite.Case{
		ID:       "layout/c-empty-struct",
		Contract: "An empty structure of GNU C has no bytes, in C as in cgo.",
		Source:   "GCC manual, Empty Structures; cmd/cgo/gcc.go",
		Breaks:   "Members behind an empty one are read shifted.",
		Run: func(t *suite.T) {
			defined(t, "empty-struct", strconv.Itoa(int(C.seatrial_size(C.SEATRIAL_EMPTY))))
			if size, in := int(C.seatrial_size(C.SEATRIAL_EMPTY)), int(unsafe.Sizeof(C.struct_seatrial_nothing{})); size != in {
				t.Errorf("%d bytes in C, %d in Go", size, in)
			}
		},
	}, suite.Case{
		ID:       "layout/c-system-types",
		Contract: "size_t, off_t and time_t have the widths that the C library defines for the port.",
		Source:   "sys_types.h(0p); feature_test_macros(7), _FILE_OFFSET_BITS; musl 1.2.0 release notes (time64)",
		Breaks:   "File offsets are cut at 2 GiB and times at 2038 between Go and C.",
		Run: func(t *suite.T) {
			defined(t, "system-types-"+libc(), fmt.Sprintf("size_t %d, off_t %d, time_t %d",
				C.seatrial_size(C.SEATRIAL_SIZE), C.seatrial_size(C.SEATRIAL_OFF), C.seatrial_size(C.SEATRIAL_TIME)))
		},
	}, suite.Case{
		ID:       "layout/c-enums-in-structs",
		Contract: "Enums in structures take four bytes, with a sign if they have a negative value.",
		Source:   "AAPCS64 10.1.2; cmd/cgo/gcc.go, dwarf.EnumType",
		Breaks:   "What follows a state or a kind in a structure is read shifted (-fshort-enums).",
		Run:      enumsInStructs,
	}, suite.Case{
		ID:       "layout/c-bools-in-structs",
		Contract: "_Bool in structures takes one byte, also in arrays.",
		Source:   abi + ", _Bool",
		Breaks:   "Flags of C libraries are read from their neighbours.",
		Run:      func(t *suite.T) { agree[C.struct_seatrial_bools](t, language("bools")) },
	}, suite.Case{
		ID:       "layout/c-packed",
		Contract: "A packed structure has no gaps; cgo keeps its size and leaves out fields that are misaligned for Go.",
		Source:   "GCC manual, packed; cmd/cgo/doc.go: \"fields that can't be expressed ... are omitted\"",
		Breaks:   "Headers of files and protocols are read shifted.",
		Run:      func(t *suite.T) { agree[C.struct_seatrial_packed](t, language("packed"), misaligned()...) },
	}, suite.Case{
		ID:       "layout/c-aligned",
		Contract: "Members with alignments of 16, 32 and 64 lie there, in C and in cgo, and the structure is as long.",
		Source:   "GCC manual, aligned; cmd/cgo/gcc.go, typeConv.pad",
		Breaks:   "Structures for direct I/O, vectors and cache lines are read shifted.",
		Run:      func(t *suite.T) { agree[C.struct_seatrial_aligned](t, language("aligned")) },
	}, suite.Case{
		ID:       "layout/c-nested",
		Contract: "Nested and anonymous structures and unions, and arrays in them, keep their places.",
		Source:   "ISO C11 6.7.2.1, paragraph 13; cmd/cgo/gcc.go, typeConv.Struct",
		Breaks:   "Parts of events and options (SDL, libusb, V4L2) are read shifted.",
		Run:      func(t *suite.T) { agree[C.struct_seatrial_nested](t, language("nested")) },
	})
}

func language(name string) *C.struct_seatrial_shape {
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	return C.seatrial_language_shape(text)
}

func sizeAndAlign(kind C.enum_seatrial_type) string {
	return fmt.Sprintf("%d/%d", C.seatrial_size(kind), C.seatrial_align(kind))
}

// defined holds what the compiler does against what the port's ABI defines: a row of expected/layout.json.
func defined(t *suite.T, name, got string) {
	t.Value(name, got)
	want, ok := t.Expected(name)
	if !ok {
		t.Unknown("%s is %s here, and no source is recorded for what this port defines", name, got)
	}
	if got != want {
		t.Errorf("%s is %s, this port defines %s", name, got, want)
	}
}

func basicTypes(t *suite.T) {
	agree[C.struct_seatrial_basic](t, language("basic"))
	word := int(unsafe.Sizeof(uintptr(0)))
	long := word
	if runtime.GOOS == "windows" {
		long = 4
	}
	for _, row := range []struct {
		name      string
		got, want int
	}{
		{"char", int(unsafe.Sizeof(C.char(0))), 1}, {"short", int(unsafe.Sizeof(C.short(0))), 2},
		{"int", int(unsafe.Sizeof(C.int(0))), 4}, {"long", int(unsafe.Sizeof(C.long(0))), long},
		{"long long", int(unsafe.Sizeof(C.longlong(0))), 8}, {"float", int(unsafe.Sizeof(C.float(0))), 4},
		{"double", int(unsafe.Sizeof(C.double(0))), 8}, {"size_t", int(unsafe.Sizeof(C.size_t(0))), word},
	} {
		if row.got != row.want {
			t.Errorf("C.%s has %d bytes, expected %d", row.name, row.got, row.want)
		}
	}
}

func wideNumbers(t *suite.T) {
	agree[C.struct_seatrial_wide](t, language("wide"))
	for _, one := range shapeOf(t, language("wide")).members[:1] {
		defined(t, "int64-alignment", fmt.Sprint(one.offset))
	}
}

func enumsInStructs(t *suite.T) {
	agree[C.struct_seatrial_enums](t, language("enums"))
	var it C.struct_seatrial_enums
	if it.with_sign = C.SEATRIAL_LESS; it.with_sign >= 0 {
		t.Errorf("an enum with the value -1 is unsigned in Go")
	}
	if unsafe.Sizeof(it.small) != 4 {
		t.Errorf("an enum has %d bytes, expected 4", unsafe.Sizeof(it.small))
	}
}

// misaligned are the members of seatrial_packed that Go cannot have where they are.
func misaligned() []string {
	return []string{"i", "s", "l"}
}
