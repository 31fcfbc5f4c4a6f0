package floats

import (
	"math"
	"math/big"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "floats/floor-ceil-trunc-round",
		Contract: "Floor, Ceil, Trunc, Round and RoundToEven give the integers that their names say, with the sign of zero.",
		Source:   "package math; Go math/floor_asm.go and cmd/compile (ROUNDSD, FRINTM, FIDBR, XSRDPIM)",
		Breaks:   "Amounts and grid positions are rounded the wrong way, without a sign of it.",
		Run:      rounding,
	}, suite.Case{
		ID:       "floats/maximum-and-minimum",
		Contract: "Max and Min, the functions and the built-ins, tell the zeros apart; NaN wins, but over infinity in the built-ins only.",
		Source:   "package math, Max; Go specification, \"Min and max\"; Go math/dim_asm.go (dim_amd64.s, dim_arm64.s, ...)",
		Breaks:   "NaN disappears from sums of measurements, or an infinity does.",
		Run:      extremes,
	}, suite.Case{
		ID:       "floats/parts",
		Contract: "Frexp, Ldexp, Modf, Copysign, Abs, Signbit, Nextafter and Mod take numbers apart and put them together exactly.",
		Source:   "package math; Go math/modf_arm64.s, modf_ppc64x.s; IEEE 754-2019, 5.3 and 5.5.1",
		Breaks:   "Printing, parsing and big-number code that builds on the parts is wrong.",
		Run:      parts,
	})
}

// whole is x without its fraction, by its bits.
func whole(x float64) float64 {
	bits := math.Float64bits(x)
	switch exponent := int(bits>>52&0x7ff) - 1023; {
	case exponent < 0:
		return math.Float64frombits(bits & (1 << 63))
	case exponent < 52:
		return math.Float64frombits(bits &^ (1<<(52-exponent) - 1))
	}
	return x
}

func rounding(t *suite.T) {
	signed := func(sign, x float64) float64 { // whole numbers that became 0 keep the sign
		return math.Float64frombits(math.Float64bits(x)&^(1<<63) | math.Float64bits(sign)&(1<<63))
	}
	check := func(x float64) {
		down, up := whole(x), whole(x)
		nearest, even := whole(x), whole(x)
		if down != x && x < 0 {
			down--
		}
		if up != x && x > 0 {
			up++
		}
		if rest := x - whole(x); rest != 0 && finite(x) {
			away := whole(x) + signed(x, 1)
			if rest >= 0.5 || rest <= -0.5 {
				nearest = away
			}
			if rest > 0.5 || rest < -0.5 || (rest == 0.5 || rest == -0.5) && math.Float64bits(whole(x)/2) != math.Float64bits(whole(whole(x)/2)) {
				even = away
			}
		}
		exactly(t, "Trunc", result(math.Trunc(x)), whole(x))
		exactly(t, "Floor", result(math.Floor(x)), signed(x, down))
		exactly(t, "Ceil", result(math.Ceil(x)), signed(x, up))
		exactly(t, "Round", result(math.Round(x)), signed(x, nearest))
		exactly(t, "RoundToEven", result(math.RoundToEven(x)), signed(x, even))
	}
	for _, x := range edges {
		check(x)
		check(-x)
	}
	numbers := stream(7)
	for range 500 {
		x := numbers.between(-3, 55)
		check(x)
		check(whole(x) + 0.5)
	}
}

//go:noinline
func builtIn(x, y float64) (high, low float64) { return result(max(x, y)), result(min(x, y)) }

func extremes(t *suite.T) {
	for _, x := range edges {
		for _, y := range edges {
			high, low := y, x
			switch {
			case x != x || y != y:
				high, low = math.NaN(), math.NaN()
			case x > y || x == y && math.Signbit(y):
				high, low = x, y
			}
			gotHigh, gotLow := builtIn(x, y)
			exactly(t, "max", gotHigh, high)
			exactly(t, "min", gotLow, low)
			if math.IsInf(x, 1) || math.IsInf(y, 1) {
				high = math.Inf(1)
			}
			if math.IsInf(x, -1) || math.IsInf(y, -1) {
				low = math.Inf(-1)
			}
			exactly(t, "Max", result(math.Max(x, y)), high)
			exactly(t, "Min", result(math.Min(x, y)), low)
		}
	}
}

func parts(t *suite.T) {
	for i, x := range edges {
		fraction, exponent := math.Frexp(x)
		exactly(t, "Ldexp of Frexp", result(math.Ldexp(fraction, exponent)), x)
		if finite(x) && x != 0 && (math.Abs(fraction) < 0.5 || math.Abs(fraction) >= 1) {
			t.Errorf("Frexp(%x) gave the fraction %v", x, fraction)
		}
		integer, rest := math.Modf(x)
		if finite(x) {
			exactly(t, "Modf's integer", result(integer), whole(x))
			exactly(t, "Modf's fraction", rest, math.Copysign(x-whole(x), x))
		}
		bits := math.Float64bits(x)
		exactly(t, "Abs", math.Abs(x), math.Float64frombits(bits&^(1<<63)))
		if math.Signbit(x) != (bits>>63 == 1) {
			t.Errorf("Signbit(%v) is %v", x, math.Signbit(x))
		}
		exactly(t, "Copysign", math.Copysign(x, edges[i%2]), math.Float64frombits(bits&^(1<<63)|uint64(i%2)<<63))
		if finite(x) && x > 0 {
			exactly(t, "Nextafter up", math.Nextafter(x, math.Inf(1)), math.Float64frombits(bits+1))
			exactly(t, "Nextafter down", math.Nextafter(x, 0), math.Float64frombits(bits-1))
		}
	}
	exactly(t, "Mod(5.5, -2)", math.Mod(5.5, -2), 1.5)
	exactly(t, "Mod(-6, 3)", math.Mod(-6, 3), edges[1])
	huge, _ := wide(1e300).Int(nil)
	exactly(t, "Mod(1e300, 7)", math.Mod(1e300, 7), float64(huge.Mod(huge, big.NewInt(7)).Int64()))
	exactly(t, "Remainder(5, 3)", math.Remainder(5, 3), -1)
}
