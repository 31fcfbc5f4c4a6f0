package floats

import (
	"math"
	"math/big"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "floats/square-root",
		Contract: "math.Sqrt is the exact root, rounded to nearest, and of a negative number NaN.",
		Source:   "IEEE 754-2019, 5.4.1; package math, Sqrt; Go cmd/compile: SQRTSD, FSQRTD, FSQRT",
		Breaks:   "Geometry and statistics differ in the last bit between platforms.",
		Run:      squareRoot,
	}, suite.Case{
		ID:       "floats/fused-multiply-add",
		Contract: "math.FMA(x, y, z) is x*y+z rounded once, in hardware or without it.",
		Source:   "IEEE 754-2019, 5.4.1 (fusedMultiplyAdd); package math, FMA",
		Breaks:   "Double-double arithmetic and exact residuals are wrong.",
		Run:      fusedMultiplyAdd,
	}, suite.Case{
		ID:       "floats/exponential",
		Contract: "Exp, Exp2 and Expm1 are within two units in the last place, and over- and underflow where they must.",
		Source:   "Go math/exp_asm.go (exp_amd64.s, exp_arm64.s, exp_s390x.s, exp_loong64.s), expm1_s390x.s",
		Breaks:   "Assembly versions of a port that are wrong show in interest, decay and softmax.",
		Run:      exponential,
	}, suite.Case{
		ID:       "floats/logarithm",
		Contract: "Log, Log2, Log10 and Log1p are within two units in the last place.",
		Source:   "Go math/log_asm.go (log_amd64.s, log_s390x.s, log_loong64.s), log10_s390x.s, log1p_s390x.s",
		Breaks:   "Assembly versions of a port that are wrong show in entropy, decibels and numbers of digits.",
		Run:      logarithm,
	}, suite.Case{
		ID:       "floats/sine-and-cosine",
		Contract: "Sin, Cos, Sincos and Tan are within three units in the last place or 2^-54, also for large angles.",
		Source:   "Go math/sin.go, trig_reduce.go (Payne-Hanek); sin_s390x.s, tan_s390x.s",
		Breaks:   "Positions, signals and maps are off; large angles lose all their digits.",
		Run:      sineAndCosine,
	}, suite.Case{
		ID:       "floats/inverse-and-hyperbolic",
		Contract: "Atan, Asin, Acos, Sinh, Cosh, Tanh and Cbrt are within four units in the last place.",
		Source:   "package math; Go math/stubs.go (atan_s390x.s, asin_s390x.s, sinh_s390x.s, tanh_s390x.s, cbrt_s390x.s)",
		Breaks:   "Assembly versions of a port that are wrong show in geometry and statistics.",
		Run:      inverses,
	}, suite.Case{
		ID:       "floats/hypotenuse",
		Contract: "Hypot is within two units in the last place, without overflow or underflow on the way.",
		Source:   "package math, Hypot; Go math/hypot_asm.go (hypot_386.s, hypot_amd64.s)",
		Breaks:   "Lengths of very long or very short vectors become infinite or zero.",
		Run:      hypotenuse,
	}, suite.Case{
		ID:       "floats/powers",
		Contract: "Pow of integers whose power is a float64 is exact, and has the special values of its documentation.",
		Source:   "package math, Pow; Go math/pow_s390x.s; ISO C99, F.9.4.4",
		Breaks:   "Decimal scaling and compound interest are off in ways that depend on the platform.",
		Run:      powers,
	})
}

// result is what a function of package math gave. The fault is in its last bits.
func result(x float64) float64 {
	if suite.Planted("floats-last-bits") && finite(x) && x != 0 {
		return math.Float64frombits(math.Float64bits(x) ^ 16)
	}
	return x
}

// within checks that a result is at most so many units in the last place from the exact value.
func within(t *suite.T, units uint64, name string, x, got float64, want *big.Float) {
	if w := rounded(want); apart(got, w) > units || math.Signbit(got) != math.Signbit(w) {
		t.Errorf("%s(%v) is %v (%x), expected %v (%x) within %d units in the last place", name, x, got, got, w, w, units)
	}
}

func exactly(t *suite.T, what string, got, want float64) {
	if !same(got, want) {
		t.Errorf("%s is %v (%x), expected %v (%x)", what, got, got, want, want)
	}
}

func squareRoot(t *suite.T) {
	check := func(x float64) {
		want := math.NaN()
		switch {
		case x == 0 || math.IsInf(x, 1):
			want = x
		case x > 0:
			want = rounded(new(big.Float).SetPrec(300).Sqrt(wide(x)))
		}
		if got := result(math.Sqrt(x)); !same(got, want) {
			t.Errorf("Sqrt(%x) is %x, expected %x", x, got, want)
		}
	}
	for _, x := range edges {
		check(x)
	}
	numbers := stream(6)
	for range 300 {
		check(math.Abs(numbers.between(-1074, 1023)))
	}
}

