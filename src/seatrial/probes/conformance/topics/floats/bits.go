package floats

import (
	"math/big"
	"math/bits"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "floats/wide-integers",
		Contract: "bits.Mul64, Add64, Sub64 and Div64 give both words of the exact result.",
		Source:   "package math/bits; Go cmd/compile intrinsics (MULQ, UMULH, MULHDU, ADCQ)",
		Breaks:   "Cryptography, random numbers and durations are wrong: all build on 128-bit products.",
		Run:      wideIntegers,
	}, suite.Case{
		ID:       "floats/counting-bits",
		Contract: "Len, LeadingZeros, TrailingZeros, OnesCount, Reverse, ReverseBytes and RotateLeft do what they say, at 0 too.",
		Source:   "package math/bits; Go cmd/compile intrinsics (BSRQ, CLZ, POPCNT, CNTTZD, RBIT, CPOP)",
		Breaks:   "The allocator and the garbage collector find wrong blocks: they look for bits this way.",
		Run:      countingBits,
	}, suite.Case{
		ID:       "floats/integer-division",
		Contract: "Division truncates towards zero, the smallest integer by -1 is itself, and by zero it panics.",
		Source:   "Go specification, \"Integer operators\"; on amd64 IDIV would trap, which the compiler avoids",
		Breaks:   "The program ends with SIGFPE, or a division by zero gives a number.",
		Run:      integerDivision,
	}, suite.Case{
		ID:       "floats/shifts",
		Contract: "Shifts by the width of the integer and more give 0, or -1 for negative numbers shifted right.",
		Source:   "Go specification, \"Integer operators\"; CPUs take the count modulo the width",
		Breaks:   "Masks and hashes are wrong for one count out of 64.",
		Run:      shifts,
	}, suite.Case{
		ID:       "floats/big-sums",
		Contract: "Sums and differences of big.Int carry through every word.",
		Source:   "Go math/big/arith_<arch>.s: addVV, subVV, addVW, subVW",
		Breaks:   "Keys and signatures are wrong for some numbers, which is worse than for all.",
		Run:      func(t *suite.T) { bigs(t, sums) },
	}, suite.Case{
		ID:       "floats/big-products",
		Contract: "Products of big.Int of 1 to 120 words are those of the method of school.",
		Source:   "Go math/big/arith_<arch>.s: mulAddVWW, addMulVVW; natmul.go (Karatsuba)",
		Breaks:   "Keys and signatures are wrong for some numbers, which is worse than for all.",
		Run:      func(t *suite.T) { bigs(t, products) },
	}, suite.Case{
		ID:       "floats/big-quotients",
		Contract: "Quotient times divisor plus remainder is the number again, and the remainder is below the divisor.",
		Source:   "Go math/big/arith.go, natdiv.go; Knuth, The Art of Computer Programming 2, 4.3.1, algorithm D",
		Breaks:   "RSA and number theory fail; numbers print wrong.",
		Run:      func(t *suite.T) { bigs(t, quotients) },
	}, suite.Case{
		ID:       "floats/big-shifts",
		Contract: "Shifts of big.Int by 0 to 200 bits move every bit.",
		Source:   "Go math/big/arith_<arch>.s: lshVU, rshVU",
		Breaks:   "Floats of any precision are normalized wrong; keys too.",
		Run:      func(t *suite.T) { bigs(t, bigShifts) },
	}, suite.Case{
		ID:       "floats/big-powers",
		Contract: "big.Int.Exp with a modulus agrees with squaring and multiplying one bit at a time.",
		Source:   "Go math/big/nat.go, expNNMontgomery",
		Breaks:   "Diffie-Hellman and RSA compute other secrets than the other side.",
		Run:      func(t *suite.T) { bigs(t, bigPowers) },
	})
}

// carried is a word that an operation gave. The fault: a carry got lost, in words that end in three zeros.
func carried(w uint64) uint64 {
	if suite.Planted("floats-carry-lost") && w%8 == 0 {
		return w - 1
	}
	return w
}

func wideIntegers(t *suite.T) {
	numbers := stream(17)
	special := []uint64{0, 1, 2, 1<<32 - 1, 1 << 32, 1<<63 - 1, 1 << 63, ^uint64(0) - 1, ^uint64(0)}
	number := func() uint64 {
		if n := numbers.below(20); n < len(special) {
			return special[n]
		}
		return numbers.bits() >> numbers.below(64)
	}
	joined := func(high, low uint64) *big.Int {
		n := new(big.Int).Lsh(new(big.Int).SetUint64(high), 64)
		return n.Or(n, new(big.Int).SetUint64(low))
	}
	for range 1000 {
		x, y, c := number(), number(), numbers.bits()&1
		a, b, carry := new(big.Int).SetUint64(x), new(big.Int).SetUint64(y), new(big.Int).SetUint64(c)
		high, low := bits.Mul64(x, y)
		if want := new(big.Int).Mul(a, b); joined(high, carried(low)).Cmp(want) != 0 {
			t.Fatalf("Mul64(%#x, %#x) is %#x %#x, expected %#x", x, y, high, low, want)
		}
		sum, out := bits.Add64(x, y, c)
		want := new(big.Int).Add(a, b)
		if want.Add(want, carry); joined(out, sum).Cmp(want) != 0 {
			t.Fatalf("Add64(%#x, %#x, %d) is %#x carry %d, expected %#x", x, y, c, sum, out, want)
		}
		rest, borrow := bits.Sub64(x, y, c)
		want = new(big.Int).Sub(a, b)
		want.Sub(want, carry)
		if want.Add(want, joined(borrow, 0)); !want.IsUint64() || want.Uint64() != rest {
			t.Fatalf("Sub64(%#x, %#x, %d) is %#x borrow %d", x, y, c, rest, borrow)
		}
		if high >= y {
			continue
		}
		quotient, remainder := bits.Div64(high, low, y)
		wantQuotient, wantRest := new(big.Int).QuoRem(joined(high, low), b, new(big.Int))
		if wantQuotient.Uint64() != quotient || wantRest.Uint64() != remainder {
			t.Fatalf("Div64(%#x, %#x, %#x) is %#x rest %#x, expected %#x rest %#x", high, low, y, quotient, remainder, wantQuotient, wantRest)
		}
	}
}

