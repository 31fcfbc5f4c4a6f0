package floats

import (
	"math"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "floats/infinities",
		Contract: "Overflow and division by zero give infinities, infinity minus infinity and 0/0 give NaN, and nothing traps.",
		Source:   "IEEE 754-2019, 6.1 and 7; Go specification, \"Floating-point operators\"",
		Breaks:   "A division by zero in float64, which Go programs rely on, ends the program (SIGFPE).",
		Run:      infinities,
	}, suite.Case{
		ID:       "floats/nan-compares-with-nothing",
		Contract: "NaN is unequal to everything and neither less nor greater.",
		Source:   "IEEE 754-2019, 5.11; Go specification, \"Comparison operators\"",
		Breaks:   "Sorting and searching loop or lose elements; x != x no longer finds NaN.",
		Run:      nanCompares,
	}, suite.Case{
		ID:       "floats/nan-payload-carried",
		Contract: "The bits of a NaN, signalling ones too, survive storing, loading, passing, and maps of float64 to bits.",
		Source:   "IEEE 754-2019, 6.2.3; package math, Float64frombits",
		Breaks:   "NaN boxing, and missing-value codes in statistical data (R's NA), are lost.",
		Run:      nanPayload,
	}, suite.Case{
		ID:       "floats/signed-zero",
		Contract: "The sign of zero is kept by arithmetic, and the two zeros are equal.",
		Source:   "IEEE 754-2019, 6.3",
		Breaks:   "atan2, logarithms of complex numbers and 1/x end on the wrong side.",
		Run:      signedZero,
	})
}

func infinities(t *suite.T) {
	inf, zero := math.Inf(1), edges[0]
	for _, one := range []struct {
		what      string
		got, want float64
	}{
		{"max*2", multiply(math.MaxFloat64, 2), inf},
		{"max+max", add(math.MaxFloat64, math.MaxFloat64), inf},
		{"max+ulp/2", add(math.MaxFloat64, 0x1p970), inf},
		{"max+less than ulp/2", add(math.MaxFloat64, 0x1p969), math.MaxFloat64},
		{"1/0", divide(1, zero), inf},
		{"-1/0", divide(-1, zero), -inf},
		{"1/-0", divide(1, edges[1]), -inf},
		{"0/0", divide(zero, zero), math.NaN()},
		{"inf-inf", subtract(inf, inf), math.NaN()},
		{"inf*0", multiply(inf, zero), math.NaN()},
		{"inf/inf", divide(inf, inf), math.NaN()},
		{"1/inf", divide(1, inf), 0},
		{"-1/inf", divide(-1, inf), edges[1]},
	} {
		if !same(one.got, one.want) {
			t.Errorf("%s is %v, expected %v", one.what, one.got, one.want)
		}
	}
}

//go:noinline
func less(x, y float64) bool {
	if suite.Planted("floats-unordered-is-less") && (x != x || y != y) {
		return true
	}
	return x < y
}

//go:noinline
func compared(x, y float64) [6]bool {
	return [6]bool{x == y, x != y, less(x, y), x <= y, x > y, x >= y}
}

//go:noinline
func comparedSingle(x, y float32) [6]bool {
	return [6]bool{x == y, x != y, x < y, x <= y, x > y, x >= y}
}

func nanCompares(t *suite.T) {
	nan, want := math.NaN(), [6]bool{1: true}
	for _, x := range edges {
		for _, got := range [][6]bool{
			compared(x, nan), compared(nan, x), comparedSingle(float32(x), float32(nan)), comparedSingle(float32(nan), float32(x)),
		} {
			if got != want {
				t.Errorf("%v and NaN: ==, !=, <, <=, >, >= are %v, expected %v", x, got, want)
			}
		}
	}
	counts := map[float64]int{nan: 1}
	counts[nan]++
	if _, found := counts[nan]; found || len(counts) != 2 {
		t.Errorf("a map took NaN for a key that it has: %d entries, expected 2", len(counts))
	}
}

//go:noinline
func passed(x float64) float64 {
	if suite.Planted("floats-nan-made-quiet") && x != x {
		return x + 1
	}
	return x
}

//go:noinline
func passedSingle(x float32) float32 { return x }

func nanPayload(t *suite.T) {
	for _, bits := range []uint64{0x7ff8000000000001, 0x7ff0000000000001, 0xfff123456789abcd, 0xffffffffffffffff, 0x7ff00000000007a2} {
		held := [3]float64{1: passed(math.Float64frombits(bits))}
		copied := append([]float64(nil), held[:]...)
		var boxed any = copied[1]
		if got := math.Float64bits(boxed.(float64)); got != bits {
			t.Errorf("the NaN %#x became %#x", bits, got)
		}
		half := uint32(bits>>32)&0xff800000 | 0x7f800001
		if got := math.Float32bits(passedSingle(math.Float32frombits(half))); got != half {
			t.Errorf("the float32 NaN %#x became %#x", half, got)
		}
		if x := add(math.Float64frombits(bits), 1); x == x {
			t.Errorf("the NaN %#x plus 1 is %v", bits, x)
		}
	}
}

//go:noinline
func negated(x float64) float64 {
	if suite.Planted("floats-zero-unsigned") {
		return 0 - x
	}
	return -x
}

func signedZero(t *suite.T) {
	zero, minus := edges[0], edges[1]
	for _, one := range []struct {
		what      string
		got, want float64
	}{
		{"-(0)", negated(zero), minus},
		{"-(-0)", negated(minus), zero},
		{"-0 + -0", add(minus, minus), minus},
		{"-0 + 0", add(minus, zero), zero},
		{"1 - 1", subtract(1, edges[2]), zero},
		{"-0 - 0", subtract(minus, zero), minus},
		{"-0 * 5", multiply(minus, 5), minus},
		{"-denormal * denormal", multiply(-0x1p-1074, 0x1p-1074), minus},
		{"0 / -5", divide(zero, -5), minus},
		{"sqrt(-0)", math.Sqrt(minus), minus},
	} {
		if math.Float64bits(one.got) != math.Float64bits(one.want) {
			t.Errorf("%s is %v, expected %v", one.what, one.got, one.want)
		}
	}
	if zero != minus || zero > minus || less(minus, zero) {
		t.Errorf("0 and -0 do not compare as equal")
	}
}
