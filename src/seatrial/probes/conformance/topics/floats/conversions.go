package floats

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "floats/to-integer-truncates",
		Contract: "A float64 in range becomes the integer towards zero, for signed and unsigned 32 and 64 bits.",
		Source:   "Go specification, \"Conversions between numeric types\"; IEEE 754-2019, 5.8",
		Breaks:   "Money, times and indexes are off by one; uint64 above 2^63 is wrong on CPUs without that conversion.",
		Run:      truncates,
	}, suite.Case{
		ID:       "floats/to-integer-out-of-range",
		Contract: "What a port makes of NaN, infinities and numbers out of range is what its CPU is known to make of them.",
		Source:   "Go specification: implementation-dependent; suite/expected/floats.json",
		Breaks:   "Code that tests x == float64(int64(x)) or clamps after converting decides otherwise than elsewhere.",
		Run:      outOfRange,
	}, suite.Case{
		ID:       "floats/from-integer-rounded",
		Contract: "int64 and uint64 become the nearest float64 and float32, rounded once, ties to even.",
		Source:   "Go specification, \"Conversions between numeric types\"; IEEE 754-2019, 5.4.1",
		Breaks:   "Large counters and times differ by one unit in the last place, or double (uint64 above 2^63).",
		Run:      fromInteger,
	}, suite.Case{
		ID:       "floats/double-to-single-rounded",
		Contract: "A float64 becomes the nearest float32, ties to even, with denormals, overflow to infinity and NaN.",
		Source:   "IEEE 754-2019, 5.4.2 (formatOf-convertFormat)",
		Breaks:   "Stored float32 data differs from what another platform stored.",
		Run:      toSingle,
	})
}

//go:noinline
func toInt64(x float64) int64 {
	if suite.Planted("floats-conversion-rounds") {
		return int64(math.RoundToEven(x))
	}
	if suite.Planted("floats-conversion-saturates") && x >= 1<<63 {
		return 1<<62 - 1
	}
	return int64(x)
}

//go:noinline
func toUint64(x float64) uint64 { return uint64(x) }

//go:noinline
func toInt32(x float64) int32 { return int32(x) }

//go:noinline
func toUint32(x float64) uint32 { return uint32(x) }

func truncates(t *suite.T) {
	numbers := stream(3)
	var tried []float64
	tried = append(tried, edges...)
	for range 500 {
		tried = append(tried, numbers.between(-3, 64))
	}
	for _, x := range tried {
		if !finite(x) || math.Abs(x) >= 1<<64 {
			continue
		}
		whole, _ := wide(x).Int(nil)
		if whole.IsInt64() {
			if got := toInt64(x); got != whole.Int64() {
				t.Errorf("int64(%v) is %d, expected %v", x, got, whole)
			}
			if small := whole.Int64(); small == int64(int32(small)) && toInt32(x) != int32(small) {
				t.Errorf("int32(%v) is %d, expected %d", x, toInt32(x), small)
			}
		}
		if whole.IsUint64() {
			if got := toUint64(x); got != whole.Uint64() {
				t.Errorf("uint64(%v) is %d, expected %v", x, got, whole)
			}
			if small := whole.Uint64(); small == uint64(uint32(small)) && toUint32(x) != uint32(small) {
				t.Errorf("uint32(%v) is %d, expected %d", x, toUint32(x), small)
			}
		}
	}
}

func outOfRange(t *suite.T) {
	nan, inf := math.NaN(), math.Inf(1)
	unwritten := false
	for _, one := range []struct{ name, made string }{
		{"int64", madeOf(toInt64, nan, inf, -inf, 1e20, -1e20)},
		{"uint64", madeOf(toUint64, nan, inf, -inf, 1e20, -1e20, -1)},
		{"int32", madeOf(toInt32, nan, inf, -inf, 1e10, -1e10)},
		{"uint32", madeOf(toUint32, nan, inf, -inf, 1e10, -1e10, -1)},
	} {
		t.Value(one.name, one.made)
		expected, known := t.Expected(one.name + "-out-of-range")
		unwritten = unwritten || !known
		if known && one.made != expected {
			t.Errorf("%s of numbers out of range: %s, expected %s", one.name, one.made, expected)
		}
	}
	if unwritten {
		t.Unknown("nobody has written down what this port makes of numbers out of range")
	}
}

