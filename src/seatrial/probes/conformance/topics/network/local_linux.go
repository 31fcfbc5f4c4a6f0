package network

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/files/codes"
)

func init() {
	suite.Register(suite.Case{
		ID:       "network/unix-abstract",
		Contract: "An abstract Unix socket has a name without a file, unique while it is open and free afterwards.",
		Source:   "unix(7), \"Abstract sockets\"",
		Breaks:   "Services in containers (containerd shims, X11) cannot be reached, or cannot start again.",
		Run:      abstract,
	}, suite.Case{
		ID:       "network/unix-packets",
		Contract: "A SOCK_SEQPACKET Unix socket keeps the bounds of messages, and ends when its peer closes.",
		Source:   "unix(7), SOCK_SEQPACKET; Go net, \"unixpacket\"",
		Breaks:   "Protocols between a service and its helpers (udev, privileged helpers) mix messages.",
		Run:      packets,
	}, suite.Case{
		ID:       "network/peer-credentials",
		Contract: "The kernel tells a Unix socket's peer: process, user and group, by SO_PEERCRED and by SCM_CREDENTIALS.",
		Source:   "unix(7), SO_PEERCRED, SO_PASSCRED, SCM_CREDENTIALS",
		Breaks:   "Local services (Docker, Tailscale, polkit clients) let in whom they should not.",
		Run:      peerCredentials,
	})
}

func abstract(t *suite.T) {
	name := "@seatrial-" + strings.ReplaceAll(t.Dir(), "/", "-")
	name = name[:min(len(name), 100)]
	for range 2 {
		listener, err := net.Listen("unix", name)
		works(t, "listening", err)
		_, err = net.Listen("unix", name)
		fails(t, "listening on a name that is taken", err, inUse)
		client, err := net.Dial("unix", name)
		works(t, "connecting", err)
		client.Close()
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("there is a file of that name (%s)", codes.Describe(err))
		}
		listener.Close()
		_, err = net.Dial("unix", name)
		fails(t, "connecting after Close", err, refused)
	}
}

func packets(t *suite.T) {
	a, b := unixPair(t, syscall.SOCK_SEQPACKET)
	defer b.Close()
	sizes := []int{7, 1, 3000}
	for _, size := range sizes {
		_, err := a.Write(pattern(size))
		works(t, "sending", err)
	}
	works(t, "closing", a.Close())
	buffer := make([]byte, 4001)
	for _, size := range sizes {
		n, err := b.Read(buffer)
		works(t, "receiving", err)
		same(t, "a message", buffer[:n], pattern(size))
	}
	if n, err := b.Read(buffer); n != 0 {
		t.Errorf("after the peer closed: %d bytes, %s; the end was expected", n, codes.Describe(err))
	}
}

func peerCredentials(t *suite.T) {
	a, b := unixPair(t, syscall.SOCK_STREAM)
	defer a.Close()
	defer b.Close()
	want := syscall.Ucred{Pid: int32(os.Getpid()), Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid())}
	control(t, b, func(number uintptr) error {
		seen, err := syscall.GetsockoptUcred(int(number), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
		if err == nil && *seen != want {
			t.Errorf("SO_PEERCRED says %+v; %+v was expected", *seen, want)
		}
		return errors.Join(err, syscall.SetsockoptInt(int(number), syscall.SOL_SOCKET, syscall.SO_PASSCRED, 1))
	})
	_, err := a.Write([]byte("x"))
	works(t, "sending", err)
	space := make([]byte, syscall.CmsgSpace(int(unsafe.Sizeof(want))))
	b.SetReadDeadline(time.Now().Add(t.Patience(time.Second)))
	_, n, _, _, err := b.ReadMsgUnix(make([]byte, 1), space)
	works(t, "receiving", err)
	messages, err := syscall.ParseSocketControlMessage(space[:n])
	if err != nil || len(messages) != 1 {
		t.Fatalf("%d control messages came (%s); 1 was expected", len(messages), codes.Describe(err))
	}
	seen, err := syscall.ParseUnixCredentials(&messages[0])
	works(t, "reading SCM_CREDENTIALS", err)
	if *seen != want {
		t.Errorf("SCM_CREDENTIALS says %+v; %+v was expected", *seen, want)
	}
}
