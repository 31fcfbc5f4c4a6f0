//go:build !mips && !mipsle && !mips64 && !mips64le

package syscalls

import (
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "syscalls/restarted-after-signal",
		Contract: "A call on a slow device that a handler with SA_RESTART interrupts goes on, as if there had been no signal.",
		Source:   "signal(7), \"Interruption of system calls and library functions by signal handlers\"; package os/signal",
		Breaks:   "C code and packages that do not look for EINTR fail whenever Go preempts a goroutine (SIGURG).",
		Run:      restarted,
	}, suite.Case{
		ID:       "syscalls/interrupted-without-restart",
		Contract: "Without SA_RESTART a handler ends a waiting call with EINTR.",
		Source:   "signal(7), \"Interruption of system calls ...\"; sigaction(2), SA_RESTART",
		Breaks:   "Time-outs by alarm, and cancelling a call by a signal, do not work.",
		Run:      interrupted,
	}, suite.Case{
		ID:       "syscalls/never-restarted",
		Contract: "Waiting for events or for time ends with EINTR after a handler, even with SA_RESTART.",
		Source:   "signal(7), \"The following interfaces are never restarted\"; Go runtime/netpoll_epoll.go, _EINTR",
		Breaks:   "The runtime's poller misses that it should look again; handlers' effects are seen too late.",
		Run:      neverRestarted,
	}, suite.Case{
		ID:       "syscalls/sleep-says-what-is-left",
		Contract: "A sleep that a signal interrupts says how much of it is left.",
		Source:   "clock_nanosleep(2), remain",
		Breaks:   "Sleeps that are resumed after signals take for ever, or no time.",
		Run:      sleepRest,
	}, suite.Case{
		ID:       "syscalls/interrupted-write-counts",
		Contract: "A write that a signal interrupts half-way returns how much was written, and exactly that was written.",
		Source:   "write(2), \"interrupted by a signal handler after having written partial data\"; Go internal/poll/fd_unix.go",
		Breaks:   "Bytes are sent twice or never: streams to pipes and sockets are damaged under load.",
		Run:      partialWrite,
	}, suite.Case{
		ID:       "syscalls/goes-on-after-stop",
		Contract: "A sleep of a process that is stopped and continued goes on to its end (restart_syscall), without EINTR.",
		Source:   "restart_syscall(2); signal(7), \"Interruption of system calls ... by stop signals\"",
		Breaks:   "Job control, debuggers and container pauses (freezer) make programs fail that never saw a signal.",
		Needs:    []string{"self-exec"},
		Run:      stopped,
	})
	suite.Helper("syscalls-sleeper", sleeper)
}

const (
	ask      = syscall.SIGUSR1
	restart  = 0x10000000 // SA_RESTART, asm-generic/signal-defs.h
	monotone = 1          // CLOCK_MONOTONIC
)

// disturb makes a call on a thread of its own and, while that sleeps in it, lets signals be handled there: one after
// the other until the call has ended, `most` of them. Then it does `end`, which ends the call if nothing else did.
func disturb(t *suite.T, most int, waiting func() (uintptr, syscall.Errno), end func()) (uintptr, syscall.Errno) {
	handled := make(chan os.Signal, 16)
	signal.Notify(handled, ask)
	defer signal.Stop(handled)
	return disturbed(t, handled, most, waiting, end)
}

// enough signals for one of them to find the call waiting, however the thread was scheduled.
const enough = 20

