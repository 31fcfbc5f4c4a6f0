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