func fusedMultiplyAdd(t *suite.T) {
	check := func(x, y, z float64) {
		got := result(math.FMA(x, y, z))
		if !finite(x, y, z) || x*y == 0 {
			return
		}
		sum := new(big.Float).SetPrec(exact).Mul(wide(x), wide(y))
		if want := rounded(sum.Add(sum, wide(z))); got != want {
			t.Errorf("FMA(%x, %x, %x) is %x, expected %x", x, y, z, got, want)
		}
	}
	for i, x := range edges {
		check(x, edges[(i*7+2)%len(edges)], edges[(i*11+5)%len(edges)])
	}
	numbers := stream(8)
	for range 300 {
		x, y := numbers.between(-30, 30), numbers.between(-30, 30)
		check(x, y, -x*y)
		check(x, y, numbers.between(-120, 60))
		check(numbers.between(-600, -500), numbers.between(-520, -450), numbers.between(-1074, -1000))
	}
	inf := math.Inf(1)
	exactly(t, "FMA(inf, 0, 1)", math.FMA(inf, edges[0], 1), math.NaN())
	exactly(t, "FMA(inf, 1, -inf)", math.FMA(inf, 1, -inf), math.NaN())
	exactly(t, "FMA(max, 2, -inf)", math.FMA(math.MaxFloat64, 2, -inf), -inf)
	exactly(t, "FMA(max, 2, -max)", math.FMA(math.MaxFloat64, 2, -math.MaxFloat64), math.MaxFloat64)
	exactly(t, "FMA(-0, 1, 0)", math.FMA(edges[1], 1, edges[0]), 0)
}

func exponential(t *suite.T) {
	numbers := stream(9)
	one := big.NewFloat(1)
	for range 60 {
		x := numbers.between(-30, 9)
		within(t, 2, "Exp", x, result(math.Exp(x)), exponentialOf(wide(x)))
		within(t, 2, "Exp2", x, result(math.Exp2(x)), exponentialOf(times(wide(x), ln2())))
		x /= 8
		within(t, 2, "Expm1", x, result(math.Expm1(x)), new(big.Float).SetPrec(digits).Sub(exponentialOf(wide(x)), one))
	}
	inf := math.Inf(1)
	exactly(t, "Exp(0)", math.Exp(edges[0]), 1)
	exactly(t, "Exp(inf)", math.Exp(inf), inf)
	exactly(t, "Exp(-inf)", math.Exp(-inf), 0)
	exactly(t, "Exp(NaN)", math.Exp(math.NaN()), math.NaN())
	exactly(t, "Exp(710)", math.Exp(710), inf)
	exactly(t, "Exp(-746)", math.Exp(-746), 0)
	exactly(t, "Exp2(-1074)", math.Exp2(-1074), math.SmallestNonzeroFloat64)
	exactly(t, "Exp2(1023)", math.Exp2(1023), 0x1p1023)
	exactly(t, "Expm1(-0)", math.Expm1(edges[1]), edges[1])
}

func logarithm(t *suite.T) {
	numbers := stream(10)
	ten := logarithmOf(big.NewFloat(10))
	for i := range 60 {
		x := math.Abs(numbers.between(-20, 20))
		if i%3 == 0 {
			x = math.Abs(numbers.between(-1074, 1023))
		}
		log := logarithmOf(wide(x))
		within(t, 2, "Log", x, result(math.Log(x)), log)
		within(t, 2, "Log10", x, result(math.Log10(x)), over(log, ten))
		if math.Abs(x-1) > 0.3 {
			within(t, 2, "Log2", x, result(math.Log2(x)), over(log, ln2()))
		}
		x = math.Abs(numbers.between(-40, 20))
		within(t, 2, "Log1p", x, result(math.Log1p(x)), logarithmOf(new(big.Float).SetPrec(digits).Add(wide(x), big.NewFloat(1))))
	}
	inf := math.Inf(1)
	exactly(t, "Log(0)", math.Log(edges[0]), -inf)
	exactly(t, "Log(-1)", math.Log(edges[3]), math.NaN())
	exactly(t, "Log(1)", math.Log(edges[2]), 0)
	exactly(t, "Log(inf)", math.Log(inf), inf)
	exactly(t, "Log2(2^-1074)", math.Log2(math.SmallestNonzeroFloat64), -1074)
	exactly(t, "Log1p(-0)", math.Log1p(edges[1]), edges[1])
}

func sineAndCosine(t *suite.T) {
	numbers := stream(11)
	for i := range 60 {
		x := numbers.between(-20, 6)
		if i%3 == 0 {
			x = numbers.between(20, 1000)
		}
		sin, cos := sineOf(x)
		bothSin, bothCos := math.Sincos(x)
		for _, one := range []struct {
			name string
			got  float64
			want *big.Float
		}{
			{"Sin", result(math.Sin(x)), sin}, {"Cos", result(math.Cos(x)), cos}, {"Sincos sin", result(bothSin), sin},
			{"Sincos cos", result(bothCos), cos}, {"Tan", result(math.Tan(x)), over(sin, cos)},
		} {
			if math.Abs(one.got-rounded(one.want)) > 0x1p-54 {
				within(t, 3, one.name, x, one.got, one.want)
			}
		}
	}
	exactly(t, "Sin(-0)", math.Sin(edges[1]), edges[1])
	exactly(t, "Cos(0)", math.Cos(edges[0]), 1)
	exactly(t, "Sin(inf)", math.Sin(math.Inf(1)), math.NaN())
}

