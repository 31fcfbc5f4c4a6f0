package withcgo

// #include "threads.h"
import "C"

import (
	"math"
	"runtime/cgo"
)

// What C calls. Names are global in C.

//export cgocallsGoRun
func cgocallsGoRun(handle C.uintptr_t) { cgo.Handle(handle).Value().(func())() }

//export cgocallsGoAdd
func cgocallsGoAdd(a, b C.int64_t) C.int64_t { return a + b }

// cgocallsGoMany gives the number of the first argument that is not what callbacks.c passed, or 0.
//
//export cgocallsGoMany
func cgocallsGoMany(a C.int64_t, b C.double, c C.int32_t, d C.float, e C.int64_t, f C.double, g C.int16_t, h C.float,
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

//export cgocallsGoScale
func cgocallsGoScale(v C.struct_cgocalls_d3, by C.double) C.struct_cgocalls_d3 {
	for i := range v.d {
		v.d[i] *= by
	}
	return v
}

//export cgocallsGoTurn
func cgocallsGoTurn(n C.struct_cgocalls_nested) C.struct_cgocalls_nested {
	n.inner.a, n.inner.b = -n.inner.a, -n.inner.b
	n.outer.s[0], n.outer.s[2] = n.outer.s[2], n.outer.s[0]
	n.outer.more.deep++
	return n
}

//export cgocallsGoSeveral
func cgocallsGoSeveral(number C.int64_t) (C.double, C.int64_t, C.int) {
	return C.double(number) / 2, number * 2, -1
}

//export cgocallsGoNest
func cgocallsGoNest(depth C.int64_t) C.int64_t { return C.cgocalls_nest(depth) }

//export cgocallsGoCompare
func cgocallsGoCompare(a, b C.int32_t) C.int { return C.int(a) - C.int(b) }
