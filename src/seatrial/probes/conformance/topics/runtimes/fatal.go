package runtimes

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"seatrial.example/conformance/suite"
)

// An end is how a program dies of a mistake: a helper makes it, and the suite reads what was said.
type end struct {
	name, contract, source, breaks string
	needs                          []string
	make                           func()
	says                           []string // on stderr
}

var ends = map[string]end{}

func init() {
	for _, e := range []end{{
		name:     "unrecovered-panic",
		contract: "A panic that nobody recovers from ends the program with status 2, the panic's text and its stack.",
		source:   "Go specification, \"Handling panics\"; package runtime, \"Environment Variables\"",
		breaks:   "Supervisors do not see that a program crashed; nobody learns where.",
		make:     func() { panic(fmt.Errorf("on purpose")) },
		says:     []string{"panic: on purpose", "goroutine 1 [running]:", "fatal.go"},
	}, {
		name:     "deadlock-detected",
		contract: "A program all of whose goroutines wait for each other ends with status 2 and says so.",
		source:   "Go runtime/proc.go, checkdead",
		breaks:   "Such programs hang for ever.",
		make:     func() { <-make(chan int) },
		says:     []string{"fatal error: all goroutines are asleep - deadlock!", "goroutine 1 [chan receive"},
	}, {
		name:     "main-goexit-detected",
		contract: "A program whose first goroutine has left, and whose others have ended, ends with status 2 and says so.",
		source:   "package runtime, Goexit; Go runtime/proc.go, checkdead",
		breaks:   "Such programs hang for ever, or end as if all were well.",
		make:     runtime.Goexit,
		says:     []string{"fatal error: no goroutines (main called runtime.Goexit) - deadlock!"},
	}, {
		name:     "concurrent-map-writes-detected",
		contract: "Two goroutines that write to one map at the same time are found out, and end the program with status 2.",
		source:   "Go internal/runtime/maps, fatal(\"concurrent map writes\"); Go 1.6 release notes",
		breaks:   "Data is silently corrupted.",
		needs:    []string{"threads", "two-cpus"},
		make:     writeTogether,
		says:     []string{"fatal error: concurrent map"},
	}, {
		name:     "thread-limit-enforced",
		contract: "A program that needs more threads than it may have ends with status 2 and says so.",
		source:   "package runtime/debug, SetMaxThreads",
		breaks:   "A runaway program takes all threads of the machine.",
		needs:    []string{"threads"},
		make:     takeThreads,
		says:     []string{"runtime: program exceeds 20-thread limit", "fatal error: thread exhaustion"},
	}, {
		name:     "out-of-range-told",
		contract: "An index out of range is a panic that names the index and the length.",
		source:   "Go runtime/error.go, boundsError; the registers in which bounds checks leave their values differ by port",
		breaks:   "Error reports name wrong numbers.",
		make:     func() { fmt.Println(make([]int, 7)[len(os.Args)+1000]) },
		says:     []string{"panic: runtime error: index out of range [1004] with length 7"},
	}} {
		ends[e.name] = e
		suite.Register(suite.Case{
			ID: "runtimes/" + e.name, Contract: e.contract, Source: e.source, Breaks: e.breaks,
			Needs: append([]string{"self-exec"}, e.needs...),
			Run:   func(t *suite.T) { ending(t, e) },
		})
	}
	suite.Helper("runtimes-end", func(args []string) int {
		ends[args[0]].make()
		return 0
	})
}

func ending(t *suite.T, e end) {
	helper := t.Self("runtimes-end", e.name)
	var said bytes.Buffer
	helper.Stderr = &said
	if err := helper.Start(); err != nil {
		t.Fatalf("a helper does not start: %v", err)
	}
	kill := time.AfterFunc(t.Patience(4*time.Second), func() { helper.Process.Kill() })
	helper.Wait()
	if !kill.Stop() {
		t.Fatalf("the program did not end within %v", t.Patience(4*time.Second))
	}
	if code := helper.ProcessState.ExitCode(); code != 2 {
		t.Errorf("the program's end was: %v; exit status 2 was expected", helper.ProcessState)
	}
	for _, text := range e.says {
		if !strings.Contains(said.String(), text) {
			t.Errorf("%q is not in what it said: %.300q", text, said.String())
		}
	}
}

func writeTogether() {
	runtime.GOMAXPROCS(4)
	shared := map[int]int{}
	var pool sync.WaitGroup
	for range 4 {
		pool.Go(func() {
			for i := range 5_000_000 {
				shared[i%64] = i
			}
		})
	}
	pool.Wait()
}

func takeThreads() {
	debug.SetMaxThreads(20)
	var pool sync.WaitGroup
	pool.Add(1)
	for range 40 {
		go func() {
			runtime.LockOSThread()
			pool.Wait()
		}()
	}
	time.Sleep(3 * time.Second)
}
