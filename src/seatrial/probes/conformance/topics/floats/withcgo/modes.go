package withcgo

// #cgo CFLAGS: -I${SRCDIR}/../../../suite
// #cgo linux freebsd LDFLAGS: -lm
// #include "modes.h"
import "C"

import (
	"math"
	"runtime"
	"sync"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "floats/c-rounding-mode",
		Contract: "fesetround changes how C rounds on its thread; when C has set it back, Go rounds to nearest there.",
		Source:   "ISO C11, 7.6.3.2; System V AMD64, 3.2.1: control bits of MXCSR belong to the caller",
		Breaks:   "Interval arithmetic in C computes wrong bounds; Go computes wrong ever after.",
		Run:      roundingMode,
	}, suite.Case{
		ID:       "floats/c-rounding-mode-stays",
		Contract: "A rounding mode that C has set on one thread is not that of other threads, nor of threads started from it.",
		Source:   "Go runtime/proc.go, newm: threads are not cloned from locked ones, whose state \"may be strange\"",
		Breaks:   "One library that rounds otherwise changes the results of the whole program.",
		Needs:    []string{"threads"},
		Run:      roundingModeStays,
	}, suite.Case{
		ID:       "floats/c-library-agrees",
		Contract: "What IEEE 754 defines exactly (sqrt, fma, floor, fmod, ...) is the same from the C library and from package math.",
		Source:   "IEEE 754-2019, 5.3 to 5.5; ISO C11, F.10",
		Breaks:   "A computation moved between C and Go no longer gives the same result.",
		Run:      libraryAgrees,
	}, suite.Case{
		ID:       "floats/c-denormals-kept",
		Contract: "C keeps denormal numbers, and so does Go on a thread that C was on.",
		Source:   "IEEE 754-2019, 7.5; GCC, -ffast-math: crtfastmath.o sets flush-to-zero for the whole program",
		Breaks:   "A library built with -ffast-math changes Go's arithmetic from when it is loaded.",
		Run:      denormalsKept,
	}, suite.Case{
		ID:       "floats/c-exception-flags",
		Contract: "Division by zero, overflow, 0/0 and 1/3 raise their flags in C, and no signal.",
		Source:   "ISO C11, F.8 and 7.6.2; IEEE 754-2019, 7",
		Breaks:   "Numerical libraries that look at the flags miss their errors, or the program ends with SIGFPE.",
		Run:      exceptionFlags,
	})
}

// nearest says whether Go rounds to nearest here: 1/3 rounds down then, 1/10 up.
//
//go:noinline
func nearest(one, three, ten, tiny float64) bool {
	return one/three == 0x1.5555555555555p-2 && one/ten == 0x1.999999999999ap-4 && one+tiny == 1 && -one/three == -0x1.5555555555555p-2
}

// upward sets the mode on this thread, or ends the case.
func upward(t *suite.T) {
	if C.seatrial_round(1) != 0 {
		C.seatrial_round(0)
		t.NA("C has no rounding modes on this port (fesetround)")
	}
}

func thirds() [3]float64 {
	var three [3]C.double
	C.seatrial_thirds(&three[0])
	return [3]float64{float64(three[0]), float64(three[1]), float64(three[2])}
}

func roundingMode(t *suite.T) {
	runtime.LockOSThread() // and never unlocked: if the mode is not set back, the thread ends with the case
	upward(t)
	up := thirds()
	C.seatrial_round(0)
	if want := [3]float64{0x1.5555555555556p-2, 0x1.999999999999ap-4, 1 + 0x1p-52}; up != want {
		t.Errorf("upward, 1/3, 1/10 and 1+2^-60 are %x in C, expected %x", up, want)
	}
	if down, want := thirds(), [3]float64{0x1.5555555555555p-2, 0x1.999999999999ap-4, 1}; down != want {
		t.Errorf("to nearest, 1/3, 1/10 and 1+2^-60 are %x in C, expected %x", down, want)
	}
	if !nearest(1, 3, 10, 0x1p-60) {
		t.Errorf("after C has set the mode back, Go does not round to nearest")
	}
}

