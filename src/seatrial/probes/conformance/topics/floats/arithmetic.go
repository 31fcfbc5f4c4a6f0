package floats

import (
	"math"
	"math/big"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "floats/doubles-rounded-to-nearest",
		Contract: "Sum, difference, product and quotient of two float64 are the exact result, rounded to nearest, ties to even.",
		Source:   "IEEE 754-2019, 4.3.1 and 5.4.1; Go specification, \"Arithmetic operators\"",
		Breaks:   "Numbers differ between platforms: what was signed, hashed or replicated no longer agrees.",
		Run:      doublesRounded,
	}, suite.Case{
		ID:       "floats/singles-rounded-to-nearest",
		Contract: "Each operation on float32 is rounded to float32, not kept in a wider register.",
		Source:   "IEEE 754-2019, 4.3.1; Go specification, \"Conversions between numeric types\"",
		Breaks:   "Graphics, sound and learned models give other results than where they were made.",
		Run:      singlesRounded,
	}, suite.Case{
		ID:       "floats/denormals-kept",
		Contract: "Numbers below the normal range are neither flushed to zero as results nor read as zero, on every thread.",
		Source:   "IEEE 754-2019, 3.3 and 7.5; MXCSR.FTZ and DAZ, FPCR.FZ, FPSCR.FZ are off",
		Breaks:   "x != y no longer means x-y != 0: code that guards a division by it divides by zero.",
		Run:      denormalsKept,
	}, suite.Case{
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
	}, suite.Case{
		ID:       "floats/multiply-add-fusion",
		Contract: "x*y+z is rounded once where the compiler fuses it on this port, and twice where not.",
		Source:   "Go specification, \"Floating-point operators\"; suite/expected/floats.json",
		Breaks:   "Results that were made on another port are not reproduced in their last bit: golden files fail.",
		Run:      fusion,
	}, suite.Case{
		ID:       "floats/conversion-stops-fusion",
		Contract: "float64(x*y) + z is rounded twice on every port.",
		Source:   "Go specification, \"Floating-point operators\": an explicit conversion prevents fusion",
		Breaks:   "There is no way left to get the same result on every platform.",
		Run:      stopsFusion,
	}, suite.Case{
		ID:       "floats/complex-division",
		Contract: "Quotients of complex numbers are accurate, and infinities and zeros give what C99 Annex G gives.",
		Source:   "Go runtime/complex.go; ISO C99, G.5.1",
		Breaks:   "Filters and impedances give NaN where the limit exists.",
		Run:      complexDivision,
	})
}

// The operations of the CPU, kept from the compiler's own arithmetic.

//go:noinline
func add(x, y float64) float64 { return flushed(x) + flushed(y) }

//go:noinline
func subtract(x, y float64) float64 { return flushed(flushed(x) - flushed(y)) }

//go:noinline
func multiply(x, y float64) float64 {
	if suite.Planted("floats-rounding-up") {
		up, _ := new(big.Float).SetPrec(53).SetMode(big.ToPositiveInf).Mul(wide(x), wide(y)).Float64()
		return up
	}
	return flushed(x * y)
}

//go:noinline
func divide(x, y float64) float64 {
	if suite.Planted("floats-division-traps") && y == 0 {
		panic("SIGFPE: floating-point exception")
	}
	return flushed(x / y)
}

// flushed is the number itself; with a fault planted, zero for denormal numbers.
func flushed(x float64) float64 {
	if suite.Planted("floats-flush-to-zero") && math.Abs(x) < 0x1p-1022 {
		return 0
	}
	return x
}

func doublesRounded(t *suite.T) {
	check := func(x, y float64) {
		if !finite(x, y) {
			return
		}
		a, b := wide(x), wide(y)
		checkOne := func(sign string, got float64, want *big.Float) {
			if w := rounded(want); got != w {
				t.Errorf("%v (%x) %s %v (%x) is %x, expected %x", x, x, sign, y, y, got, w)
			}
		}
		checkOne("+", add(x, y), new(big.Float).SetPrec(exact).Add(a, b))
		checkOne("-", subtract(x, y), new(big.Float).SetPrec(exact).Sub(a, b))
		checkOne("*", multiply(x, y), new(big.Float).SetPrec(exact).Mul(a, b))
		if y != 0 {
			checkOne("/", divide(x, y), new(big.Float).SetPrec(240).Quo(a, b))
		}
	}
	for i, x := range edges {
		check(x, edges[(i*7+3)%len(edges)])
		check(x, edges[(i*5+1)%len(edges)])
	}
	numbers := stream(1)
	for range 300 {
		check(numbers.between(-60, 60), numbers.between(-60, 60))
		check(numbers.between(-1070, -1000), numbers.between(-1070, 60))
	}
}

//go:noinline
func addSingle(x, y float32) float32 { return x + y }

//go:noinline
func multiplyAddSingle(x, y, z float32) float32 {
	if suite.Planted("floats-wide-registers") {
		return float32(float64(x)*float64(y) + float64(z))
	}
	return float32(x*y) + z
}

