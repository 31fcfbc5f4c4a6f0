package withcgo

// #include "structs.h"
import "C"

import (
	"bytes"
	"fmt"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "cgocalls/small-structs-as-arguments",
		Contract: "Structs of 1 to 16 bytes arrive whole between two integers, also those of odd sizes.",
		Source:   psABI + ", aggregates: in registers on most ports, by reference on Windows and s390x (unless 1, 2, 4 or 8 bytes)",
		Breaks:   "Points, colours, handles and tagged values passed to C lose bytes or shift what follows.",
		Run:      func(t *suite.T) { structArguments(t, 1, 16) },
	}, suite.Case{
		ID:       "cgocalls/large-structs-as-arguments",
		Contract: "Structs of 17 to 64 bytes arrive whole: copied to the stack, or by reference to a copy.",
		Source:   psABI + ", aggregates larger than two registers",
		Breaks:   "Options and matrices passed by value are torn, or the callee changes the caller's own.",
		Run:      func(t *suite.T) { structArguments(t, 17, 64) },
	}, suite.Case{
		ID:       "cgocalls/small-structs-as-results",
		Contract: "Structs of 1 to 16 bytes come back whole: in one register, in two, or in memory as the ABI says.",
		Source:   psABI + ", returning of values",
		Breaks:   "div(3), colours, and (code, value) results lose their second half.",
		Run:      func(t *suite.T) { structResults(t, 1, 16) },
	}, suite.Case{
		ID:       "cgocalls/large-structs-as-results",
		Contract: "Structs of 17 to 64 bytes come back whole through the hidden pointer.",
		Source:   psABI + ", returning of values: address in rdi, x8, r0, a0, r3 or r2",
		Breaks:   "A result is written over other memory, or all arguments are off by one.",
		Run:      func(t *suite.T) { structResults(t, 17, 64) },
	})
}

