//go:build !mips && !mipsle && !mips64 && !mips64le

package signals

import (
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "signals/tgkill-one-thread",
		Contract: "A signal of tgkill is pending at the thread that it names, and at no other.",
		Source:   "tgkill(2); Go runtime/os_linux.go, signalM",
		Breaks:   "Preemption and profiling hit the wrong threads: garbage collection waits for ever.",
		Needs:    []string{"threads"},
		Run:      oneThread,
	}, suite.Case{
		ID:       "signals/tgkill-gone-thread",
		Contract: "tgkill of a thread that has ended fails with ESRCH.",
		Source:   "tgkill(2), ERRORS",
		Breaks:   "The runtime preempts threads that end meanwhile: another error crashes it, none hits a stranger.",
		Needs:    []string{"threads"},
		Run:      goneThread,
	}, suite.Case{
		ID:       "signals/alternate-stacks",
		Contract: "Each thread has an alternate signal stack of its own, in use only while a handler runs.",
		Source:   "sigaltstack(2); Go runtime/signal_unix.go, minitSignalStack",
		Breaks:   "Signals are handled on goroutine stacks of a few kilobytes, which overflow.",
		Needs:    []string{"threads"},
		Run:      alternateStacks,
	}, suite.Case{
		ID:       "signals/handler-flags-kept",
		Contract: "rt_sigaction tells what was installed: a handler with SA_SIGINFO, SA_ONSTACK and SA_RESTART.",
		Source:   "sigaction(2); Go runtime/os_linux.go, setsig",
		Breaks:   "Go cannot see which handlers C code installed; without SA_ONSTACK goroutine stacks are overwritten.",
		Run:      handlerFlags,
	}, suite.Case{
		ID:       "signals/read-restarted",
		Contract: "A read that a handled signal interrupts is made again by the kernel (SA_RESTART), and the data comes.",
		Source:   "signal(7), \"Interruption of system calls\"; sigaction(2), SA_RESTART",
		Breaks:   "C libraries and programs see EINTR where they never did, since the runtime signals its own threads.",
		Needs:    []string{"threads"},
		Run:      readRestarted,
	}, suite.Case{
		ID:       "signals/epoll-interrupted",
		Contract: "epoll_wait that a handled signal interrupts fails with EINTR, SA_RESTART or not.",
		Source:   "signal(7): \"never restarted after being interrupted\"; Go runtime/netpoll_epoll.go",
		Breaks:   "A poller that is not interrupted handles signals late; one that gets another error stops polling.",
		Needs:    []string{"threads"},
		Run:      epollInterrupted,
	})
}

func oneThread(t *suite.T) {
	block(syscall.SIGUSR1)
	var pool sync.WaitGroup
	defer pool.Wait()
	const threads = 3
	tids, sent := make(chan int), make(chan struct{})
	hit := make(chan [2]int, threads)
	for range threads {
		pool.Go(func() {
			block(syscall.SIGUSR1)
			tids <- thread()
			<-sent
			count := 0
			if pending().has(syscall.SIGUSR1) {
				count = 1
			}
			hit <- [2]int{thread(), count}
		})
	}
	chosen := <-tids
	for range threads - 1 {
		<-tids
	}
	if err := toThread(chosen, syscall.SIGUSR1); err != nil {
		t.Errorf("tgkill: %v", err)
	}
	close(sent)
	for range threads {
		if got := <-hit; (got[1] == 1) != (got[0] == chosen) {
			t.Errorf("the signal was for thread %d; at thread %d there are %d", chosen, got[0], got[1])
		}
	}
	if pending().has(syscall.SIGUSR1) {
		t.Errorf("the signal was for thread %d; it is pending at thread %d", chosen, thread())
	}
}

func goneThread(t *suite.T) {
	tid := make(chan int)
	go func() {
		runtime.LockOSThread() // not unlocked: the thread ends with its goroutine
		if thread() == syscall.Getpid() {
			tid <- 0 // the runtime parks the first thread and does not end it
			return
		}
		tid <- thread()
	}()
	gone := <-tid
	if gone == 0 {
		runtime.LockOSThread()
		go func() { runtime.LockOSThread(); tid <- thread() }()
		gone = <-tid
	}
	for began := time.Now(); time.Since(began) < t.Patience(2*time.Second); time.Sleep(200 * time.Microsecond) {
		if err := toThread(gone, 0); err == syscall.ESRCH {
			return
		} else if err != nil {
			t.Fatalf("it fails with %v", err)
		}
	}
	t.Fatalf("it finds thread %d, which ended %v ago", gone, t.Patience(2*time.Second))
}

