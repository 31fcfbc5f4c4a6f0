package readiness

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "readiness/eventfd-counter",
		Contract: "An eventfd adds up what is written; reading gives the sum and empties it, and then says EAGAIN.",
		Source:   "eventfd(2); Go runtime/netpoll_epoll.go, netpollBreak and netpoll",
		Breaks:   "The runtime wakes its poller through one: it is not woken, or never sleeps again.",
		Run:      counts,
	}, suite.Case{
		ID:       "readiness/eventfd-full",
		Contract: "An eventfd that would overflow says EAGAIN, is not writable meanwhile, and keeps its value.",
		Source:   "eventfd(2), write: the largest value is 2^64 less 2",
		Breaks:   "Completions that are counted with it (virtual machines, GPU and disk drivers) get lost.",
		Run:      countsToTheBrim,
	}, suite.Case{
		ID:       "readiness/eventfd-semaphore",
		Contract: "With EFD_SEMAPHORE each reading takes one.",
		Source:   "eventfd(2), EFD_SEMAPHORE",
		Breaks:   "Workers that share one take each other's share of the work.",
		Run:      countsAsSemaphore,
	}, suite.Case{
		ID:       "readiness/timerfd-expirations",
		Contract: "A timerfd becomes readable when it expires, and tells how often it did: never more than fits into the time.",
		Source:   "timerfd_create(2), read",
		Breaks:   "Timers of event loops and of cgo libraries run ahead, or not at all.",
		Run:      expirations,
	}, suite.Case{
		ID:       "readiness/timerfd-in-the-past",
		Contract: "A timerfd that is set to a moment in the past (TFD_TIMER_ABSTIME) expires at once.",
		Source:   "timerfd_create(2), TFD_TIMER_ABSTIME",
		Breaks:   "A deadline that is over when it is set is waited for, for as long as the machine has been running.",
		Run:      expiredLongAgo,
	}, suite.Case{
		ID:       "readiness/signalfd-in-epoll",
		Contract: "A blocked signal makes its signalfd readable; reading takes the signal, with its number and sender.",
		Source:   "signalfd(2)",
		Breaks:   "Supervisors and container runtimes that take SIGCHLD in their event loop miss the end of processes.",
		Run:      signalInEpoll,
	}, suite.Case{
		ID:       "readiness/inotify-names",
		Contract: "inotify reports the making, writing, renaming and removing of files of a folder, in order, by name.",
		Source:   "inotify(7)",
		Breaks:   "Watchers of configuration and sources (fsnotify and all that is built on it) do not see changes.",
		Run:      watchesFolder,
	}, suite.Case{
		ID:       "readiness/pidfd-process-end",
		Contract: "A pidfd becomes readable when its process ends, and not before.",
		Source:   "pidfd_open(2); Go os/pidfd_linux.go: os.Process is one since Go 1.23",
		Breaks:   "Waiting for a child with a time-out waits too long, or reaps too early.",
		Needs:    []string{"self-exec"},
		Run:      processEnd,
	})
	suite.Helper("readiness-until-stdin-ends", func([]string) int {
		io.Copy(io.Discard, os.Stdin)
		return 0
	})
}

func expectCount(t *suite.T, when string, fd int, want uint64, failure error) {
	got, err := taken(fd)
	if err != failure || err == nil && got != want {
		t.Errorf("%s: read %d, %v; expected %d, %v", when, got, err, want, failure)
	}
}

func counts(t *suite.T) {
	const most = 23
	p := newPoller(t)
	counter := eventFD(t, 0)
	defer closeAll(p.fd, counter)
	p.add(counter, readable)
	expectCount(t, "nothing written", counter, 0, syscall.EAGAIN)
	for _, value := range []uint64{1, 5, 1 << 40} {
		if err := addTo(counter, value); err != nil {
			t.Fatalf("write: %v", err)
		}
	}
	p.expect("three numbers written", most, counter, readable)
	expectCount(t, "three numbers written", counter, 1<<40+6, nil)
	p.expect("all taken", most, -1, 0)
	expectCount(t, "all taken", counter, 0, syscall.EAGAIN)
}