func disturbed(t *suite.T, handled <-chan os.Signal, most int, waiting func() (uintptr, syscall.Errno), end func()) (uintptr, syscall.Errno) {
	type outcome struct {
		result uintptr
		errno  syscall.Errno
	}
	thread, done, leave := make(chan int, 1), make(chan outcome, 1), make(chan bool)
	defer close(leave)
	go func() {
		runtime.LockOSThread() // and the thread ends with the goroutine
		thread <- syscall.Gettid()
		result, errno := waiting()
		done <- outcome{result, errno}
		<-leave
	}()
	tid := <-thread
	asleep(tid)
	for range most {
		select {
		case o := <-done:
			return o.result, o.errno
		default:
		}
		if _, errno := call(syscall.SYS_TGKILL, uintptr(syscall.Getpid()), uintptr(tid), uintptr(ask)); errno != 0 {
			t.Fatalf("tgkill: %s", shown(errno))
		}
		select {
		case <-handled:
		case <-time.After(t.Patience(3 * time.Second)):
			end()
			t.Fatalf("the signal was not handled")
		}
		select {
		case o := <-done:
			return o.result, o.errno
		case <-time.After(2 * time.Millisecond):
		}
	}
	end()
	select {
	case o := <-done:
		return o.result, o.errno
	case <-time.After(t.Patience(3 * time.Second)):
		t.Fatalf("the call did not come to its end")
	}
	return 0, 0
}

// withoutRestart takes SA_RESTART off Go's handler, and gives back what puts it on again. The kernel's sigaction begins
// with the handler and the flags, each as wide as a pointer.
func withoutRestart(t *suite.T) (putBack func()) {
	var action [8]uintptr
	change := func() {
		if _, errno := call(syscall.SYS_RT_SIGACTION, uintptr(ask), uintptr(unsafe.Pointer(&action)), 0, 8); errno != 0 {
			t.Fatalf("rt_sigaction: %s", shown(errno))
		}
	}
	if _, errno := call(syscall.SYS_RT_SIGACTION, uintptr(ask), 0, uintptr(unsafe.Pointer(&action)), 8); errno != 0 {
		t.Fatalf("rt_sigaction: %s", shown(errno))
	}
	if action[1]&restart == 0 {
		t.Fatalf("Go's handler has no SA_RESTART: its flags read as %#x", action[1])
	}
	action[1] &^= restart
	change()
	return func() {
		action[1] |= restart
		change()
	}
}

func restarted(t *suite.T) {
	const size = 77 // by which planted faults know the call
	from, to := pair(t, 0)
	defer syscall.Close(from)
	defer syscall.Close(to)
	sockets, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	must(t, err)
	defer syscall.Close(sockets[0])
	defer syscall.Close(sockets[1])
	for _, wait := range []struct {
		what     string
		from, to int
	}{{"pipe", from, to}, {"socket", sockets[0], sockets[1]}} {
		text := make([]byte, size)
		count, errno := disturb(t, 2, func() (uintptr, syscall.Errno) {
			return call(syscall.SYS_READ, uintptr(wait.from), uintptr(unsafe.Pointer(&text[0])), size)
		}, func() { syscall.Write(wait.to, []byte("late")) })
		if errno != 0 || count != 4 || string(text[:4]) != "late" {
			t.Errorf("reading from a %s: %d bytes, %s; 4 were sent after the signal", wait.what, int(count), shown(errno))
		}
	}
}

func interrupted(t *suite.T) {
	const size = 78
	handled := make(chan os.Signal, 16)
	signal.Notify(handled, ask)
	defer signal.Stop(handled)
	defer withoutRestart(t)()
	from, to := pair(t, 0)
	defer syscall.Close(from)
	text := make([]byte, size)
	count, errno := disturbed(t, handled, enough, func() (uintptr, syscall.Errno) {
		return call(syscall.SYS_READ, uintptr(from), uintptr(unsafe.Pointer(&text[0])), size)
	}, func() { syscall.Close(to) })
	if errno != syscall.EINTR {
		t.Fatalf("reading from an empty pipe: %d bytes, %s; EINTR was expected", int(count), shown(errno))
	}
}

