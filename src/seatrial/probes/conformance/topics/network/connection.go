package network

import (
	"errors"
	"net"
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/files/codes"
)

// works asserts that something was done.
func works(t *suite.T, what string, err error) {
	if err != nil {
		t.Fatalf("%s: %s", what, codes.Describe(err))
	}
}

// fails asserts that something was refused, with one of the codes.
func fails(t *suite.T, what string, err error, want ...syscall.Errno) {
	for _, code := range want {
		if errors.Is(err, code) {
			return
		}
	}
	t.Errorf("%s: %s; %s was expected", what, codes.Describe(err), codes.Name(want[0]))
}

// listening is a listener on a free port of the loopback interface.
func listening(t *suite.T) *net.TCPListener {
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	works(t, "listening", err)
	return listener
}

// pair is a TCP connection, both ends of it. Each ends by itself if the case hangs.
func pair(t *suite.T) (client, server *net.TCPConn) {
	listener := listening(t)
	defer listener.Close()
	type accepted struct {
		conn *net.TCPConn
		err  error
	}
	ready := make(chan accepted, 1)
	go func() {
		conn, err := listener.AcceptTCP()
		ready <- accepted{conn, err}
	}()
	client, err := net.DialTCP("tcp4", nil, listener.Addr().(*net.TCPAddr))
	works(t, "connecting", err)
	got := <-ready
	works(t, "accepting", got.err)
	limit := time.Now().Add(t.Patience(5 * time.Second))
	client.SetDeadline(limit)
	got.conn.SetDeadline(limit)
	return client, got.conn
}

// A descriptor is a socket of package net.
type descriptor interface {
	SyscallConn() (syscall.RawConn, error)
}

// control runs something on a socket's descriptor.
func control(t *suite.T, socket descriptor, run func(number uintptr) error) {
	raw, err := socket.SyscallConn()
	works(t, "asking for the descriptor", err)
	var inner error
	works(t, "using the descriptor", raw.Control(func(number uintptr) { inner = run(number) }))
	works(t, "a socket option", inner)
}
