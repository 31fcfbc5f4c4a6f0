package withcgo

// #include "language.h"
// #include <stdlib.h>
import "C"

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"unsafe"

	"seatrial.example/conformance/suite"
)

const bitRules = "ISO C 6.7.2.1; System V AMD64 3.1.2, Bit-Fields, and the same rules in the other psABIs; Microsoft's on Windows"

func init() {
	suite.Register(suite.Case{
		ID:       "layout/c-bit-field-order",
		Contract: "Bit-fields fill their unit from the low end on little-endian ports and from the high end on big-endian ones.",
		Source:   bitRules,
		Breaks:   "Go code that masks flags out of a C structure reads others.",
		Run:      bitFieldOrder,
	}, suite.Case{
		ID:       "layout/c-bit-field-straddling",
		Contract: "A bit-field that does not fit what is left of its unit begins the next one; width 0 begins one too.",
		Source:   bitRules,
		Breaks:   "Members behind bit-fields are read shifted.",
		Run:      bitFieldStraddling,
	}, suite.Case{
		ID:       "layout/c-bit-field-beside-members",
		Contract: "A bit-field shares its unit with an ordinary member beside it, or has its own, as the port's ABI defines.",
		Source:   bitRules,
		Breaks:   "cgo, which leaves bit-fields out, must still know where the members around them are.",
		Run:      bitFieldBeside,
	}, suite.Case{
		ID:       "layout/c-bit-field-sign",
		Contract: "A bit-field of int has a sign, one of unsigned has none.",
		Source:   "GCC manual, C Implementation-Defined Behavior, Structures: plain int bit-fields are signed",
		Breaks:   "Small negative numbers of C libraries turn positive.",
		Run:      bitFieldSign,
	}, suite.Case{
		ID:       "layout/c-union",
		Contract: "A union is an array of bytes in Go, as long and as aligned as its largest member; all begin at its start.",
		Source:   "cmd/cgo/doc.go: \"C's union types are represented as a Go byte array\"; ISO C 6.5.2.3",
		Breaks:   "Events and values of C libraries are read from wrong bytes.",
		Run:      unions,
	}, suite.Case{
		ID:       "layout/c-arrays-of-structs",
		Contract: "Structures in arrays lie apart by their size with padding at the end, in C and in Go.",
		Source:   "ISO C 6.5.3.4; cmd/cgo/gcc.go, typeConv.Struct (the trailing blank field)",
		Breaks:   "Only the first entry of a list that C gives is right.",
		Run:      arraysOfStructs,
	}, suite.Case{
		ID:       "layout/c-pointers-in-structs",
		Contract: "Pointers to data, to functions and to lists are one word each, and NULL is nil.",
		Source:   abi + ", pointers; cmd/cgo/doc.go",
		Breaks:   "Tables of functions (drivers, plug-ins) are called at wrong addresses.",
		Run:      pointersInStructs,
	}, suite.Case{
		ID:       "layout/c-flexible-array",
		Contract: "A flexible array member adds nothing to the size, cgo leaves it out, and its items begin at its offset.",
		Source:   "ISO C 6.7.2.1, paragraph 18; cmd/cgo/gcc.go, zero-sized last field",
		Breaks:   "Messages of variable length are read shifted or written past their end.",
		Run:      flexibleArray,
	}, suite.Case{
		ID:       "layout/c-complex-in-structs",
		Contract: "Complex numbers are real part, imaginary part, aligned as one part: complex64 and complex128 of Go.",
		Source:   "ISO C 6.2.5, paragraph 13; cmd/cgo/gcc.go, dwarf.ComplexType",
		Breaks:   "Results of numerical libraries have their parts mixed up.",
		Run:      complexInStructs,
	})
}

// bytesFrom are those that C wrote of a structure.
func bytesFrom(write func(*C.uchar) C.int) []byte {
	room := new([64]C.uchar)
	n := write(&room[0])
	return C.GoBytes(unsafe.Pointer(room), n)
}

func sameBytes(t *suite.T, what string, got []byte, want string) {
	if text := fmt.Sprintf("%x", got); text != want {
		t.Errorf("%s has the bytes %s, expected %s", what, text, want)
	}
}

func bigEndian() bool { return binary.NativeEndian.Uint16([]byte{1, 0}) == 0x100 }

// unit is a 32-bit unit of bit-fields, given as value and width each, in the order of their declaration.
func unit(fields ...uint32) string {
	var value, used uint32
	for i := 0; i < len(fields); i += 2 {
		if bigEndian() {
			value |= fields[i] << (32 - used - fields[i+1])
		} else {
			value |= fields[i] << used
		}
		used += fields[i+1]
	}
	return fmt.Sprintf("%x", binary.NativeEndian.AppendUint32(nil, value))
}

func bitFieldOrder(t *suite.T) {
	got := bytesFrom(func(room *C.uchar) C.int { return C.seatrial_bits_in_order(room) })
	sameBytes(t, "a:1 b:3 c:12 d:16", got, unit(1, 1, 2, 3, 0xabc, 12, 0x1234, 16))
}