// sized are the calls with a struct of so many bytes, each with the calls' own C types.
var sized = []struct {
	size int
	take func(raw unsafe.Pointer)
	give func(raw unsafe.Pointer)
}{
	{1,
		func(p unsafe.Pointer) { C.cgocalls_take_b1(before, *(*C.struct_cgocalls_b1)(p), after) },
		func(p unsafe.Pointer) { *(*C.struct_cgocalls_b1)(p) = C.cgocalls_give_b1(seed) }},
	{2,
		func(p unsafe.Pointer) { C.cgocalls_take_b2(before, *(*C.struct_cgocalls_b2)(p), after) },
		func(p unsafe.Pointer) { *(*C.struct_cgocalls_b2)(p) = C.cgocalls_give_b2(seed) }},
	{3,
		func(p unsafe.Pointer) { C.cgocalls_take_b3(before, *(*C.struct_cgocalls_b3)(p), after) },
		func(p unsafe.Pointer) { *(*C.struct_cgocalls_b3)(p) = C.cgocalls_give_b3(seed) }},
	{4,
		func(p unsafe.Pointer) { C.cgocalls_take_b4(before, *(*C.struct_cgocalls_b4)(p), after) },
		func(p unsafe.Pointer) { *(*C.struct_cgocalls_b4)(p) = C.cgocalls_give_b4(seed) }},
	{5,
		func(p unsafe.Pointer) { C.cgocalls_take_b5(before, *(*C.struct_cgocalls_b5)(p), after) },
		func(p unsafe.Pointer) { *(*C.struct_cgocalls_b5)(p) = C.cgocalls_give_b5(seed) }},
	{7,
		func(p unsafe.Pointer) { C.cgocalls_take_b7(before, *(*C.struct_cgocalls_b7)(p), after) },
		func(p unsafe.Pointer) { *(*C.struct_cgocalls_b7)(p) = C.cgocalls_give_b7(seed) }},
	{8,
		func(p unsafe.Pointer) { C.cgocalls_take_b8(before, *(*C.struct_cgocalls_b8)(p), after) },
		func(p unsafe.Pointer) { *(*C.struct_cgocalls_b8)(p) = C.cgocalls_give_b8(seed) }},
	{9,
		func(p unsafe.Pointer) { C.cgocalls_take_b9(before, *(*C.struct_cgocalls_b9)(p), after) },
		func(p unsafe.Pointer) { *(*C.struct_cgocalls_b9)(p) = C.cgocalls_give_b9(seed) }},
	{12,
		func(p unsafe.Pointer) { C.cgocalls_take_b12(before, *(*C.struct_cgocalls_b12)(p), after) },
		func(p unsafe.Pointer) { *(*C.struct_cgocalls_b12)(p) = C.cgocalls_give_b12(seed) }},
	{15,
		func(p unsafe.Pointer) { C.cgocalls_take_b15(before, *(*C.struct_cgocalls_b15)(p), after) },
		func(p unsafe.Pointer) { *(*C.struct_cgocalls_b15)(p) = C.cgocalls_give_b15(seed) }},
	{16,
		func(p unsafe.Pointer) { C.cgocalls_take_b16(before, *(*C.struct_cgocalls_b16)(p), after) },
		func(p unsafe.Pointer) { *(*C.struct_cgocalls_b16)(p) = C.cgocalls_give_b16(seed) }},
	{17,
		func(p unsafe.Pointer) { C.cgocalls_take_b17(before, *(*C.struct_cgocalls_b17)(p), after) },
		func(p unsafe.Pointer) { *(*C.struct_cgocalls_b17)(p) = C.cgocalls_give_b17(seed) }},
	{24,
		func(p unsafe.Pointer) { C.cgocalls_take_b24(before, *(*C.struct_cgocalls_b24)(p), after) },
		func(p unsafe.Pointer) { *(*C.struct_cgocalls_b24)(p) = C.cgocalls_give_b24(seed) }},
	{32,
		func(p unsafe.Pointer) { C.cgocalls_take_b32(before, *(*C.struct_cgocalls_b32)(p), after) },
		func(p unsafe.Pointer) { *(*C.struct_cgocalls_b32)(p) = C.cgocalls_give_b32(seed) }},
	{33,
		func(p unsafe.Pointer) { C.cgocalls_take_b33(before, *(*C.struct_cgocalls_b33)(p), after) },
		func(p unsafe.Pointer) { *(*C.struct_cgocalls_b33)(p) = C.cgocalls_give_b33(seed) }},
	{48,
		func(p unsafe.Pointer) { C.cgocalls_take_b48(before, *(*C.struct_cgocalls_b48)(p), after) },
		func(p unsafe.Pointer) { *(*C.struct_cgocalls_b48)(p) = C.cgocalls_give_b48(seed) }},
	{64,
		func(p unsafe.Pointer) { C.cgocalls_take_b64(before, *(*C.struct_cgocalls_b64)(p), after) },
		func(p unsafe.Pointer) { *(*C.struct_cgocalls_b64)(p) = C.cgocalls_give_b64(seed) }},
}

const before, after, seed = 0xb4b4b4b4, 0xafafafaf, 0x55

func pattern(size int) []byte {
	all := make([]byte, size)
	for i := range all {
		all[i] = byte(seed + 7*i)
	}
	return all
}

func structArguments(t *suite.T, from, to int) {
	for _, s := range sized {
		if s.size < from || s.size > to {
			continue
		}
		raw := pattern(s.size)
		passed := []any{uint64(before)}
		for _, b := range raw {
			passed = append(passed, int(b))
		}
		passed = append(passed, uint64(after))
		callC(t, fmt.Sprintf("a struct of %d bytes", s.size), func() { s.take(unsafe.Pointer(&raw[0])) }, passed...)
	}
}

func structResults(t *suite.T, from, to int) {
	for _, s := range sized {
		if s.size < from || s.size > to {
			continue
		}
		// Room behind it, which the result must leave alone.
		raw := bytes.Repeat([]byte{0xee}, s.size+8)
		s.give(unsafe.Pointer(&raw[0]))
		if want := pattern(s.size); !bytes.Equal(raw[:s.size], want) {
			t.Errorf("C returned a struct of the %d bytes % x, Go got % x", s.size, want, raw[:s.size])
		}
		if !bytes.Equal(raw[s.size:], bytes.Repeat([]byte{0xee}, 8)) {
			t.Errorf("storing a result of %d bytes wrote beyond it: % x", s.size, raw[s.size:])
		}
	}
}
