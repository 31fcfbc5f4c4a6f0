package floats

import (
	"math"
	"math/big"
	"sync"
)

// The functions of package math with integers only (package math/big), far more exact than a float64.

// digits is how many bits the reference functions work with.
const digits = 320

func times(x, y *big.Float) *big.Float { return new(big.Float).SetPrec(digits).Mul(x, y) }

func over(x, y *big.Float) *big.Float { return new(big.Float).SetPrec(digits).Quo(x, y) }

func scaled(x *big.Float, power int) *big.Float {
	return new(big.Float).SetPrec(digits).SetMantExp(new(big.Float).SetPrec(digits).Set(x), power)
}

// exponentialOf: the series of x/2^24, squared 24 times.
func exponentialOf(x *big.Float) *big.Float {
	const halvings = 24
	small := scaled(x, -halvings)
	sum, term := new(big.Float).SetPrec(digits).SetInt64(1), new(big.Float).SetPrec(digits).SetInt64(1)
	for n := int64(1); n < 24; n++ {
		term = over(times(term, small), new(big.Float).SetInt64(n))
		sum.Add(sum, term)
	}
	for range halvings {
		sum = times(sum, sum)
	}
	return sum
}

// logarithmOf: y + 2(x-e^y)/(x+e^y) triples the digits of y that are right.
func logarithmOf(x *big.Float) *big.Float {
	var mantissa big.Float
	exponent := x.MantExp(&mantissa)
	m, _ := mantissa.Float64()
	y := new(big.Float).SetPrec(digits).SetFloat64(math.Log(m))
	if exponent != 0 {
		y.Add(y, times(new(big.Float).SetInt64(int64(exponent)), ln2()))
	}
	return refined(x, y)
}

func refined(x, y *big.Float) *big.Float {
	for range 3 {
		e := exponentialOf(y)
		difference, sum := new(big.Float).SetPrec(digits).Sub(x, e), new(big.Float).SetPrec(digits).Add(x, e)
		y = new(big.Float).SetPrec(digits).Add(y, scaled(over(difference, sum), 1))
	}
	return y
}

var ln2 = sync.OnceValue(func() *big.Float {
	return refined(big.NewFloat(2), new(big.Float).SetPrec(digits).SetFloat64(math.Ln2))
})

// series is x - x^3/3! + x^5/5! ... (factorial) or x - x^3/3 + x^5/5 ..., times 1 for the sine and the arc tangent.
func series(first, square *big.Float, start int64, factorial bool, terms int64) *big.Float {
	sum, power := new(big.Float).SetPrec(digits).Set(first), new(big.Float).SetPrec(digits).Set(first)
	for n := int64(1); n < terms; n++ {
		power = times(power, square)
		power.Neg(power)
		high := start + 2*n
		if factorial {
			power = over(power, new(big.Float).SetInt64(high*(high-1)))
			sum.Add(sum, power)
			continue
		}
		sum.Add(sum, over(power, new(big.Float).SetInt64(high)))
	}
	return sum
}

// arctangentOf: x/(1+sqrt(1+x²)) halves the angle.
func arctangentOf(x *big.Float) *big.Float {
	const halvings = 8
	one := big.NewFloat(1)
	y := new(big.Float).SetPrec(digits).Set(x)
	for range halvings {
		root := times(y, y)
		root.Add(root, one)
		root.Sqrt(root)
		y = over(y, root.Add(root, one))
	}
	return scaled(series(y, times(y, y), 1, false, 24), halvings)
}

// pi by Machin's formula in integers, with bits enough for the largest angle.
var pi = sync.OnceValue(func() *big.Float {
	const bits = 1500
	arctangent := func(of int64) *big.Int {
		sum, power := new(big.Int), new(big.Int).Quo(new(big.Int).Lsh(big.NewInt(1), bits), big.NewInt(of))
		for n := int64(1); power.Sign() != 0; n += 2 {
			term := new(big.Int).Quo(power, big.NewInt(n))
			if n%4 == 3 {
				term.Neg(term)
			}
			sum.Add(sum, term)
			power.Quo(power, big.NewInt(of*of))
		}
		return sum
	}
	quarter := new(big.Int).Mul(big.NewInt(4), arctangent(5))
	quarter.Sub(quarter, arctangent(239))
	return new(big.Float).SetMantExp(new(big.Float).SetPrec(bits).SetInt(quarter), 2-bits)
})

// sineOf is the sine and the cosine, after whole turns have been taken off.
func sineOf(angle float64) (sin, cos *big.Float) {
	turn := new(big.Float).SetMantExp(pi(), 1)
	turns, _ := new(big.Float).SetPrec(1500).Quo(wide(angle), turn).Int(nil)
	rest := new(big.Float).SetPrec(1500).Mul(new(big.Float).SetPrec(1500).SetInt(turns), turn)
	rest.Sub(wide(angle), rest)
	x := new(big.Float).SetPrec(digits).Set(rest)
	square := times(x, x)
	return series(x, square, 1, true, 50), series(big.NewFloat(1), square, 0, true, 50)
}
