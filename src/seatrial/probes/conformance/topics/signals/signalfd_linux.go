//go:build !mips && !mipsle && !mips64 && !mips64le

package signals

import (
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "signals/signalfd-reads",
		Contract: "A signalfd hands out blocked signals, in order, as 128 bytes each that say who sent what.",
		Source:   "signalfd(2)",
		Breaks:   "Init programs and supervisors written in Go do not hear of signals.",
		Run:      signalfdReads,
	}, suite.Case{
		ID:       "signals/signalfd-ready",
		Contract: "epoll reports a signalfd as readable when, and only when, a signal is pending.",
		Source:   "signalfd(2), \"poll(2), select(2)\"; epoll(7)",
		Breaks:   "Event loops that take signals as events hang, or spin.",
		Run:      signalfdReady,
	})
}

func signalfd(t *suite.T, s set) int {
	const nonblocking = syscall.O_NONBLOCK | syscall.O_CLOEXEC
	fd, _, errno := syscall.RawSyscall6(syscall.SYS_SIGNALFD4, ^uintptr(0), uintptr(unsafe.Pointer(&s)), unsafe.Sizeof(s), nonblocking, 0, 0)
	if errno != 0 {
		t.Fatalf("signalfd4: %v", errno)
	}
	return int(fd)
}

func signalfdReads(t *suite.T) {
	block(firstQueued)
	fd := signalfd(t, of(firstQueued))
	defer syscall.Close(fd)
	var read [4][32]uint32 // struct signalfd_siginfo, linux/signalfd.h: signo, errno, code, pid, uid, ... , int at 44
	into := unsafe.Slice((*byte)(unsafe.Pointer(&read)), unsafe.Sizeof(read))
	if n, err := syscall.Read(fd, into); err != syscall.EAGAIN {
		t.Fatalf("with no signal pending, read gives %d bytes and %v; EAGAIN was expected", n, err)
	}
	queue(t, firstQueued, 5)
	queue(t, firstQueued, 6)
	n, err := syscall.Read(fd, into)
	if err != nil || n != 2*128 {
		t.Fatalf("with two signals pending, read gives %d bytes and %v; 256 were expected", n, err)
	}
	for i, one := range read[:2] {
		value := int(one[11])
		if one[0] != uint32(firstQueued) || int32(one[2]) != fromQueue || int(one[3]) != syscall.Getpid() || value != 5+i {
			t.Errorf("signal %d, code %d, process %d, value %d; %d, %d, %d, %d were expected", one[0], int32(one[2]),
				one[3], value, firstQueued, fromQueue, syscall.Getpid(), 5+i)
		}
	}
}

func signalfdReady(t *suite.T) {
	block(firstQueued)
	fd := signalfd(t, of(firstQueued))
	defer syscall.Close(fd)
	poll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		t.Fatalf("epoll_create1: %v", err)
	}
	defer syscall.Close(poll)
	if err := syscall.EpollCtl(poll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN}); err != nil {
		t.Fatalf("epoll_ctl: %v", err)
	}
	events := make([]syscall.EpollEvent, 1)
	if n, err := syscall.EpollWait(poll, events, 0); n != 0 {
		t.Fatalf("it is ready with no signal pending (%d, %v)", n, err)
	}
	queue(t, firstQueued, 0)
	if n, err := syscall.EpollWait(poll, events, int(t.Patience(time.Second).Milliseconds())); n != 1 {
		t.Fatalf("it is not ready with a signal pending (%d, %v)", n, err)
	}
}
