//go:build unix

package runtimes

import (
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "runtimes/blocked-calls-hold-nobody",
		Contract: "Goroutines blocked in system calls keep neither the collector nor other goroutines from working.",
		Source:   "Go runtime/proc.go, entersyscall and retake",
		Breaks:   "A slow disk or a hung file system stops the whole program.",
		Needs:    []string{"threads"},
		Run:      blockedCalls,
	})
}

func blockedCalls(t *suite.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	const readers = 6 // more than there are processors
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		t.Fatalf("pipe: %v", err)
	}
	defer syscall.Close(pipe[0])
	var pool, started sync.WaitGroup
	var ended atomic.Int32
	for range readers {
		started.Add(1)
		pool.Go(func() {
			defer ended.Add(1)
			started.Done()
			if suite.Planted("runtimes-blocked-calls-hold") {
				return
			}
			for {
				if n, err := syscall.Read(pipe[0], make([]byte, 1)); err != syscall.EINTR {
					if n != 0 || err != nil {
						t.Errorf("a blocked read ended with %d and %v", n, err)
					}
					return
				}
			}
		})
	}
	started.Wait()
	time.Sleep(time.Millisecond)
	worked := make(chan struct{})
	go func() {
		runtime.GC()
		close(worked)
	}()
	select {
	case <-worked:
	case <-time.After(t.Patience(3 * time.Second)):
		t.Errorf("a collection waited for blocked system calls")
	}
	if n := ended.Load(); n != 0 {
		t.Errorf("%d reads of %d ended before anything was written", n, readers)
	}
	syscall.Close(pipe[1]) // ends the reads
	pool.Wait()
}
