package floats

import (
	"math"
	"math/big"
)

// A stream gives the same numbers in each run and on each platform (xorshift64*).
type stream uint64

func (s *stream) bits() uint64 {
	*s ^= *s >> 12
	*s ^= *s << 25
	*s ^= *s >> 27
	return uint64(*s) * 0x2545f4914f6cdd1d
}

func (s *stream) below(n int) int { return int(s.bits() % uint64(n)) }

func (s *stream) fill(p []byte) []byte {
	for i := range p {
		p[i] = byte(s.bits() >> 40)
	}
	return p
}

// between is a number of any size between two powers of 2, with either sign.
func (s *stream) between(low, high int) float64 {
	x := math.Ldexp(1+float64(s.bits()>>12)/(1<<52), low+s.below(high-low))
	if s.bits()>>63 == 1 {
		return -x
	}
	return x
}

// edges are where floating-point code goes wrong.
var edges = []float64{
	0, math.Copysign(0, -1), 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 0.49999999999999994, 0.1, 1.0 / 3, math.Pi, -math.E,
	1 << 23, 1<<23 + 0.5, 1 << 31, 1<<31 - 0.5, 1 << 32, 1 << 51, 1<<52 - 0.5, 1 << 52, 1<<52 + 1, 1<<53 - 1, 1 << 53,
	1 << 62, 1 << 63, -1 << 63, 1 << 64, 1e22, 1e23, 1e300, -1e300, 1e-300, math.MaxFloat64, -math.MaxFloat64,
	math.MaxFloat32, math.SmallestNonzeroFloat32, math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64,
	0x1p-1022, 0x1p-1022 - 0x1p-1074, 0x1p-1040, math.Inf(1), math.Inf(-1), math.NaN(),
}

// exact is enough for sums and products of any two numbers.
const exact = 4400

func wide(x float64) *big.Float { return new(big.Float).SetPrec(exact).SetFloat64(x) }

// rounded is the nearest float64, ties to even, as package math/big rounds with integers.
func rounded(x *big.Float) float64 {
	r, _ := x.Float64()
	return r
}

// same is equality of what can be told apart: the zeros differ, NaN is NaN.
func same(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || a != a && b != b
}

func finite(numbers ...float64) bool {
	for _, x := range numbers {
		if math.IsInf(x, 0) || math.IsNaN(x) {
			return false
		}
	}
	return true
}

// apart is how many float64 lie between two numbers of the same sign.
func apart(a, b float64) uint64 {
	if same(a, b) || a == b {
		return 0
	}
	x, y := math.Float64bits(a), math.Float64bits(b)
	if x < y {
		x, y = y, x
	}
	return x - y
}