// madeOf is what became of each number, in hexadecimal, as many bits as the integer has.
func madeOf[T int32 | uint32 | int64 | uint64](convert func(float64) T, numbers ...float64) string {
	var words []string
	for _, x := range numbers {
		bits := uint64(convert(x))
		if T(1)<<31<<1 == 0 {
			bits &= 0xffffffff
		}
		words = append(words, fmt.Sprintf("%v:%x", x, bits))
	}
	return strings.Join(words, " ")
}

//go:noinline
func fromInt64(n int64) float64 { return float64(n) }

//go:noinline
func fromUint64(n uint64) float64 {
	if suite.Planted("floats-unsigned-as-signed") {
		return float64(int64(n))
	}
	return float64(n)
}

//go:noinline
func singleFromInt64(n int64) float32 { return float32(n) }

//go:noinline
func singleFromUint64(n uint64) float32 { return float32(n) }

func fromInteger(t *suite.T) {
	numbers := stream(4)
	text, _ := t.Expected("integer-to-single-units")
	most, err := strconv.Atoi(text)
	if err != nil {
		t.Unknown("nobody has written down how exact this port is")
	}
	check := func(n uint64) {
		signed, unsigned := new(big.Float).SetInt64(int64(n)), new(big.Float).SetUint64(n)
		if got, want := fromInt64(int64(n)), rounded(signed); got != want {
			t.Errorf("float64(int64(%#x)) is %x, expected %x", n, got, want)
		}
		if got, want := fromUint64(n), rounded(unsigned); got != want {
			t.Errorf("float64(uint64(%#x)) is %x, expected %x", n, got, want)
		}
		if want, _ := signed.Float32(); units(singleFromInt64(int64(n)), want) > most {
			t.Errorf("float32(int64(%#x)) is %x, expected %x", n, singleFromInt64(int64(n)), want)
		}
		if want, _ := unsigned.Float32(); units(singleFromUint64(n), want) > most {
			t.Errorf("float32(uint64(%#x)) is %x, expected %x", n, singleFromUint64(n), want)
		}
	}
	for shift := range 64 {
		one := uint64(1) << shift
		for _, n := range []uint64{one, one - 1, one + 1, one | one>>53, one | one>>54, one | one>>24, one | one>>24 | 1, one | one>>25} {
			check(n)
			check(-n)
		}
	}
	for range 200 {
		check(numbers.bits())
	}
}

// units is by how many units in the last place two float32 of the same sign differ.
func units(a, b float32) int {
	distance := int(math.Float32bits(a)&0x7fffffff) - int(math.Float32bits(b)&0x7fffffff)
	return max(distance, -distance)
}

//go:noinline
func toSingleOne(x float64) float32 {
	if suite.Planted("floats-flush-to-zero") && math.Abs(x) < 0x1p-126 {
		return 0
	}
	return float32(x)
}

func toSingle(t *suite.T) {
	numbers := stream(5)
	check := func(x float64) {
		got := toSingleOne(x)
		if math.IsNaN(x) || math.IsInf(x, 0) {
			if !same(float64(got), x) {
				t.Errorf("float32(%v) is %v", x, got)
			}
			return
		}
		if want, _ := new(big.Float).SetFloat64(x).Float32(); math.Float32bits(got) != math.Float32bits(want) {
			t.Errorf("float32(%x) is %x, expected %x", x, got, want)
		}
	}
	for _, x := range edges {
		check(x)
	}
	for range 1000 {
		x := numbers.between(-155, 130)
		check(x)
		tie := math.Float64bits(x)&^0x1fffffff | 0x10000000
		check(math.Float64frombits(tie))
		check(math.Float64frombits(tie + 1))
		check(math.Float64frombits(tie - 1))
	}
}
