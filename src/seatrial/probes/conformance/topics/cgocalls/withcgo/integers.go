package withcgo

// #include "numbers.h"
import "C"

import (
	"fmt"
	"math"
	"unsafe"

	"seatrial.example/conformance/suite"
)

const psABI = "psABI of the port (System V AMD64 3.2.3, AAPCS64 6.8.2, RISC-V 2.1, ELFv2 2.2, s390x 1.2), argument passing"

func init() {
	suite.Register(suite.Case{
		ID:       "cgocalls/integers-in-registers",
		Contract: "The first four integers of a call arrive in C as they were passed, all 64 bits of them.",
		Source:   psABI,
		Breaks:   "Every C library called with handles, sizes and flags gets wrong ones.",
		Run:      func(t *suite.T) { integers(t, 1, 4) },
	}, suite.Case{
		ID:       "cgocalls/integers-on-the-stack",
		Contract: "Five to twelve integers arrive in order, where registers end after 0 (386), 2 (arm), 4, 5 (s390x), 6 (amd64) or 8.",
		Source:   psABI,
		Breaks:   "Calls with long argument lists (drivers, GUI, database clients) read neighbours of their arguments.",
		Run:      func(t *suite.T) { integers(t, 5, 12) },
	}, suite.Case{
		ID:       "cgocalls/narrow-integers",
		Contract: "char and short, signed and unsigned, arrive with their sign: extended by whom the ABI says.",
		Source:   psABI + "; System V AMD64 3.2.3, footnote on _Bool; RISC-V 2.1: extended to XLEN",
		Breaks:   "Negative small numbers turn into large positive ones.",
		Run:      narrowIntegers,
	}, suite.Case{
		ID:       "cgocalls/narrow-integers-on-the-stack",
		Contract: "char, short and int that are passed on the stack are read from the right bytes of their slot.",
		Source:   psABI + "; Apple, Writing ARM64 code: arguments on the stack take their own size",
		Breaks:   "Flags late in an argument list are read as zero or as their neighbour, above all on big-endian ports.",
		Run:      narrowLate,
	}, suite.Case{
		ID:       "cgocalls/integers-of-mixed-widths",
		Contract: "64-bit integers between 32-bit ones arrive whole, in aligned pairs of registers on 32-bit ports.",
		Source:   "AAPCS32 6.5, C.3; " + psABI,
		Breaks:   "File offsets and times passed to C from 32-bit programs are torn.",
		Run:      mixedWidths,
	}, suite.Case{
		ID:       "cgocalls/integer-results",
		Contract: "Results of each width come back with their sign, whatever the rest of the register holds.",
		Source:   psABI + ", returning of values; cmd/cgo/doc.go, Using cgo from the Go command",
		Breaks:   "Error codes such as -1 are taken for large numbers.",
		Run:      integerResults,
	}, suite.Case{
		ID:       "cgocalls/sign-of-plain-char",
		Contract: "Plain char is signed or unsigned as the platform's ABI says, and C.char in Go is the same.",
		Source:   "ISO C 6.2.5; AAPCS64 10.1.2; System V AMD64 3.1.2; cmd/cgo/gcc.go, case dwarf.CharType and UcharType",
		Breaks:   "Bytes from 0x80 on compare otherwise in Go than in C: parsers and checksums differ between ports.",
		Run:      plainChar,
	}, suite.Case{
		ID:       "cgocalls/bool",
		Contract: "_Bool is one byte that is 0 or 1 on both sides.",
		Source:   "ISO C 6.3.1.2; System V AMD64 3.1.2; cmd/cgo/doc.go",
		Breaks:   "A true of C is neither true nor false in Go, and branches on it go both ways.",
		Run:      truth,
	}, suite.Case{
		ID:       "cgocalls/enums",
		Contract: "An enum is four bytes, signed if one of its values is negative, and comes through calls unchanged.",
		Source:   "cmd/cgo/gcc.go, case dwarf.EnumType; AAPCS64 10.1.2, int-sized enums; ISO C 6.7.2.2",
		Breaks:   "States and option numbers of C libraries are misread (compilers with -fshort-enums).",
		Run:      enums,
	}, suite.Case{
		ID:       "cgocalls/pointers",
		Contract: "Pointers come through a call and back with all their bits, also those that look negative.",
		Source:   psABI,
		Breaks:   "Handles such as (void*)-1 (MAP_FAILED, RTLD_NEXT) and high addresses are cut.",
		Run:      pointers,
	})
}

func integers(t *suite.T, from, to int) {
	a := [12]C.i64{-1, 1 << 62, math.MinInt64, 0x0123456789abcdef, 5, -6 << 40, 7, math.MaxInt64, 9 << 33, -10, 11, -12 << 50}
	calls := [13]func(){
		1:  func() { C.cgocalls_i1(a[0]) },
		2:  func() { C.cgocalls_i2(a[0], a[1]) },
		3:  func() { C.cgocalls_i3(a[0], a[1], a[2]) },
		4:  func() { C.cgocalls_i4(a[0], a[1], a[2], a[3]) },
		5:  func() { C.cgocalls_i5(a[0], a[1], a[2], a[3], a[4]) },
		6:  func() { C.cgocalls_i6(a[0], a[1], a[2], a[3], a[4], a[5]) },
		7:  func() { C.cgocalls_i7(a[0], a[1], a[2], a[3], a[4], a[5], a[6]) },
		8:  func() { C.cgocalls_i8(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]) },
		9:  func() { C.cgocalls_i9(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8]) },
		10: func() { C.cgocalls_i10(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9]) },
		11: func() { C.cgocalls_i11(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10]) },
		12: func() { C.cgocalls_i12(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11]) },
	}
	for n := from; n <= to; n++ {
		var passed []any
		for _, value := range a[:n] {
			passed = append(passed, int64(value))
		}
		callC(t, fmt.Sprintf("a call with %d integers", n), calls[n], passed...)
	}
}

