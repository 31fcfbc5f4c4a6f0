package withcgo

// #cgo linux freebsd LDFLAGS: -lm
// #include "numbers.h"
import "C"

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "cgocalls/doubles-in-registers",
		Contract: "The first four doubles of a call arrive bit by bit: negative zero, denormals and infinities too.",
		Source:   psABI,
		Breaks:   "Numeric libraries (BLAS, codecs, geometry) compute with wrong numbers.",
		Run:      doubles4,
	}, suite.Case{
		ID:       "cgocalls/doubles-on-the-stack",
		Contract: "Fourteen doubles arrive in order, more than any port has registers for (ppc64le has 13).",
		Source:   psABI,
		Breaks:   "Matrix and colour functions with long argument lists get their last arguments wrong.",
		Run:      doubles14,
	}, suite.Case{
		ID:       "cgocalls/singles",
		Contract: "float arguments stay single: they are not widened, in registers or on the stack.",
		Source:   psABI + "; ISO C 6.5.2.2, calls with a prototype",
		Breaks:   "Graphics and audio libraries see denormal or zero instead of each float.",
		Run:      singles,
	}, suite.Case{
		ID:       "cgocalls/singles-and-doubles",
		Contract: "float and double by turns arrive each in its own place (arm fills gaps with later floats).",
		Source:   "AAPCS32 VFP 7.1.2.2, back-filling; " + psABI,
		Breaks:   "One float shifts all that follow it.",
		Run:      singlesAndDoubles,
	}, suite.Case{
		ID:       "cgocalls/integers-and-floats",
		Contract: "Sixteen integers and floats by turns arrive: separate counts, or shared positions on Windows, then the stack.",
		Source:   psABI + "; x64 calling convention (Microsoft), parameter passing",
		Breaks:   "Most real signatures mix both; with one lost count each argument after it is another's.",
		Run:      integersAndFloats,
	}, suite.Case{
		ID:       "cgocalls/float-results",
		Contract: "float and double results come back bit by bit.",
		Source:   psABI + ", returning of values",
		Breaks:   "Results of C numerics lose bits or are another register's.",
		Run:      floatResults,
	}, suite.Case{
		ID:       "cgocalls/nan-payloads",
		Contract: "Quiet NaN keep sign and payload on their way through C.",
		Source:   "IEEE 754-2019 6.2.3; Go math.Float64frombits",
		Breaks:   "NaN boxing (Lua, JavaScript engines) and missing-value markers (R, databases) are lost.",
		Run:      nanPayloads,
	}, suite.Case{
		ID:       "cgocalls/complex",
		Contract: "Complex numbers pass and return with real and imaginary part in place.",
		Source:   "ISO C 6.2.5.13; System V AMD64 3.2.3, classes COMPLEX_X87 and SSE; AAPCS64 5.9.5",
		Breaks:   "FFT and signal libraries get parts swapped or one part only.",
		Run:      complexes,
	}, suite.Case{
		ID:       "cgocalls/long-double",
		Contract: "C's long double has the platform's precision, and its last bit comes through a call.",
		Source:   "System V AMD64 3.1.2; AAPCS64 10.1.2, quad; i386 psABI 2.1; Power ELFv2 2.1.2; cmd/cgo/doc.go: no Go type",
		Breaks:   "C libraries that compute in long double (strtold, statistics, Fortran run-times) differ in their last digits.",
		Run:      longDouble,
	})
}

var edges = []float64{
	math.Copysign(0, -1), math.SmallestNonzeroFloat64, -math.MaxFloat64, math.Inf(-1), 0.1, math.Pi, -1e-310, math.Inf(1),
	2.5, -3.75, 1e300, -1e-300, 12345.678, -0.5, 7, -8,
}

func doubles4(t *suite.T) {
	for i := 0; i+4 <= 8; i += 4 {
		e := edges[i:]
		callC(t, "a call with 4 doubles",
			func() { C.cgocalls_d4(C.double(e[0]), C.double(e[1]), C.double(e[2]), C.double(e[3])) }, e[0], e[1], e[2], e[3])
	}
}

func doubles14(t *suite.T) {
	var d [14]C.double
	var passed []any
	for i := range d {
		d[i] = C.double(edges[i])
		passed = append(passed, edges[i])
	}
	callC(t, "a call with 14 doubles", func() {
		C.cgocalls_d14(d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7], d[8], d[9], d[10], d[11], d[12], d[13])
	}, passed...)
}