func countingBits(t *suite.T) {
	check := func(n uint64) {
		length, ones, trailing, reversed := 0, 0, 64, uint64(0)
		for i := range 64 {
			if n>>i&1 == 1 {
				length, ones = i+1, ones+1
				trailing = min(trailing, i)
				reversed |= 1 << (63 - i)
			}
		}
		got := [...]int{int(carried(uint64(bits.Len64(n)))), bits.LeadingZeros64(n), bits.OnesCount64(n), bits.TrailingZeros64(n)}
		if want := [...]int{length, 64 - length, ones, trailing}; got != want {
			t.Errorf("%#x: length, leading zeros, ones, trailing zeros are %v, expected %v", n, got, want)
		}
		if bits.Reverse64(n) != reversed {
			t.Errorf("Reverse64(%#x) is %#x, expected %#x", n, bits.Reverse64(n), reversed)
		}
		if turned := bits.ReverseBytes64(n); turned != swappedBytes(n) {
			t.Errorf("ReverseBytes64(%#x) is %#x, expected %#x", n, turned, swappedBytes(n))
		}
		for k := -70; k <= 70; k += 7 {
			r := uint(k) & 63
			if want := n<<r | n>>(64-r); bits.RotateLeft64(n, k) != want {
				t.Errorf("RotateLeft64(%#x, %d) is %#x, expected %#x", n, k, bits.RotateLeft64(n, k), want)
			}
		}
		h := uint32(n)
		lengthHalf, trailingHalf := 0, 32
		for i := range 32 {
			if h>>i&1 == 1 {
				lengthHalf, trailingHalf = i+1, min(trailingHalf, i)
			}
		}
		if bits.Len32(h) != lengthHalf || bits.TrailingZeros32(h) != trailingHalf || bits.TrailingZeros16(uint16(h)) != min(16, trailingHalf) ||
			bits.TrailingZeros8(uint8(h)) != min(8, trailingHalf) || bits.RotateLeft32(h, 5) != h<<5|h>>27 {
			t.Errorf("the 32 bits %#x: length %d, trailing zeros %d, expected %d and %d", h, bits.Len32(h), bits.TrailingZeros32(h), lengthHalf, trailingHalf)
		}
	}
	check(0)
	numbers := stream(18)
	for shift := range 64 {
		check(1 << shift)
		check(^uint64(0) << shift)
		check(^uint64(0) >> shift)
		check(numbers.bits())
	}
}

func swappedBytes(n uint64) (turned uint64) {
	for range 8 {
		turned, n = turned<<8|n&0xff, n>>8
	}
	return turned
}

//go:noinline
func quotient(a, b int64) int64 {
	if suite.Planted("floats-division-traps") && b == -1 {
		panic("SIGFPE: integer overflow")
	}
	return a / b
}

//go:noinline
func quotient32(a, b int32) (int32, int32) { return a / b, a % b }

func integerDivision(t *suite.T) {
	const least = -1 << 63
	for _, one := range [][3]int64{{7, 2, 3}, {-7, 2, -3}, {7, -2, -3}, {-7, -2, 3}, {least, -1, least}, {least, 1, least}, {least, 2, -1 << 62}, {1, least, 0}} {
		if got := quotient(one[0], one[1]); got != one[2] {
			t.Errorf("%d / %d is %d, expected %d", one[0], one[1], got, one[2])
		}
	}
	if q, r := quotient32(-1<<31, -1); q != -1<<31 || r != 0 {
		t.Errorf("the smallest int32 by -1 is %d, rest %d", q, r)
	}
	defer func() {
		if fault := recover(); fault == nil {
			t.Errorf("a division by zero did not panic")
		}
	}()
	t.Errorf("1 / 0 is %d", quotient(1, 0))
}

//go:noinline
func shifted(n int64, by uint) (left, right int64, unsigned uint64) {
	if suite.Planted("floats-shift-modulo") {
		by %= 64
	}
	return n << by, n >> by, uint64(n) >> by
}

//go:noinline
func shifted32(n int32, by uint) (left, right int32, unsigned uint32) {
	return n << by, n >> by, uint32(n) >> by
}

func shifts(t *suite.T) {
	for _, by := range []uint{64, 65, 127, 128, 1 << 20, ^uint(0)} {
		if l, r, u := shifted(-5, by); l != 0 || r != -1 || u != 0 {
			t.Errorf("-5 shifted by %d: left %d, right %d, unsigned right %d, expected 0, -1, 0", by, l, r, u)
		}
	}
	for _, by := range []uint{32, 33, 63, 64, 256} {
		if l, r, u := shifted32(-5, by); l != 0 || r != -1 || u != 0 {
			t.Errorf("the int32 -5 shifted by %d: left %d, right %d, unsigned right %d, expected 0, -1, 0", by, l, r, u)
		}
	}
}