func roundingModeStays(t *suite.T) {
	runtime.LockOSThread()
	upward(t)
	const threads = 12
	wrong, ready, over := 0, sync.WaitGroup{}, make(chan struct{})
	var lock sync.Mutex
	var all sync.WaitGroup
	ready.Add(threads)
	for range threads {
		all.Go(func() {
			runtime.LockOSThread() // each on a thread of its own: some of them are new
			if suite.Planted("floats-c-mode-inherited") {
				C.seatrial_round(1)
			}
			good := nearest(1, 3, 10, 0x1p-60)
			lock.Lock()
			if !good {
				wrong++
			}
			lock.Unlock()
			ready.Done()
			<-over
		})
	}
	ready.Wait()
	close(over)
	all.Wait()
	up := thirds()
	C.seatrial_round(0)
	if wrong > 0 {
		t.Errorf("%d of %d other threads did not round to nearest while one of C rounded upward", wrong, threads)
	}
	if up[0] != 0x1.5555555555556p-2 {
		t.Errorf("the thread that had set its mode upward lost it: 1/3 is %x there", up[0])
	}
}

func libraryAgrees(t *suite.T) {
	functions := []struct {
		name string
		inGo func(x, y, z float64) float64
	}{
		{"sqrt", func(x, _, _ float64) float64 { return math.Sqrt(x) }},
		{"fma", math.FMA},
		{"floor", func(x, _, _ float64) float64 { return math.Floor(x) }},
		{"ceil", func(x, _, _ float64) float64 { return math.Ceil(x) }},
		{"trunc", func(x, _, _ float64) float64 { return math.Trunc(x) }},
		{"rint", func(x, _, _ float64) float64 { return math.RoundToEven(x) }},
		{"fmod", func(x, y, _ float64) float64 { return math.Mod(x, y) }},
		{"ldexp", func(x, y, _ float64) float64 { return math.Ldexp(x, int(int32(y))%64) }},
		{"copysign", func(x, y, _ float64) float64 { return math.Copysign(x, y) }},
		{"nextafter", func(x, y, _ float64) float64 { return math.Nextafter(x, y) }},
	}
	numbers := []float64{0, math.Copysign(0, -1), 0.5, -0.5, 1, 1.5, -2.5, 3, 1.0 / 3, -0.1, 1e15 + 0.5, 4503599627370497.5, 1e300, 0x1p-1022, 0x1p-1074, math.Inf(1), math.NaN()}
	seed := uint64(1)
	for range 100 {
		seed = seed*6364136223846793005 + 1442695040888963407
		numbers = append(numbers, math.Ldexp(float64(int64(seed)), int(seed>>58)-95))
	}
	for number, function := range functions {
		if whose, ok := t.Expected("library-" + function.name); ok {
			t.Value(function.name, whose)
			continue
		}
		for i, x := range numbers {
			y, z := numbers[(i*7+3)%len(numbers)], numbers[(i*5+1)%len(numbers)]
			if function.name == "ldexp" && !(math.Abs(y) < 1<<31) {
				continue // no int in C
			}
			inC := float64(C.seatrial_math(C.int(number), C.double(x), C.double(y), C.double(z)))
			if inGo := function.inGo(x, y, z); math.Float64bits(inC) != math.Float64bits(inGo) && (inC == inC || inGo == inGo) {
				t.Errorf("%s(%x, %x, %x) is %x in C, %x in Go", function.name, x, y, z, inC, inGo)
				break
			}
		}
	}
}

//go:noinline
func halved(x float64) float64 { return x / 2 }

func denormalsKept(t *suite.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var inC [3]C.double
	C.seatrial_denormals(&inC[0])
	if want := [3]C.double{0x1p-1023, 0x1p-1073, 0x1p-74}; inC != want {
		t.Errorf("min/2, denormal+denormal and denormal*2^1000 are %x in C, expected %x", inC, want)
	}
	if got := halved(0x1p-1022); got != 0x1p-1023 {
		t.Errorf("after a call of C, min/2 is %x in Go, expected %x", got, 0x1p-1023)
	}
}

func exceptionFlags(t *suite.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var flags [4]C.int
	C.seatrial_flags(&flags[0])
	if flags[0] < 0 {
		t.NA("C has no floating-point flags on this port")
	}
	if want := [4]C.int{2, 4 | 8, 1, 8}; flags != want {
		t.Errorf("1/0, max*10, 0/0 and 1/3 raised %v, expected %v (1 invalid, 2 division by zero, 4 overflow, 8 inexact)", flags, want)
	}
}

// compute runs C's computation; begun points to a number that it sets, and that may count.
func compute(rounds int, begun *int32) float64 {
	return float64(C.seatrial_compute(C.int(rounds), (*C.int32_t)(unsafe.Pointer(begun))))
}
