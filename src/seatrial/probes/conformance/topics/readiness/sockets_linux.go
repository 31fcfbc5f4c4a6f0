package readiness

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "readiness/recvmmsg",
		Contract: "recvmmsg takes the datagrams that are there in one call, in order, each with its length.",
		Source:   "recvmmsg(2); golang.org/x/net/internal/socket, and QUIC libraries",
		Breaks:   "DNS servers and QUIC read datagrams with bytes of others, or one at a time.",
		Run:      receivesMany,
	}, suite.Case{
		ID:       "readiness/accept-flags",
		Contract: "accept4 makes the new socket non-blocking and closed on exec, whatever the listener is.",
		Source:   "accept(2), accept4; Go internal/poll/sock_cloexec.go",
		Breaks:   "Each connection keeps a thread, and is inherited by every child process.",
		Run:      acceptFlags,
	}, suite.Case{
		ID:       "readiness/connect-completion",
		Contract: "A non-blocking connect becomes writable when it is over, and SO_ERROR tells how it ended: 0 or ECONNREFUSED.",
		Source:   "connect(2), EINPROGRESS; Go net/fd_unix.go, netFD.connect",
		Breaks:   "Dialling succeeds with a dead connection, or hangs until the time-out instead of failing at once.",
		Needs:    []string{"loopback"},
		Run:      connectCompletes,
	})
}

// A manyHeader is a struct mmsghdr.
type manyHeader struct {
	header syscall.Msghdr
	length uint32
}

func receivesMany(t *suite.T) {
	a, b := socketPair(t, syscall.SOCK_DGRAM)
	defer closeAll(a, b)
	sent := []string{"first", "the second", "3"}
	for _, text := range sent {
		if _, err := syscall.Write(a, []byte(text)); err != nil {
			t.Fatalf("write: %v", err)
		}
	}
	var headers [5]manyHeader
	var parts [5]syscall.Iovec
	buffers := make([][100]byte, 5)
	for i := range headers {
		parts[i].Base = &buffers[i][0]
		parts[i].SetLen(len(buffers[i]))
		headers[i].header.Iov = &parts[i]
		headers[i].header.Iovlen = 1
	}
	count, _, errno := syscall.Syscall6(syscall.SYS_RECVMMSG, uintptr(b), uintptr(unsafe.Pointer(&headers[0])), uintptr(len(headers)), 0, 0, 0)
	if errno != 0 || int(count) != len(sent) {
		t.Fatalf("%d datagrams are there: recvmmsg gives %d, %v", len(sent), int(count), errno)
	}
	for i, want := range sent {
		if got := string(buffers[i][:min(int(headers[i].length), len(buffers[i]))]); got != want {
			t.Errorf("datagram %d is %q, expected %q", i+1, got, want)
		}
	}
}

// listening is a socket that blocks, with a name of this process.
func listening(t *suite.T) (fd int, address syscall.Sockaddr) {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatalf("socket: %v", err)
	}
	address = &syscall.SockaddrUnix{Name: fmt.Sprint("@seatrial-", os.Getpid())}
	if err = syscall.Bind(fd, address); err == nil {
		err = syscall.Listen(fd, 5)
	}
	if err != nil {
		syscall.Close(fd)
		t.Fatalf("bind, listen: %v", err)
	}
	return fd, address
}

func acceptFlags(t *suite.T) {
	listener, address := listening(t)
	defer closeAll(listener)
	for _, asked := range []int{0, noWait} {
		client, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|noWait, 0)
		if err == nil {
			err = syscall.Connect(client, address)
		}
		if err != nil {
			t.Fatalf("connect: %v", err)
		}
		defer closeAll(client)
		fd, _, err := syscall.Accept4(listener, asked)
		if err != nil {
			t.Fatalf("accept4 with flags %#x: %v", asked, err)
		}
		defer closeAll(fd)
		if got := flagsOf(t, fd); got != asked {
			t.Errorf("asked for flags %#x, got %#x", asked, got)
		}
	}
}

// flagsOf are those of noWait that a descriptor has.
func flagsOf(t *suite.T, fd int) int {
	descriptor, _, first := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0)
	status, _, second := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFL, 0)
	if first != 0 || second != 0 {
		t.Fatalf("fcntl: %v, %v", first, second)
	}
	flags := int(status) & syscall.O_NONBLOCK
	if descriptor&syscall.FD_CLOEXEC != 0 {
		flags |= syscall.O_CLOEXEC
	}
	return flags
}

func connectCompletes(t *suite.T) {
	const most = 39
	listener, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|noWait, 0)
	if err != nil {
		t.Fatalf("socket: %v", err)
	}
	defer closeAll(listener)
	loopback := &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}
	if err := syscall.Bind(listener, loopback); err != nil {
		t.Fatalf("bind: %v", err)
	}
	address, err := syscall.Getsockname(listener)
	if err != nil {
		t.Fatalf("getsockname: %v", err)
	}
	for _, want := range []syscall.Errno{syscall.ECONNREFUSED, 0} {
		if want == 0 { // bound and not listening it refused
			if err := syscall.Listen(listener, 5); err != nil {
				t.Fatalf("listen: %v", err)
			}
		}
		p := newPoller(t)
		client, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|noWait, 0)
		if err != nil {
			t.Fatalf("socket: %v", err)
		}
		defer closeAll(client, p.fd)
		outcome := syscall.Connect(client, address)
		if outcome == syscall.EINPROGRESS {
			p.add(client, writable|edgeTriggered)
			if got := p.wait(most, soon); len(got) != 1 || got[0].Events&writable == 0 {
				t.Errorf("connecting: %d events, expected one that the socket is writable", len(got))
				continue
			}
			ended, err := syscall.GetsockoptInt(client, syscall.SOL_SOCKET, syscall.SO_ERROR)
			if err != nil {
				t.Fatalf("getsockopt: %v", err)
			}
			outcome = syscall.Errno(ended)
		}
		if outcome == nil {
			outcome = syscall.Errno(0)
		}
		if outcome != want {
			t.Errorf("connecting ended with %v, expected %v", outcome, want)
		}
	}
}