func countsToTheBrim(t *suite.T) {
	const most, largest = 25, math.MaxUint64 - 1
	p := newPoller(t)
	counter := eventFD(t, 0)
	defer closeAll(p.fd, counter)
	if err := addTo(counter, largest-1); err != nil {
		t.Fatalf("write: %v", err)
	}
	if err := addTo(counter, 2); err != syscall.EAGAIN {
		t.Errorf("one more than it can hold: %v, expected EAGAIN", err)
	}
	if err := addTo(counter, 1); err != nil {
		t.Errorf("the last that it can hold: %v", err)
	}
	p.add(counter, readable|writable)
	p.expect("full", most, counter, readable)
	if err := addTo(counter, math.MaxUint64); err != syscall.EINVAL {
		t.Errorf("a number that is none of its: %v, expected EINVAL", err)
	}
	expectCount(t, "full", counter, largest, nil)
	p.expect("emptied", most, counter, writable)
}

func countsAsSemaphore(t *suite.T) {
	counter := eventFD(t, semaphore)
	defer closeAll(counter)
	if err := addTo(counter, 3); err != nil {
		t.Fatalf("write: %v", err)
	}
	for range 3 {
		expectCount(t, "3 written", counter, 1, nil)
	}
	expectCount(t, "3 written, 3 taken", counter, 0, syscall.EAGAIN)
}

const clockMonotonic, absoluteTime = 1, 1 // CLOCK_MONOTONIC, TFD_TIMER_ABSTIME

func timerFD(t *suite.T, flags uintptr, interval, first syscall.Timespec) int {
	fd, _, errno := syscall.Syscall(syscall.SYS_TIMERFD_CREATE, clockMonotonic, noWait, 0)
	if errno != 0 {
		t.Fatalf("timerfd_create: %v", errno)
	}
	setting := [2]syscall.Timespec{interval, first}
	if _, _, errno := syscall.Syscall6(syscall.SYS_TIMERFD_SETTIME, fd, flags, uintptr(unsafe.Pointer(&setting)), 0, 0, 0); errno != 0 {
		syscall.Close(int(fd))
		t.Fatalf("timerfd_settime: %v", errno)
	}
	return int(fd)
}

func expirations(t *suite.T) {
	const most, interval = 27, time.Millisecond
	p := newPoller(t)
	defer p.close()
	began := time.Now()
	timer := timerFD(t, 0, syscall.NsecToTimespec(int64(interval)), syscall.NsecToTimespec(int64(interval)))
	defer closeAll(timer)
	p.add(timer, readable)
	for total := uint64(0); total < 5; {
		p.expect("an interval timer", most, timer, readable)
		count, err := taken(timer)
		limit := uint64(time.Since(began) / interval)
		if err != nil || count == 0 {
			t.Fatalf("readable, and it told %d expirations, %v", count, err)
		}
		if total += count; total > limit {
			t.Fatalf("it told of more expirations than there were intervals of %v", interval)
		}
	}
}

func expiredLongAgo(t *suite.T) {
	const most = 29
	p := newPoller(t)
	defer p.close()
	var now syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&now)), 0); errno != 0 {
		t.Fatalf("clock_gettime: %v", errno)
	}
	if now.Sec < 4 {
		t.NA("the machine's clock began %d seconds ago", now.Sec)
	}
	now.Sec--
	timer := timerFD(t, absoluteTime, syscall.Timespec{}, now)
	defer closeAll(timer)
	p.add(timer, readable)
	p.expect("set to a second ago", most, timer, readable)
	expectCount(t, "set to a second ago", timer, 1, nil)
}

func signalInEpoll(t *suite.T) {
	if slices.Contains([]string{"mips", "mipsle", "mips64", "mips64le"}, runtime.GOARCH) {
		t.NA("mips numbers its signals and their sets in another way")
	}
	const most, signal, block = 31, syscall.SIGUSR2, 0
	runtime.LockOSThread() // the case's thread ends with it, and its mask too
	set := uint64(1) << (signal - 1)
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, block, uintptr(unsafe.Pointer(&set)), 0, unsafe.Sizeof(set), 0, 0); errno != 0 {
		t.Fatalf("rt_sigprocmask: %v", errno)
	}
	none := -1
	opened, _, errno := syscall.Syscall6(syscall.SYS_SIGNALFD4, uintptr(none), uintptr(unsafe.Pointer(&set)), unsafe.Sizeof(set), noWait, 0, 0)
	if errno != 0 {
		t.Fatalf("signalfd4: %v", errno)
	}
	p, fd := newPoller(t), int(opened)
	defer closeAll(p.fd, fd)
	p.add(fd, readable)
	p.expect("no signal sent", most, -1, 0)
	if _, _, errno := syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(syscall.Getpid()), uintptr(syscall.Gettid()), uintptr(signal)); errno != 0 {
		t.Fatalf("tgkill: %v", errno)
	}
	p.expect("a signal sent", most, fd, readable)
	var info [128]byte // struct signalfd_siginfo: ssi_signo at 0, ssi_pid at 12
	if count, err := syscall.Read(fd, info[:]); err != nil || count != len(info) {
		t.Fatalf("read: %d bytes, %v", count, err)
	}
	number, pid := binary.NativeEndian.Uint32(info[:]), binary.NativeEndian.Uint32(info[12:])
	if number != uint32(signal) || int(pid) != syscall.Getpid() {
		t.Errorf("it tells signal %d, of this process: %v; expected %d of this process", number, int(pid) == syscall.Getpid(), signal)
	}
	if _, err := syscall.Read(fd, info[:]); err != syscall.EAGAIN {
		t.Errorf("the signal was taken, and the next read gives %v, expected EAGAIN", err)
	}
}