func narrowIntegers(t *suite.T) {
	callC(t, "char and short, largest", func() { C.cgocalls_narrow(127, 255, 32767, 65535) }, 127, 255, 32767, 65535)
	callC(t, "char and short, most negative", func() { C.cgocalls_narrow(-128, 128, -32768, 32768) },
		-128, 128, -32768, 32768)
}

func narrowLate(t *suite.T) {
	callC(t, "narrow integers after eight others", func() {
		C.cgocalls_narrow_late(1, -2, 3, -4, 5, -6, 7, -8, -9, 250, -11, 65000, math.MinInt32, math.MaxUint32)
	}, 1, -2, 3, -4, 5, -6, 7, -8, -9, 250, -11, 65000, math.MinInt32, int64(math.MaxUint32))
}

func mixedWidths(t *suite.T) {
	callC(t, "32- and 64-bit integers by turns", func() {
		C.cgocalls_widths(-1, 0x1122334455667788, 2, -3, -1<<60, -5, 0x7fffffff00000000)
	}, -1, int64(0x1122334455667788), 2, -3, int64(-1<<60), -5, int64(0x7fffffff00000000))
}

func integerResults(t *suite.T) {
	const narrow, wide = 0x7a5b8081, -0x7a5b6c8d1e2f8081
	for _, result := range []struct {
		name      string
		got, want int64
	}{
		{"signed char", int64(C.cgocalls_to_schar(narrow)), -127},
		{"unsigned char", int64(C.cgocalls_to_uchar(narrow)), 0x81},
		{"short", int64(C.cgocalls_to_short(narrow)), -0x7f7f},
		{"unsigned short", int64(C.cgocalls_to_ushort(narrow)), 0x8081},
		{"int", int64(C.cgocalls_to_int(wide)), -0x1e2f8081},
		{"unsigned", int64(C.cgocalls_to_unsigned(wide)), 0xe1d07f7f},
		{"long long", int64(C.cgocalls_to_long_long(wide)), wide},
	} {
		if result.got != result.want {
			t.Errorf("C returned %s %d, Go got %d", result.name, result.want, result.got)
		}
	}
}

func plainChar(t *suite.T) {
	sign := "unsigned"
	if C.cgocalls_char_is_signed() != 0 {
		sign = "signed"
	}
	t.Value("char", sign)
	if want, ok := t.Expected("char"); !ok {
		t.Unknown("char is %s here, and no source is recorded for what this port defines", sign)
	} else if sign != want {
		t.Errorf("char is %s, this port defines it as %s", sign, want)
	}
	var below C.char
	if below--; (below < 0) != (sign == "signed") {
		t.Errorf("char is %s in C; 0 - 1 as C.char is %d in Go", sign, below)
	}
}

func truth(t *suite.T) {
	var not [2]C.bool
	callC(t, "false", func() { not[0] = C.cgocalls_not(false) }, 0)
	callC(t, "true", func() { not[1] = C.cgocalls_not(true) }, 1)
	if raw := *(*[2]uint8)(unsafe.Pointer(&not)); raw != [2]uint8{1, 0} {
		t.Errorf("the negations of false and true came back as bytes %v, expected [1 0]", raw)
	}
}

func enums(t *suite.T) {
	var sign, back C.enum_cgocalls_sign
	callC(t, "an enum with a negative value", func() { sign = C.cgocalls_other_sign(C.SEATRIAL_PLUS) }, 7, 4)
	callC(t, "its negative value", func() { back = C.cgocalls_other_sign(C.SEATRIAL_MINUS) }, -3, 4)
	if sign != -3 || back != 7 {
		t.Errorf("C returned -3 and 7, Go got %d and %d", int64(sign), int64(back))
	}
	var wide C.enum_cgocalls_wide
	callC(t, "an enum beyond int", func() { wide = C.cgocalls_other_wide(C.SEATRIAL_SMALL) }, 1, 4)
	if uint32(wide) != 0xfffffff0 {
		t.Errorf("C returned 0xfffffff0, Go got %#x", wide)
	}
}

func pointers(t *suite.T) {
	if got := C.cgocalls_same_pointer(nil); got != nil {
		t.Errorf("C returned NULL, Go got %p", got)
	}
	for _, address := range []uintptr{1, math.MaxInt32, ^uintptr(0), ^uintptr(0) / 3 * 2} {
		// Numbers, not pointers: kept out of variables that the collector reads.
		got := uintptr(C.cgocalls_same_address(C.uintptr_t(address)))
		if got != address {
			t.Errorf("C was passed the address %#x and returned %#x", address, got)
		}
	}
}