func singles(t *suite.T) {
	var f [14]C.float
	var passed []any
	for i := range f {
		single := math.Float32frombits(uint32(i)*0x09000001 + 1) // from the smallest denormal to large
		f[i] = C.float(single)
		passed = append(passed, single)
	}
	callC(t, "a call with 14 floats", func() {
		C.cgocalls_f14(f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9], f[10], f[11], f[12], f[13])
	}, passed...)
}

func singlesAndDoubles(t *suite.T) {
	f := [6]float32{0.1, -2.5, math.MaxFloat32, math.SmallestNonzeroFloat32, 5.75, -6}
	e := edges
	callC(t, "float and double by turns", func() {
		C.cgocalls_fd(C.float(f[0]), C.double(e[0]), C.float(f[1]), C.double(e[1]), C.float(f[2]), C.double(e[2]),
			C.float(f[3]), C.double(e[3]), C.float(f[4]), C.double(e[4]), C.float(f[5]), C.double(e[5]))
	}, f[0], e[0], f[1], e[1], f[2], e[2], f[3], e[3], f[4], e[4], f[5], e[5])
}

func integersAndFloats(t *suite.T) {
	callC(t, "integers and floats by turns", func() {
		C.cgocalls_id(-1<<40, 0.1, -3, 0.5, 1<<50, -1e300, 7, -0.25, -9<<33, 1e-300, 11, 0.75, -13<<34, 14.5, 15<<35, -16.25)
	}, int64(-1<<40), 0.1, -3, float32(0.5), int64(1<<50), -1e300, 7, float32(-0.25), int64(-9<<33), 1e-300, 11, float32(0.75),
		int64(-13<<34), 14.5, int64(15<<35), -16.25)
}

func floatResults(t *suite.T) {
	for _, value := range edges {
		if got := float64(C.cgocalls_same_double(C.double(value))); math.Float64bits(got) != math.Float64bits(value) {
			t.Errorf("C returned double %v, Go got %v (bits %#x)", value, got, math.Float64bits(got))
		}
	}
	for _, value := range []float32{-0.1, math.SmallestNonzeroFloat32, -math.MaxFloat32, float32(math.Inf(1)), 1.5} {
		if got := float32(C.cgocalls_same_float(C.float(value))); math.Float32bits(got) != math.Float32bits(value) {
			t.Errorf("C returned float %v, Go got %v (bits %#x)", value, got, math.Float32bits(got))
		}
	}
}

func nanPayloads(t *suite.T) {
	for _, want := range []uint64{0x7ff8000000000001, 0xfff8dead0000beef, 0x7fffffffffffffff} {
		value := math.Float64frombits(want)
		if got := math.Float64bits(float64(C.cgocalls_same_double(C.double(value)))); got != want {
			t.Errorf("the NaN %#x came back as %#x", want, got)
		}
	}
	for _, want := range []uint32{0x7fc00001, 0xffc0beef, 0x7fffffff} {
		value := math.Float32frombits(want)
		if got := math.Float32bits(float32(C.cgocalls_same_float(C.float(value)))); got != want {
			t.Errorf("the single NaN %#x came back as %#x", want, got)
		}
	}
}

func complexes(t *suite.T) {
	var turned C.complexdouble
	callC(t, "a complex and a double", func() { turned = C.cgocalls_turn_double(complex(3.5, -4.25), 9) }, 3.5, -4.25, 9.0)
	if complex128(turned) != complex(4.25, 3.5) {
		t.Errorf("C returned (4.25+3.5i), Go got %v", complex128(turned))
	}
	if got := complex64(C.cgocalls_turn_float(complex(1.5, -2))); got != complex(2, 1.5) {
		t.Errorf("C returned (2+1.5i) in single precision, Go got %v", got)
	}
}

func longDouble(t *suite.T) {
	seen := strconv.Itoa(int(C.cgocalls_long_double_bits()))
	t.Value("bits", seen)
	if C.cgocalls_long_double_passes(1, 7) == 0 {
		t.Errorf("1 plus the smallest step of a long double with %s bits of fraction lost that step in a call", seen)
	}
	if want, ok := t.Expected("long-double-bits"); !ok {
		t.Unknown("long double has %s bits of fraction here, and no source is recorded for what this port defines", seen)
	} else if !slices.Contains(strings.Fields(want), seen) {
		t.Errorf("long double has %s bits of fraction, this port defines %s", seen, want)
	}
}