func neverRestarted(t *suite.T) {
	const waitPrivate, expected = 128, 9 // FUTEX_WAIT | FUTEX_PRIVATE_FLAG
	set, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	must(t, err)
	defer syscall.Close(set)
	long := syscall.NsecToTimespec(int64(t.Patience(2 * time.Second)))
	events, word, signals := [2]syscall.EpollEvent{}, uint32(expected), uint64(0)
	for _, wait := range []struct {
		what string
		make func() (uintptr, syscall.Errno)
	}{
		{"epoll_pwait", func() (uintptr, syscall.Errno) {
			return call(syscall.SYS_EPOLL_PWAIT, uintptr(set), uintptr(unsafe.Pointer(&events)), 2, uintptr(t.Patience(2*time.Second).Milliseconds()), 0, 8)
		}},
		{"ppoll", func() (uintptr, syscall.Errno) {
			limit := long
			return call(syscall.SYS_PPOLL, 0, 0, uintptr(unsafe.Pointer(&limit)), 0, 8)
		}},
		{"pselect6", func() (uintptr, syscall.Errno) {
			limit := long
			return call(syscall.SYS_PSELECT6, 0, 0, 0, 0, uintptr(unsafe.Pointer(&limit)), 0)
		}},
		{"clock_nanosleep", func() (uintptr, syscall.Errno) {
			return call(syscall.SYS_CLOCK_NANOSLEEP, monotone, 0, uintptr(unsafe.Pointer(&long)), 0)
		}},
		{"rt_sigtimedwait", func() (uintptr, syscall.Errno) {
			return call(syscall.SYS_RT_SIGTIMEDWAIT, uintptr(unsafe.Pointer(&signals)), 0, uintptr(unsafe.Pointer(&long)), 8)
		}},
		{"futex with a time-out", func() (uintptr, syscall.Errno) {
			return call(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(&word)), waitPrivate, expected, uintptr(unsafe.Pointer(&long)))
		}},
	} {
		if result, errno := disturb(t, enough, wait.make, func() {}); errno != syscall.EINTR {
			t.Errorf("%s: result %d, %s; EINTR was expected", wait.what, int(result), shown(errno))
		}
	}
}

func sleepRest(t *suite.T) {
	const slack = time.Millisecond // what is left counts to the latest moment of waking: prctl(2), PR_SET_TIMERSLACK
	length := t.Patience(3 * time.Second)
	wait, rest := syscall.NsecToTimespec(int64(length)), syscall.NsecToTimespec(-1)
	began := time.Now()
	_, errno := disturb(t, enough, func() (uintptr, syscall.Errno) {
		return call(syscall.SYS_CLOCK_NANOSLEEP, monotone, 0, uintptr(unsafe.Pointer(&wait)), uintptr(unsafe.Pointer(&rest)))
	}, func() {})
	took := time.Since(began)
	if left := time.Duration(rest.Nano()); errno != syscall.EINTR || left > length+slack || left < length-took-slack {
		t.Fatalf("a sleep of %v that ended within %v: %s, %v left; EINTR and about what was not slept were expected", length, took,
			shown(errno), left)
	}
}

func partialWrite(t *suite.T) {
	const size = 1 << 20 // more than a pipe holds
	from, to := pair(t, 0)
	defer syscall.Close(from)
	defer syscall.Close(to)
	data := make([]byte, size)
	count, errno := disturb(t, enough, func() (uintptr, syscall.Errno) {
		return call(syscall.SYS_WRITE, uintptr(to), uintptr(unsafe.Pointer(&data[0])), size)
	}, func() {})
	if errno != 0 || count == 0 || count >= size {
		t.Fatalf("writing %d bytes, interrupted when the pipe was full: %d, %s; a part was expected", size, int(count), shown(errno))
	}
	if err := syscall.SetNonblock(from, true); err != nil {
		t.Fatalf("%v", err)
	}
	total := 0
	for {
		got, err := syscall.Read(from, data)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || got == 0 {
			break
		}
		total += got
	}
	if total != int(count) {
		t.Fatalf("write returned %d, and the pipe held %d bytes", count, total)
	}
}