//go:noinline
func divideSingle(x, y float32) float32 { return x / y }

func singlesRounded(t *suite.T) {
	numbers := stream(2)
	single := func(x *big.Float) float32 {
		r, _ := x.Float32()
		return r
	}
	for range 1000 {
		x, y, z := float32(numbers.between(-10, 10)), float32(numbers.between(-10, 10)), float32(numbers.between(-10, 10))
		a, b, c := wide(float64(x)), wide(float64(y)), wide(float64(z))
		product := single(new(big.Float).SetPrec(200).Mul(a, b))
		for _, one := range []struct {
			what      string
			got, want float32
		}{
			{"x+y", addSingle(x, y), single(new(big.Float).SetPrec(200).Add(a, b))},
			{"float32(x*y)+z", multiplyAddSingle(x, y, z), single(new(big.Float).SetPrec(200).Add(wide(float64(product)), c))},
			{"x/y", divideSingle(x, y), single(new(big.Float).SetPrec(200).Quo(a, b))},
		} {
			if one.got != one.want {
				t.Fatalf("x=%x y=%x z=%x: %s is %x, expected %x", x, y, z, one.what, one.got, one.want)
			}
		}
	}
}

//go:noinline
func halfSingle(x float32) float32 {
	if suite.Planted("floats-flush-to-zero") {
		return 0
	}
	return x / 2
}

func denormalsKept(t *suite.T) {
	const smallest, normal = 0x1p-1074, 0x1p-1022
	seen := make(chan [6]float64)
	const threads = 4
	for range threads {
		go func() {
			var single float64
			single = float64(halfSingle(0x1p-126))
			seen <- [6]float64{
				divide(normal, 2), multiply(normal, 0x1p-52), subtract(1.5*normal, normal), add(smallest, smallest),
				multiply(smallest, 0x1p1000), single,
			}
		}()
	}
	for range threads {
		want := [6]float64{normal / 2, smallest, normal / 2, 2 * smallest, 0x1p-74, 0x1p-127}
		if got := <-seen; got != want {
			t.Errorf("min/2, min*2^-52, 1.5*min-min, denormal+denormal, denormal*2^1000, float32 min/2 are %x, expected %x", got, want)
		}
	}
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

// For these, the product has bits below the last of a float64, and the sum is only those bits.
var factor = 1 + 0x1p-30

//go:noinline
func multiplyAdd(x, y, z float64) float64 {
	if suite.Planted("floats-fusion-turned") {
		if w := x*y + z; w != 0 {
			return 0
		}
		return 0x1p-60
	}
	return x*y + z
}

//go:noinline
func multiplyRoundAdd(x, y, z float64) float64 {
	if suite.Planted("floats-fusion-turned") {
		return math.FMA(x, y, z)
	}
	return float64(x*y) + z
}

func fusion(t *suite.T) {
	want, known := t.Expected("multiply-add" + variant)
	if !known {
		t.Unknown("nobody has written down whether Go fuses on this port")
	}
	got := "rounded twice"
	if multiplyAdd(factor, factor, -(1+0x1p-29)) != 0 {
		got = "fused"
	}
	t.Value("x*y+z", got)
	if got != want {
		t.Fatalf("it is %s, expected: %s", got, want)
	}
}

func stopsFusion(t *suite.T) {
	if x := multiplyRoundAdd(factor, factor, -(1 + 0x1p-29)); x != 0 {
		t.Fatalf("float64(x*y) + z is %x: the product was not rounded", x)
	}
}

//go:noinline
func divideComplex(n, m complex128) complex128 {
	if suite.Planted("floats-complex-naive") {
		a, b, c, d := real(n), imag(n), real(m), imag(m)
		return complex((a*c+b*d)/(c*c+d*d), (b*c-a*d)/(c*c+d*d))
	}
	return n / m
}

func complexDivision(t *suite.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, one := range []struct{ n, m, want complex128 }{
		{8 + 6i, 3 + 4i, 1.92 - 0.56i},
		{complex(1e300, 1e300), complex(1e300, 1e300), 1},
		{complex(1e-300, 1e-300), complex(1e-300, 1e-300), 1},
		{1 + 1i, complex(0, 0), complex(inf, inf)},
		{complex(inf, 1), 1 + 1i, complex(inf, -inf)},
		{1 + 1i, complex(inf, inf), 0},
		{complex(nan, 0), 1 + 1i, complex(nan, nan)},
		{0, 0, complex(nan, nan)},
	} {
		got := divideComplex(one.n, one.m)
		for _, part := range [][2]float64{{real(got), real(one.want)}, {imag(got), imag(one.want)}} {
			if part[0] != part[1] && !same(part[0], part[1]) && !(math.Abs(part[0]-part[1]) <= 1e-15) {
				t.Errorf("%v / %v is %v, expected %v", one.n, one.m, got, one.want)
				break
			}
		}
	}
}
