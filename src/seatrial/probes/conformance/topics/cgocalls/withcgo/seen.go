package withcgo

// #cgo CFLAGS: -I${SRCDIR}/../../../suite
// #include "seen.h"
import "C"

import (
	"math"

	"seatrial.example/conformance/suite"
)

// callC lets C note its arguments, and holds what it saw against what was passed.
func callC(t *suite.T, what string, call func(), passed ...any) {
	for i := range C.cgocalls_seen {
		C.cgocalls_seen[i] = 0xdead
	}
	call()
	for i, value := range passed {
		if want, got := bits(value), uint64(C.cgocalls_seen[i]); got != want {
			t.Errorf("%s: C saw %#x as value %d of %d, expected %#x (%v)", what, got, i+1, len(passed), want, value)
		}
	}
}

// bits are those that cgocalls_note is given of a value: integers widened with their sign, floats as they are.
func bits(value any) uint64 {
	switch v := value.(type) {
	case int64:
		return uint64(v)
	case int:
		return uint64(int64(v))
	case uint64:
		return v
	case float64:
		return math.Float64bits(v)
	case float32:
		return uint64(math.Float32bits(v))
	}
	panic("a mistake in the case: bits of another type")
}
