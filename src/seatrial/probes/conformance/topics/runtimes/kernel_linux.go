package runtimes

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "runtimes/memory-returned",
		Contract: "Memory that the program has freed goes back to the system: it is resident no more.",
		Source:   "package runtime/debug, FreeOSMemory; madvise(2), MADV_DONTNEED; proc_pid_statm(5)",
		Breaks:   "After one peak a service holds its memory for ever, and is killed in its container.",
		Run:      memoryReturned,
	}, suite.Case{
		ID:       "runtimes/locked-to-its-thread",
		Contract: "A goroutine that locked its thread stays on it, alone; the thread ends with it if it does not unlock.",
		Source:   "package runtime, LockOSThread",
		Breaks:   "Namespaces, credentials and graphics contexts, which belong to threads, leak into other requests.",
		Needs:    []string{"threads"},
		Run:      lockedThread,
	}, suite.Case{
		ID:       "runtimes/many-threads",
		Contract: "A hundred threads exist at the same time, each with an id of its own, and end.",
		Source:   "clone(2); Go runtime/os_linux.go, newosproc",
		Breaks:   "Programs with many blocking calls crash: \"failed to create new OS thread\".",
		Needs:    []string{"threads"},
		Run:      manyThreads,
	}, suite.Case{
		ID:       "runtimes/crash-aborts",
		Contract: "With GOTRACEBACK=crash a fatal panic ends the program by SIGABRT, so that a core dump can be taken.",
		Source:   "package runtime, \"Environment Variables\"; Go runtime/signal_unix.go, crash",
		Breaks:   "There is no core dump of a crash that cannot be repeated.",
		Needs:    []string{"self-exec"},
		Run:      crashAborts,
	})
}

func resident(t *suite.T) int {
	text, err := os.ReadFile("/proc/self/statm")
	var size, pages int
	if err == nil {
		_, err = fmt.Sscan(string(text), &size, &pages)
	}
	if err != nil {
		t.Unknown("how much memory is resident cannot be read: %v", err)
	}
	return pages * os.Getpagesize()
}

func memoryReturned(t *suite.T) {
	const size = 32 << 20
	debug.FreeOSMemory()
	before := resident(t)
	block := make([]byte, size)
	for i := 0; i < size; i += 4096 {
		block[i] = 1
	}
	used := resident(t)
	runtime.KeepAlive(block)
	block = nil
	if !suite.Planted("runtimes-memory-kept") { // the kernel's part: the runtime counts on zeroed memory
		debug.FreeOSMemory()
	}
	after := resident(t)
	// Other parts of the program, and an emulator, come and go meanwhile: half of it is enough to tell.
	grown := used - before
	if grown < size/2 {
		t.Fatalf("%d MiB were used, and the resident memory grew by %d MiB", size>>20, grown>>20)
	}
	if left := after - before; left > grown/2 {
		t.Fatalf("of %d MiB that were freed, %d MiB are resident still", grown>>20, left>>20)
	}
}

func lockedThread(t *suite.T) {
	var pool sync.WaitGroup
	const locked = 4
	over := make(chan struct{})
	threads := make(chan int, locked)
	for range locked {
		pool.Go(func() {
			runtime.LockOSThread() // not unlocked
			first := syscall.Gettid()
			threads <- first
			for range 100 {
				runtime.Gosched()
				if now := syscall.Gettid(); now != first {
					t.Errorf("a locked goroutine was on thread %d and is on %d", first, now)
					break
				}
			}
			<-over
		})
	}
	taken := map[int]bool{}
	for range locked {
		taken[<-threads] = true
	}
	if len(taken) != locked {
		t.Errorf("%d locked goroutines are on %d threads", locked, len(taken))
	}
	var others sync.WaitGroup
	for range 50 {
		others.Go(func() {
			if now := syscall.Gettid(); taken[now] {
				t.Errorf("another goroutine runs on thread %d, which one has locked", now)
			}
		})
	}
	others.Wait()
	close(over)
	pool.Wait()
	delete(taken, os.Getpid()) // the first thread is parked, not ended
	awaitEnd(t, taken)
}

// awaitEnd waits until threads of this process have ended.
func awaitEnd(t *suite.T, threads map[int]bool) {
	for began := time.Now(); ; time.Sleep(200 * time.Microsecond) {
		for tid := range threads {
			if err := tgkill(tid); err == syscall.ESRCH {
				delete(threads, tid)
			}
		}
		if len(threads) == 0 {
			return
		}
		if time.Since(began) > t.Patience(3*time.Second) {
			t.Fatalf("%d threads are there %v after their goroutines ended", len(threads), t.Patience(3*time.Second))
		}
	}
}

func tgkill(tid int) error {
	if _, _, errno := syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(syscall.Getpid()), uintptr(tid), 0); errno != 0 {
		return errno
	}
	return nil
}

func manyThreads(t *suite.T) {
	const count = 100
	var pool, all sync.WaitGroup
	all.Add(count)
	ids := make(chan int, count)
	for range count {
		pool.Go(func() {
			runtime.LockOSThread() // not unlocked
			ids <- syscall.Gettid()
			all.Done()
			all.Wait()
		})
	}
	pool.Wait()
	close(ids)
	different := map[int]bool{}
	for id := range ids {
		different[id] = true
	}
	if len(different) != count {
		t.Errorf("%d threads that existed at the same time have %d different ids", count, len(different))
	}
	delete(different, os.Getpid())
	awaitEnd(t, different)
}

func crashAborts(t *suite.T) {
	var said bytes.Buffer
	helper := t.Self("runtimes-end", "unrecovered-panic")
	helper.Env = append(os.Environ(), "GOTRACEBACK=crash")
	helper.Stderr = &said
	helper.Dir = t.Dir() // for the core dump
	helper.Run()
	status, _ := helper.ProcessState.Sys().(syscall.WaitStatus)
	if !status.Signaled() || status.Signal() != syscall.SIGABRT || !bytes.Contains(said.Bytes(), []byte("panic: on purpose")) {
		t.Fatalf("the program's end was: %v, and it said %.200q; an end by SIGABRT was expected", helper.ProcessState, said.String())
	}
}