func alternateStacks(t *suite.T) {
	const least = 2048 // MINSIGSTKSZ
	type place struct{ start, size uintptr }
	const threads = 4
	places := make(chan place, threads)
	var all sync.WaitGroup
	all.Add(threads)
	for range threads {
		go func() {
			runtime.LockOSThread()
			start, size, flags, err := alternateStack()
			if err != nil || flags != 0 || size < least {
				t.Errorf("sigaltstack tells of %d bytes with flags %d (%v); at least %d and 0 were expected", size, flags, err, least)
			}
			places <- place{start, size}
			all.Done()
			all.Wait() // no thread ends before all were there
		}()
	}
	var seen []place
	for range threads {
		now := <-places
		for _, other := range seen {
			if now.start < other.start+other.size && other.start < now.start+now.size {
				t.Errorf("two threads share a stack: %#x and %#x, of %d bytes", now.start, other.start, now.size)
			}
		}
		seen = append(seen, now)
	}
}

// alternateStack is what sigaltstack says of the calling thread.
func alternateStack() (start, size uintptr, flags int32, err error) {
	var now struct { // stack_t
		start uintptr
		flags int32
		size  uintptr
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SIGALTSTACK, 0, uintptr(unsafe.Pointer(&now)), 0); errno != 0 {
		err = errno
	}
	return now.start, now.size, now.flags, err
}

func handlerFlags(t *suite.T) {
	const siginfo, onStack, restart = 4, 0x08000000, 0x10000000
	_, stop := notified(syscall.SIGUSR1)
	defer stop()
	for _, signal := range []syscall.Signal{syscall.SIGUSR1, syscall.SIGSEGV, syscall.SIGURG} {
		var now [8]uintptr // struct sigaction: the handler, then the flags
		if _, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(signal), 0, uintptr(unsafe.Pointer(&now)),
			unsafe.Sizeof(set(0)), 0, 0); errno != 0 {
			t.Fatalf("rt_sigaction: %v", errno)
		}
		if wanted := uintptr(siginfo | onStack | restart); now[0] < 2 || now[1]&wanted != wanted {
			t.Errorf("%v: handler %#x with flags %#x; one with %#x was expected", signal, now[0], now[1], wanted)
		}
	}
}

func readRestarted(t *suite.T) {
	received, stop := notified(syscall.SIGUSR1)
	defer stop()
	var pipe [2]int
	if err := syscall.Pipe2(pipe[:], syscall.O_CLOEXEC); err != nil {
		t.Fatalf("pipe2: %v", err)
	}
	defer syscall.Close(pipe[0])
	defer syscall.Close(pipe[1])
	runtime.LockOSThread()
	reader := thread()
	go func() {
		time.Sleep(3 * time.Millisecond)
		for range 3 {
			toThread(reader, syscall.SIGUSR1)
			<-received
		}
		syscall.Write(pipe[1], []byte("data"))
	}()
	into := make([]byte, 187)
	if n, err := syscall.Read(pipe[0], into); err != nil || string(into[:n]) != "data" {
		t.Fatalf("a read that signals interrupted gives %d bytes and %v", n, err)
	}
}

func epollInterrupted(t *suite.T) {
	_, stop := notified(syscall.SIGUSR1)
	defer stop()
	poll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		t.Fatalf("epoll_create1: %v", err)
	}
	file := os.NewFile(uintptr(poll), "epoll")
	defer file.Close()
	runtime.LockOSThread()
	poller := thread()
	over := make(chan struct{})
	defer close(over)
	go func() {
		for { // the first may come before the poller waits
			select {
			case <-over:
				return
			case <-time.After(2 * time.Millisecond):
				toThread(poller, syscall.SIGUSR1)
			}
		}
	}()
	events := make([]syscall.EpollEvent, 45) // a number of its own, by which a fault knows the call
	if n, err := syscall.EpollWait(poll, events, int(t.Patience(2*time.Second).Milliseconds())); err != syscall.EINTR {
		t.Fatalf("epoll_wait that signals interrupted gives %d and %v; EINTR was expected", n, err)
	}
}