func watchesFolder(t *suite.T) {
	const most = 33
	folder := t.Dir()
	fd, err := syscall.InotifyInit1(noWait)
	if err != nil {
		t.Fatalf("inotify_init1: %v", err)
	}
	p := newPoller(t)
	defer closeAll(p.fd, fd)
	const wanted = syscall.IN_CREATE | syscall.IN_CLOSE_WRITE | syscall.IN_MOVED_FROM | syscall.IN_MOVED_TO | syscall.IN_DELETE
	watch, err := syscall.InotifyAddWatch(fd, folder, wanted)
	if err != nil {
		t.Fatalf("inotify_add_watch: %v", err)
	}
	p.add(fd, readable)
	p.expect("nothing done", most, -1, 0)
	for _, err := range []error{
		os.WriteFile(folder+"/first", []byte("content"), 0o600),
		os.Rename(folder+"/first", folder+"/second"),
		os.Remove(folder + "/second"),
	} {
		if err != nil {
			t.Fatalf("%v", err)
		}
	}
	p.expect("a file made, renamed, removed", most, fd, readable)
	buffer := make([]byte, 4000)
	count, err := syscall.Read(fd, buffer)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	want := []struct {
		mask uint32
		name string
	}{
		{syscall.IN_CREATE, "first"},
		{syscall.IN_CLOSE_WRITE, "first"},
		{syscall.IN_MOVED_FROM, "first"},
		{syscall.IN_MOVED_TO, "second"},
		{syscall.IN_DELETE, "second"},
	}
	rest := buffer[:max(count, 0)]
	for i := 0; len(rest) >= syscall.SizeofInotifyEvent; i++ {
		event := *(*syscall.InotifyEvent)(unsafe.Pointer(&rest[0]))
		end := min(len(rest), syscall.SizeofInotifyEvent+int(event.Len))
		name := string(bytes.TrimRight(rest[syscall.SizeofInotifyEvent:end], "\x00"))
		rest = rest[end:]
		if i >= len(want) || event.Mask != want[i].mask || name != want[i].name || int(event.Wd) != watch {
			t.Fatalf("event %d is %#x of %q, expected %v", i+1, event.Mask, name, want[min(i, len(want)-1)])
		}
		if i == len(want)-1 && len(rest) == 0 {
			return
		}
	}
	t.Errorf("there were fewer than %d events", len(want))
}

func processEnd(t *suite.T) {
	const most = 35
	command := t.Self("readiness-until-stdin-ends")
	stdin, err := command.StdinPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		t.Fatalf("starting a helper: %v", err)
	}
	defer command.Wait()
	defer stdin.Close()
	opened, _, errno := syscall.Syscall(number(t, "pidfd_open"), uintptr(command.Process.Pid), 0, 0)
	if errno == syscall.ENOSYS {
		t.NA("this kernel has no pidfd_open: it is older than 5.3")
	}
	if errno != 0 {
		t.Fatalf("pidfd_open: %v", errno)
	}
	p, fd := newPoller(t), int(opened)
	defer closeAll(p.fd, fd)
	p.add(fd, readable)
	p.expect("the process runs", most, -1, 0)
	stdin.Close()
	got := p.wait(most, 2*soon)
	if len(got) != 1 || got[0].Events&readable == 0 {
		t.Errorf("the process ended: %d events, expected one that it is readable", len(got))
	}
}
