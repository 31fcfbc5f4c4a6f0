package runtimes

import (
	"runtime"
	"runtime/debug"
	"strings"
	"sync"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "runtimes/stack-grows-deep",
		Contract: "A goroutine's stack grows to tens of megabytes; what lies on it, and pointers into it, stay right.",
		Source:   "Go runtime/stack.go, copystack",
		Breaks:   "Recursive programs (parsers, encoders) crash or compute nonsense.",
		Run:      growsDeep,
	}, suite.Case{
		ID:       "runtimes/stacks-grow-together",
		Contract: "The stacks of a thousand goroutines grow and shrink at the same time, while garbage is collected.",
		Source:   "Go runtime/stack.go, newstack and shrinkstack",
		Breaks:   "Servers under load crash at random.",
		Run:      growTogether,
	}, suite.Case{
		ID:       "runtimes/stack-traces",
		Contract: "A stack trace names the functions that were called, in order, those that were inlined too, and their lines.",
		Source:   "package runtime, Callers and CallersFrames",
		Breaks:   "Logs, profiles and error reports point to wrong places.",
		Run:      stackTraces,
	}, suite.Case{
		ID:       "runtimes/stack-traces-through-assembly",
		Contract: "A stack trace goes through a function in assembly to those that called it, and the stack may move below.",
		Source:   "Go runtime/traceback.go, unwinder; A Quick Guide to Go's Assembler",
		Breaks:   "Panics below assembly (crypto, math/big, reflect) cannot be traced or recovered from.",
		Run:      throughAssembly,
	})
}

// descend puts a pattern on each frame and hands a pointer to it down; the frames check it on their way up.
//
//go:noinline
func descend(depth uint64, above *uint64, wrong *int) uint64 {
	frame := [16]uint64{0: depth, 7: ^depth, 15: depth * 3}
	sum := uint64(0)
	if depth > 0 {
		sum = descend(depth-1, &frame[0], wrong)
	} else if suite.Planted("runtimes-stack-torn") {
		*above++
	}
	if frame[0] != depth || frame[7] != ^depth || frame[15] != depth*3 || above != nil && *above != depth+1 {
		*wrong++
	}
	return sum + frame[0]
}

func growsDeep(t *suite.T) {
	const depth = 60_000 // about 12 MB of frames
	done := make(chan struct{})
	go func() { // a new goroutine begins with a few kilobytes
		defer close(done)
		wrong := 0
		if sum := descend(depth, nil, &wrong); sum != depth*(depth+1)/2 || wrong != 0 {
			t.Errorf("%d frames of %d were wrong after the stack had grown", wrong, depth)
		}
	}()
	<-done
}

func growTogether(t *suite.T) {
	const goroutines = 1000
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	var pool sync.WaitGroup
	for i := range goroutines {
		pool.Go(func() {
			for _, depth := range []uint64{3, uint64(40 + i%60), 200} {
				wrong := 0
				if sum := descend(depth, nil, &wrong); sum != depth*(depth+1)/2 || wrong != 0 {
					t.Errorf("goroutine %d: %d frames of %d were wrong", i, wrong, depth)
				}
				runtime.Gosched()
			}
		})
	}
	runtime.GC()
	pool.Wait()
}

//go:noinline
func outermost() []runtime.Frame { return middle() }

func middle() []runtime.Frame { return inlined() } // small enough to be inlined

func inlined() []runtime.Frame { return innermost() }

//go:noinline
func innermost() []runtime.Frame {
	counters := make([]uintptr, 32)
	skip := 1
	if suite.Planted("runtimes-frame-missed") {
		skip = 2
	}
	frames := runtime.CallersFrames(counters[:runtime.Callers(skip, counters)])
	var all []runtime.Frame
	for {
		frame, more := frames.Next()
		all = append(all, frame)
		if !more {
			return all
		}
	}
}

func stackTraces(t *suite.T) {
	checkTrace(t, outermost(), "innermost", "inlined", "middle", "outermost", "stackTraces")
}

// checkTrace compares the innermost frames with the functions of this package that are expected, in stacks.go.
func checkTrace(t *suite.T, frames []runtime.Frame, expected ...string) {
	for i, name := range expected {
		if i >= len(frames) {
			t.Fatalf("the trace has %d frames, and %s should be number %d", len(frames), name, i)
		}
		frame := frames[i]
		_, got, _ := strings.Cut(frame.Function, "/runtimes.")
		inAssembly := strings.HasSuffix(frame.File, ".s")
		if got != name || frame.Line == 0 || !inAssembly && !strings.HasSuffix(frame.File, "stacks.go") {
			t.Fatalf("frame %d is %s at %s:%d; %s was expected", i, frame.Function, frame.File, frame.Line, name)
		}
	}
}

// through is in assembly, and calls below.
func through()

var (
	belowFrames []runtime.Frame
	belowWrong  int
)

//go:noinline
func below() {
	descend(500, nil, &belowWrong) // moves the stack, and with it the frame of `through`
	belowFrames = innermost()
	panic("below")
}

func throughAssembly(t *suite.T) {
	done := make(chan any)
	go func() { // a small stack, that has to move
		defer func() { done <- recover() }()
		through()
	}()
	if said := <-done; said != "below" || belowWrong != 0 {
		t.Fatalf("recovered %v from a panic below assembly, %d frames were wrong", said, belowWrong)
	}
	checkTrace(t, belowFrames, "innermost", "below", "through", "throughAssembly.func1")
}
