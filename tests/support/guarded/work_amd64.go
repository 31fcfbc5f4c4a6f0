package main

import (
	"flag"
	"os"
)

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
func startAVX2() uint64        // called when the program starts, without a test
func besideAVX2() uint64       // called where a variable is tested that is also set together with another
func levelAVX2() uint64        // called where a number that detection computes is at least 2
func methodAVX2() uint64       // called by a method of a type that is made a value of an interface where AVX2 was tested
func heldAVX2() uint64         // stands in a table, and is called where AVX2 was tested
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
	level  int
	pair   struct{ one, other bool }
	worker interface{ do() uint64 } = plainWorker{}
	held                            = [...]func() uint64{heldAVX2, canAVX2Number}
	chosen                          = func() uint64 { return 0 }
	stored                          = func() uint64 { return 0 }
)

type plainWorker struct{}
type fastWorker struct{}

func (plainWorker) do() uint64 { return 0 }
func (fastWorker) do() uint64  { return methodAVX2() }

func canAVX2Number() uint64 { return 2 }

//go:noinline
func setPair() { pair.one, pair.other = true, true }

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
		worker = fastWorker{}
	}
	pair.one = hasAVX2
	stored = storedAVX2
}

func init() {
	if len(os.Args) == 100 {
		level += int(startAVX2())
	}
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
	if n == 99 {
		setPair()
		total += held[len(switches)]()
	}
	if pair.one {
		total += besideAVX2()
	}
	if level >= 2 {
		total += levelAVX2()
	}
	if hasAVX2 {
		total += heldAVX2()
	}
	total += worker.do()
	if hasBoth {
		total += bothOfAVX512()
	}
	if hasAVX512 {
		total += oneOfAVX512()
	}
	return total
}
