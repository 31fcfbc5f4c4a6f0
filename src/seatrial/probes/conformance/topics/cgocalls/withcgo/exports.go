package withcgo

// #include "threads.h"
import "C"

import (
	"math"
	"runtime/cgo"
)

// What C calls. Names are global in C.

//export seatrialGoRun
func seatrialGoRun(handle C.uintptr_t) { cgo.Handle(handle).Value().(func())() }

//export seatrialGoAdd
func seatrialGoAdd(a, b C.int64_t) C.int64_t { return a + b }

// seatrialGoMany gives the number of the first argument that is not what callbacks.c passed, or 0.
//
//export seatrialGoMany
func seatrialGoMany(a C.int64_t, b C.double, c C.int32_t, d C.float, e C.int64_t, f C.double, g C.int16_t, h C.float,
	i C.int64_t, j C.double, k C.uint8_t, l C.float, m C.bool, n C.float, o C.int64_t, p C.double) C.int {
	for number, right := range []bool{
		a == -1, b == 0.5, c == 3, d == -1.5, e == 5<<40, f == 2.5, g == -7, h == 3.5, i == -9<<33, j == -4.5, k == 11,
		l == 5.5, bool(m), n == -14.5, o == math.MinInt64, p == -6.5,
	} {
		if !right {
			return C.int(number + 1)
		}
	}
	return 0
}

//export seatrialGoScale
func seatrialGoScale(v C.struct_seatrial_d3, by C.double) C.struct_seatrial_d3 {
	for i := range v.d {
		v.d[i] *= by
	}
	return v
}

//export seatrialGoTurn
func seatrialGoTurn(n C.struct_seatrial_nested) C.struct_seatrial_nested {
	n.inner.a, n.inner.b = -n.inner.a, -n.inner.b
	n.outer.s[0], n.outer.s[2] = n.outer.s[2], n.outer.s[0]
	n.outer.more.deep++
	return n
}

//export seatrialGoSeveral
func seatrialGoSeveral(number C.int64_t) (C.double, C.int64_t, C.int) {
	return C.double(number) / 2, number * 2, -1
}

//export seatrialGoNest
func seatrialGoNest(depth C.int64_t) C.int64_t { return C.seatrial_nest(depth) }

//export seatrialGoCompare
func seatrialGoCompare(a, b C.int32_t) C.int { return C.int(a) - C.int(b) }
