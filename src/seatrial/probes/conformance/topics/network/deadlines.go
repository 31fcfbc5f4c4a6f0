package network

import (
	"errors"
	"net"
	"os"
	"time"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/files/codes"
)

func init() {
	suite.Register(suite.Case{
		ID:       "network/read-deadline",
		Contract: "A read that waits ends at its deadline, not before, with os.ErrDeadlineExceeded; later data is still read.",
		Source:   "Go net.Conn.SetReadDeadline; read(2), EAGAIN",
		Breaks:   "Servers hang on silent clients, or drop slow ones.",
		Needs:    []string{"loopback"},
		Run:      readDeadline,
	}, suite.Case{
		ID:       "network/deadline-moved",
		Contract: "A deadline set to the past ends a read that waits already.",
		Source:   "Go net.Conn.SetDeadline: applies to all future and pending I/O; epoll(7)",
		Breaks:   "Contexts that are cancelled, and http.Server.Shutdown, do not stop what waits.",
		Needs:    []string{"loopback"},
		Run:      deadlineMoved,
	}, suite.Case{
		ID:       "network/back-pressure",
		Contract: "A writer whose reader does not read is stopped, until its deadline; what was taken arrives.",
		Source:   "tcp(7), \"TCP socket buffers\"; send(2), EAGAIN; Go net.Conn.SetWriteDeadline",
		Breaks:   "Memory grows without limit, or data that was reported as written is lost.",
		Needs:    []string{"loopback"},
		Run:      backPressure,
	}, suite.Case{
		ID:       "network/accept-deadline",
		Contract: "Accept without a client ends at its deadline, and the next client is accepted.",
		Source:   "Go net.TCPListener.SetDeadline; accept(2), EAGAIN",
		Breaks:   "Servers that look after other things between clients hang.",
		Needs:    []string{"loopback"},
		Run:      acceptDeadline,
	}, suite.Case{
		ID:       "network/close-ends-waiting",
		Contract: "Closing a listener or a connection ends the Accept or Read that waits on it with net.ErrClosed.",
		Source:   "Go net.Conn.Close, net.Listener.Close; internal/poll/fd_mutex.go",
		Breaks:   "Programs cannot be stopped; goroutines leak.",
		Needs:    []string{"loopback"},
		Run:      closeEndsWaiting,
	})
}

const shortly = 3 * time.Millisecond

// expires asserts that an operation ended by its deadline.
func expires(t *suite.T, what string, began time.Time, wait time.Duration, err error) {
	var timed net.Error
	if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &timed) || !timed.Timeout() {
		t.Errorf("%s: %s; os.ErrDeadlineExceeded was expected", what, codes.Describe(err))
	}
	if took := time.Since(began); took < wait {
		t.Errorf("%s ended after %v; its deadline was after %v", what, took, wait)
	}
}

func readDeadline(t *suite.T) {
	client, server := pair(t)
	defer client.Close()
	defer server.Close()
	buffer := make([]byte, 177)
	began := time.Now()
	server.SetReadDeadline(began.Add(shortly))
	_, err := server.Read(buffer)
	expires(t, "reading", began, shortly, err)
	_, err = client.Write([]byte("late"))
	works(t, "sending", err)
	server.SetReadDeadline(time.Now().Add(t.Patience(2 * time.Second)))
	n, err := server.Read(buffer)
	works(t, "reading after the deadline was set anew", err)
	same(t, "what came late", buffer[:n], []byte("late"))
}

func deadlineMoved(t *suite.T) {
	client, server := pair(t)
	defer client.Close()
	defer server.Close()
	ended := make(chan error, 1)
	go func() {
		_, err := server.Read(make([]byte, 178))
		ended <- err
	}()
	select {
	case err := <-ended:
		t.Fatalf("a read without data ended before its deadline: %s", codes.Describe(err))
	case <-time.After(shortly):
	}
	began := time.Now()
	server.SetReadDeadline(began.Add(-time.Second))
	select {
	case err := <-ended:
		expires(t, "a read that waited", began, 0, err)
	case <-time.After(t.Patience(2 * time.Second)):
		t.Fatalf("a read still waits 2 s after its deadline was set to the past")
	}
}

func backPressure(t *suite.T) {
	client, server := pair(t)
	defer client.Close()
	defer server.Close()
	client.SetWriteBuffer(64 << 10)
	server.SetReadBuffer(64 << 10)
	const most = 256 << 20
	piece := pattern(1 << 16)
	taken := 0
	var err error
	for err == nil && taken < most {
		client.SetWriteDeadline(time.Now().Add(5 * shortly))
		var n int
		n, err = client.Write(piece)
		taken += n
	}
	if taken >= most {
		t.Fatalf("%d MiB were taken though nobody reads", most>>20)
	}
	expires(t, "writing", time.Now(), 0, err)
	works(t, "CloseWrite", client.CloseWrite())
	arrived := 0
	for buffer := make([]byte, 1<<16); ; {
		n, err := server.Read(buffer)
		arrived += n
		if err != nil {
			break
		}
	}
	if arrived != taken {
		t.Fatalf("%d bytes arrived; %d were reported as written", arrived, taken)
	}
}

func acceptDeadline(t *suite.T) {
	listener := listening(t)
	defer listener.Close()
	began := time.Now()
	listener.SetDeadline(began.Add(shortly))
	_, err := listener.Accept()
	expires(t, "accepting", began, shortly, err)
	listener.SetDeadline(time.Now().Add(t.Patience(2 * time.Second)))
	client, err := net.Dial("tcp4", listener.Addr().String())
	works(t, "connecting", err)
	defer client.Close()
	server, err := listener.Accept()
	works(t, "accepting after the deadline was set anew", err)
	server.Close()
}

func closeEndsWaiting(t *suite.T) {
	client, server := pair(t)
	defer client.Close()
	listener := listening(t)
	ended := make(chan error, 2)
	go func() {
		_, err := server.Read(make([]byte, 1))
		ended <- err
	}()
	go func() {
		_, err := listener.Accept()
		ended <- err
	}()
	select {
	case err := <-ended:
		t.Fatalf("Accept or Read ended with nothing to accept or read: %s", codes.Describe(err))
	case <-time.After(shortly):
	}
	works(t, "closing", errors.Join(server.Close(), listener.Close()))
	for range 2 {
		select {
		case err := <-ended:
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("it ended with %s; net.ErrClosed was expected", codes.Describe(err))
			}
		case <-time.After(t.Patience(2 * time.Second)):
			t.Fatalf("Accept or Read still waits 2 s after Close")
		}
	}
}
