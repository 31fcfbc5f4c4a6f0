package floats

import (
	"encoding/binary"
	"math/big"

	"seatrial.example/conformance/suite"
)

// A school number is in 16-bit digits, lowest first: what school teaches, in plain Go.
type school []uint16

func schoolOf(n *big.Int) school {
	bytes := n.FillBytes(make([]byte, (n.BitLen()+15)/16*2))
	s := make(school, len(bytes)/2)
	for i := range s {
		s[i] = binary.BigEndian.Uint16(bytes[len(bytes)-2*i-2:])
	}
	return s
}

func (s school) number() *big.Int {
	bytes := make([]byte, 2*len(s))
	for i, digit := range s {
		binary.BigEndian.PutUint16(bytes[len(bytes)-2*i-2:], digit)
	}
	return new(big.Int).SetBytes(bytes)
}

func (s school) digit(i int) uint32 {
	if i < len(s) {
		return uint32(s[i])
	}
	return 0
}

func (s school) plus(other school) school {
	sum, carry := make(school, max(len(s), len(other))+1), uint32(0)
	for i := range sum {
		carry += s.digit(i) + other.digit(i)
		sum[i], carry = uint16(carry), carry>>16
	}
	return sum
}

func (s school) times(other school) school {
	product := make(school, len(s)+len(other))
	for i, a := range s {
		carry := uint32(0)
		for k, b := range other {
			carry += uint32(a)*uint32(b) + uint32(product[i+k])
			product[i+k], carry = uint16(carry), carry>>16
		}
		product[i+len(other)] = uint16(carry)
	}
	return product
}

// made is a number that an operation gave. The fault: a carry got lost in it.
func made(n *big.Int) *big.Int {
	if suite.Planted("floats-carry-lost") && n.BitLen() > 128 {
		return new(big.Int).Sub(n, new(big.Int).Lsh(big.NewInt(1), 64))
	}
	return n
}

// bigs runs a check on pairs of numbers of many lengths, some full of ones, where carries run far.
func bigs(t *suite.T, check func(t *suite.T, a, b *big.Int) bool) {
	numbers := stream(19)
	number := func(bytes int) *big.Int {
		row := numbers.fill(make([]byte, bytes))
		switch numbers.below(3) {
		case 0:
			for i := range row {
				row[i] = 0xff
			}
		case 1:
			for i := range row[:bytes/2] {
				row[i] = 0
			}
			row[0] = 1
		}
		return new(big.Int).SetBytes(row)
	}
	for _, size := range []int{1, 4, 7, 8, 9, 16, 24, 31, 32, 33, 40, 64, 65, 128, 200, 320, 327, 500, 960} {
		for _, other := range []int{1, 8, size, size/2 + 1} {
			if !check(t, number(size), number(other)) {
				return
			}
		}
	}
}

func sums(t *suite.T, a, b *big.Int) bool {
	sum := made(new(big.Int).Add(a, b))
	if want := schoolOf(a).plus(schoolOf(b)).number(); sum.Cmp(want) != 0 {
		t.Errorf("%#x + %#x is %#x, expected %#x", a, b, sum, want)
		return false
	}
	if back := new(big.Int).Sub(sum, b); back.Cmp(a) != 0 {
		t.Errorf("%#x - %#x is %#x, expected %#x", sum, b, back, a)
		return false
	}
	return true
}

func products(t *suite.T, a, b *big.Int) bool {
	product := made(new(big.Int).Mul(a, b))
	if want := schoolOf(a).times(schoolOf(b)).number(); product.Cmp(want) != 0 {
		t.Errorf("%#x * %#x is %#x, expected %#x", a, b, product, want)
		return false
	}
	return true
}

func quotients(t *suite.T, a, b *big.Int) bool {
	quotient, rest := new(big.Int).QuoRem(a, b, new(big.Int))
	again := schoolOf(quotient).times(schoolOf(b)).plus(schoolOf(rest)).number()
	if made(again).Cmp(a) != 0 || rest.Cmp(b) >= 0 {
		t.Errorf("%#x / %#x is %#x, rest %#x: together they make %#x", a, b, quotient, rest, again)
		return false
	}
	return true
}

func bigShifts(t *suite.T, a, _ *big.Int) bool {
	for by := 0; by < 200; by += 13 {
		power := make(school, by/16+1)
		power[by/16] = 1 << (by % 16)
		left := made(new(big.Int).Lsh(a, uint(by)))
		if want := schoolOf(a).times(power).number(); left.Cmp(want) != 0 {
			t.Errorf("%#x << %d is %#x, expected %#x", a, by, left, want)
			return false
		}
		if right := new(big.Int).Rsh(left, uint(by)); right.Cmp(a) != 0 {
			t.Errorf("%#x >> %d is %#x, expected %#x", left, by, right, a)
			return false
		}
	}
	return true
}

func bigPowers(t *suite.T, a, m *big.Int) bool {
	if a.BitLen() > 1100 || m.BitLen() < 2 {
		return true
	}
	exponent := big.NewInt(0x1d2c3b5a69788796)
	want := big.NewInt(1)
	for i := exponent.BitLen() - 1; i >= 0; i-- {
		want.Mod(want.Mul(want, want), m)
		if exponent.Bit(i) == 1 {
			want.Mod(want.Mul(want, a), m)
		}
	}
	if got := made(new(big.Int).Exp(a, exponent, m)); got.Cmp(want) != 0 {
		t.Errorf("%#x to the power %d modulo %#x is %#x, expected %#x", a, exponent, m, got, want)
		return false
	}
	return true
}
