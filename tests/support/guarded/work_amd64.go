package main

import "flag"

// cpuid and the functions below are in work_amd64.s.
func cpuid(leaf, sub uint32) (eax, ebx, ecx, edx uint32)

func plainAVX2() uint64        // called without a test
func testedAVX2() uint64       // called where AVX2 was tested
func testedAtCaller() uint64   // called by a function that is only called where AVX2 was tested
func testedByFunction() uint64 // called where a function said that the CPU has AVX2
func wrongTest() uint64        // uses BMI2, called where AVX2 was tested
func halfTested() uint64       // called where AVX2 was tested, and elsewhere too
func chosenAVX2() uint64       // stored in a variable where AVX2 was tested
func storedAVX2() uint64       // stored in a variable without a test
func insideAVX2() uint64       // tests by itself
func unclearAVX2() uint64      // called where a number is tested that detection computes
func bothOfAVX512() uint64     // called where both features were tested
func oneOfAVX512() uint64      // called where only one of its two features was tested
func handedOnAVX2() uint64     // called where a variable is tested that the user can set
func inTableAVX2() uint64      // called where a variable is tested that a table names
func testedInTheLoop(n uint64) uint64

var (
	hasAVX2   bool
	hasAVX512 bool
	hasBoth   bool
	handedOn  bool
	inTable   bool
	switches  = []struct {
		name string
		on   *bool
	}{{"avx2", &inTable}}
	level     int
	chosen    = func() uint64 { return 0 }
	stored    = func() uint64 { return 0 }
)

func init() {
	_, _, c, _ := cpuid(1, 0)
	_, b, _, _ := cpuid(7, 0)
	osxsave := c&(1<<27) != 0 && c&(1<<28) != 0
	hasAVX2 = osxsave && b&(1<<5) != 0
	hasAVX512 = osxsave && b&(1<<16) != 0
	hasBoth = hasAVX512 && b&(1<<30) != 0
	handedOn, inTable = hasAVX2, hasAVX2
	flag.BoolVar(&handedOn, "avx2", handedOn, "")
	if hasAVX2 {
		level++
		chosen = chosenAVX2
	}
	stored = storedAVX2
}

//go:noinline
func canAVX2() bool { return hasAVX2 }

//go:noinline
func onlyWhereTested() uint64 { return testedAtCaller() + 1 }

//go:noinline
func loop(n uint64) (total uint64) {
	for i := range n {
		if !hasAVX2 {
			total += i
			continue
		}
		total += testedInTheLoop(i)
	}
	return total
}

func work(n uint64) uint64 {
	total := chosen() + insideAVX2() + loop(n)
	if n == 100 {
		total += plainAVX2() + halfTested() + stored()
	}
	if hasAVX2 && n > 1 {
		total += testedAVX2() + onlyWhereTested() + wrongTest() + halfTested()
	}
	if n > 2 || canAVX2() {
		if canAVX2() {
			total += testedByFunction()
		}
	}
	if level > 0 {
		total += unclearAVX2()
	}
	if handedOn {
		total += handedOnAVX2()
	}
	if n > 50 {
		*switches[0].on = true
	}
	if inTable {
		total += inTableAVX2()
	}
	if hasBoth {
		total += bothOfAVX512()
	}
	if hasAVX512 {
		total += oneOfAVX512()
	}
	return total
}