func bitFieldStraddling(t *suite.T) {
	got := bytesFrom(func(room *C.uchar) C.int { return C.seatrial_bits_straddling(room) })
	sameBytes(t, "a:20 b:20 c:24", got, unit(0xfffff, 20)+unit(0xabcde, 20)+unit(0x123456, 24))
	got = bytesFrom(func(room *C.uchar) C.int { return C.seatrial_bits_apart(room) })
	sameBytes(t, "a:4 :0 b:4", got, unit(0xf, 4)+unit(0xa, 4))
}

func bitFieldBeside(t *suite.T) {
	got := bytesFrom(func(room *C.uchar) C.int { return C.seatrial_bits_beside(room) })
	if runtime.GOOS == "windows" {
		sameBytes(t, "char, a:4 b:9, char", got, "11000000"+unit(0xf, 4, 0x1a5, 9)+"22000000")
		return
	}
	// All of it lies in the unit that the first char began; the last char is the next free byte.
	sameBytes(t, "char, a:4 b:9, char", got, unit(0x11, 8, 0xf, 4, 0x1a5, 9)[:6]+"22")
}

func bitFieldSign(t *suite.T) {
	for value := -4; value < 4; value++ {
		if got := int(C.seatrial_signed_bits(C.int(value))); got != value {
			t.Errorf("%d went into an int of 3 bits, %d came out", value, got)
		}
		if got := int(C.seatrial_unsigned_bits(C.int(value))); got != value&7 {
			t.Errorf("%d went into an unsigned of 3 bits, %d came out, expected %d", value, got, value&7)
		}
	}
}

func unions(t *suite.T) {
	agree[C.struct_seatrial_with_union](t, language("with_union"))
	it := new(C.struct_seatrial_with_union)
	C.seatrial_fill_with_union(it, 1234.5)
	if got := *(*float64)(unsafe.Pointer(&it.either)); got != 1234.5 {
		t.Errorf("C wrote 1234.5, Go reads %v", got)
	}
	if it.c0 != 1 || it.c1 != 2 {
		t.Errorf("the members around it are %d and %d, expected 1 and 2", it.c0, it.c1)
	}
}

func arraysOfStructs(t *suite.T) {
	agree[C.struct_seatrial_rows](t, language("rows"))
	it := new(C.struct_seatrial_rows)
	C.seatrial_fill_rows(it)
	copied := *it // as Go copies: padding may differ, values may not
	for i, row := range copied.rows {
		if int64(row.first) != 0x0102030405060700+int64(i) || int(row.last) != i {
			t.Errorf("row %d is %#x and %d", i, row.first, row.last)
		}
	}
	if copied.c0 != 7 || copied.c1 != 9 {
		t.Errorf("the members around it are %d and %d, expected 7 and 9", copied.c0, copied.c1)
	}
}

func pointersInStructs(t *suite.T) {
	agree[C.struct_seatrial_pointers](t, language("pointers"))
	it := (*C.struct_seatrial_pointers)(C.malloc(C.size_t(unsafe.Sizeof(C.struct_seatrial_pointers{}))))
	defer C.free(unsafe.Pointer(it))
	C.seatrial_fill_pointers(it)
	if it.data != nil {
		t.Errorf("C wrote NULL, Go reads %v", it.data)
	}
	if unsafe.Pointer(it.list) != unsafe.Pointer(&it.data) {
		t.Errorf("C wrote the address of a member, Go reads another")
	}
	if it.call == nil || uintptr(unsafe.Pointer(it.call)) != uintptr(C.seatrial_twice) {
		t.Errorf("C wrote the address of a function, Go reads %p", it.call)
	}
}

func flexibleArray(t *suite.T) {
	agree[C.struct_seatrial_flexible](t, language("flexible"), "items")
	const count = 3
	size := unsafe.Sizeof(C.struct_seatrial_flexible{})
	it := (*C.struct_seatrial_flexible)(C.malloc(C.size_t(size + 4*count)))
	defer C.free(unsafe.Pointer(it))
	C.seatrial_fill_flexible(it, count)
	items := unsafe.Slice((*int32)(unsafe.Add(unsafe.Pointer(it), size)), count)
	if it.count != count || fmt.Sprint(items) != "[1000 1001 1002]" {
		t.Errorf("C wrote 3 items from 1000 on, Go reads %d: %v", it.count, items)
	}
}

func complexInStructs(t *suite.T) {
	agree[C.struct_seatrial_complex](t, language("complex"))
	it := new(C.struct_seatrial_complex)
	C.seatrial_fill_complex(it)
	if complex64(it.f) != 1.5-2.5i || complex128(it.d) != 3.25-4.75i {
		t.Errorf("C wrote 1.5-2.5i and 3.25-4.75i, Go reads %v and %v", it.f, it.d)
	}
}