func inverses(t *suite.T) {
	numbers := stream(12)
	one := big.NewFloat(1)
	for range 40 {
		x := numbers.between(-6, 6)
		within(t, 4, "Atan", x, result(math.Atan(x)), arctangentOf(wide(x)))
		e := exponentialOf(wide(x))
		inverse := over(one, e)
		sum, difference := new(big.Float).SetPrec(digits).Add(e, inverse), new(big.Float).SetPrec(digits).Sub(e, inverse)
		within(t, 4, "Sinh", x, result(math.Sinh(x)), over(difference, big.NewFloat(2)))
		within(t, 4, "Cosh", x, result(math.Cosh(x)), over(sum, big.NewFloat(2)))
		within(t, 4, "Tanh", x, result(math.Tanh(x)), over(difference, sum))
		y := wide(x)
		cube := times(times(y, y), y)
		root, _ := cube.Float64()
		within(t, 2, "Cbrt", root, result(math.Cbrt(root)), y)
		x = 1 - math.Abs(numbers.between(-4, -1))
		rest := new(big.Float).SetPrec(digits).Sub(one, times(wide(x), wide(x)))
		within(t, 4, "Asin", x, result(math.Asin(x)), arctangentOf(over(wide(x), rest.Sqrt(rest))))
	}
	exactly(t, "Atan(inf)", math.Atan(math.Inf(1)), math.Pi/2)
	exactly(t, "Atan(-0)", math.Atan(edges[1]), edges[1])
	exactly(t, "Acos(1)", math.Acos(1), 0)
	exactly(t, "Acos(-1)", math.Acos(-1), math.Pi)
	exactly(t, "Asin(2)", math.Asin(2), math.NaN())
	exactly(t, "Tanh(50)", math.Tanh(50), 1)
	exactly(t, "Cosh(-inf)", math.Cosh(math.Inf(-1)), math.Inf(1))
	exactly(t, "Atan2(-0, -1)", math.Atan2(edges[1], -1), -math.Pi)
}

func hypotenuse(t *suite.T) {
	check := func(x, y float64) {
		squares := new(big.Float).SetPrec(exact).Mul(wide(x), wide(x))
		squares.Add(squares, new(big.Float).SetPrec(exact).Mul(wide(y), wide(y)))
		root := new(big.Float).SetPrec(300).Sqrt(squares)
		within(t, 2, "Hypot", x, result(math.Hypot(x, y)), root)
	}
	numbers := stream(13)
	for range 100 {
		check(numbers.between(-10, 10), numbers.between(-10, 10))
	}
	check(3e300, 4e300)
	check(3e-320, 4e-320)
	check(3, 4)
	inf, nan := math.Inf(1), math.NaN()
	exactly(t, "Hypot(inf, NaN)", math.Hypot(inf, nan), inf)
	exactly(t, "Hypot(NaN, -inf)", math.Hypot(nan, -inf), inf)
	exactly(t, "Hypot(NaN, 1)", math.Hypot(nan, 1), nan)
	exactly(t, "Hypot(0, -0)", math.Hypot(edges[0], edges[1]), 0)
}

func powers(t *suite.T) {
	for base := 2; base <= 12; base++ {
		product := big.NewInt(1)
		for exponent := 0; product.BitLen() <= 53; exponent++ {
			exactly(t, "Pow", result(math.Pow(float64(base), float64(exponent))), float64(product.Int64()))
			product.Mul(product, big.NewInt(int64(base)))
		}
	}
	numbers := stream(14)
	for range 40 {
		x, y := math.Abs(numbers.between(-4, 4)), numbers.between(-4, 5)
		within(t, 16, "Pow", x, result(math.Pow(x, y)), exponentialOf(times(wide(y), logarithmOf(wide(x)))))
	}
	inf, nan, minus := math.Inf(1), math.NaN(), edges[1]
	for _, one := range [][3]float64{
		{nan, 0, 1}, {1, nan, 1}, {-1, inf, 1}, {0, -1, inf}, {minus, -1, -inf}, {minus, -2, inf}, {minus, 3, minus},
		{0.5, inf, 0}, {2, -inf, 0}, {-inf, 3, -inf}, {-inf, -3, minus}, {-8, 1.0 / 3, nan}, {-2, 3, -8}, {2, 1024, inf},
		{2, -1074, math.SmallestNonzeroFloat64}, {2, -1080, 0}, {4, 0.5, 2}, {4, -0.5, 0.5},
	} {
		exactly(t, "Pow", math.Pow(one[0], one[1]), one[2])
	}
}
