package readiness

import (
	"errors"
	"io"
	"net"
	"os"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "readiness/socket-read-deadline",
		Contract: "A read that finds nothing ends at its deadline, not before, and the connection can be used on.",
		Source:   "net.Conn, SetReadDeadline; Go internal/poll/fd_poll_runtime.go",
		Breaks:   "Servers keep the connections of silent clients for ever, or drop those that are alive.",
		Needs:    []string{"loopback"},
		Run:      readDeadline,
	}, suite.Case{
		ID:       "readiness/socket-write-deadline",
		Contract: "Writing to a peer that does not read ends at the deadline, with the number of bytes that were taken.",
		Source:   "net.Conn, SetWriteDeadline",
		Breaks:   "One slow client stops a server; or data are sent again that have arrived.",
		Needs:    []string{"loopback"},
		Run:      writeDeadline,
	}, suite.Case{
		ID:       "readiness/socket-deadline-while-waiting",
		Contract: "A deadline that is set from outside ends a read that is already waiting.",
		Source:   "net.Conn, SetDeadline: applies to pending I/O; Go runtime/netpoll.go, poll_runtime_pollSetDeadline",
		Breaks:   "net/http cannot end its background reads: handlers hang after Hijack and on shutdown.",
		Needs:    []string{"loopback"},
		Run:      deadlineWhileWaiting,
	}, suite.Case{
		ID:       "readiness/socket-close-unblocks",
		Contract: "Closing a connection or a listener ends the read or accept that waits in it (net.ErrClosed).",
		Source:   "net.Conn, Close: any blocked operations will be unblocked; Go internal/poll/fd_mutex.go",
		Breaks:   "Servers cannot be shut down.",
		Needs:    []string{"loopback"},
		Run:      closeUnblocks,
	}, suite.Case{
		ID:       "readiness/socket-half-close",
		Contract: "After CloseWrite the peer reads to the end of the stream, and its answer still arrives.",
		Source:   "shutdown(2), POSIX.1-2017 shutdown(), Winsock shutdown; net.TCPConn, CloseWrite",
		Breaks:   "Protocols that end a request so (rsh, HTTP/1.0 proxies, database dumps) hang or lose the answer.",
		Needs:    []string{"loopback"},
		Run:      halfClose,
	}, suite.Case{
		ID:       "readiness/pipe-end",
		Contract: "A pipe is read to its last byte after its writer has closed, and then gives the end (io.EOF).",
		Source:   "pipe(7); CreatePipe and ReadFile (Microsoft, Win32), ERROR_BROKEN_PIPE; Go os/exec, StdoutPipe",
		Breaks:   "The output of commands is cut short, or waiting for its end does not end.",
		Run:      pipeEnd,
	})
}

// connected are both ends of a connection over loopback.
func connected(t *suite.T) (client, server *net.TCPConn) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	defer listener.Close()
	dialled, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	accepted, err := listener.Accept()
	if err != nil {
		dialled.Close()
		t.Fatalf("accept: %v", err)
	}
	return dialled.(*net.TCPConn), accepted.(*net.TCPConn)
}

func readDeadline(t *suite.T) {
	const wait, size = 5 * time.Millisecond, 3011
	client, server := connected(t)
	defer client.Close()
	defer server.Close()
	began := time.Now()
	client.SetReadDeadline(began.Add(wait))
	count, err := client.Read(make([]byte, size))
	took := time.Since(began)
	if !errors.Is(err, os.ErrDeadlineExceeded) || count != 0 {
		t.Errorf("nothing was sent: read %d, %v, expected os.ErrDeadlineExceeded", count, err)
	}
	if took < wait {
		t.Errorf("it was to wait %v, and ended before that", wait)
	}
	client.SetReadDeadline(time.Time{})
	server.Write([]byte("later"))
	buffer := make([]byte, 5)
	if _, err := io.ReadFull(client, buffer); err != nil || string(buffer) != "later" {
		t.Errorf("without a deadline again, after a write: %q, %v", buffer, err)
	}
}

func writeDeadline(t *suite.T) {
	client, server := connected(t)
	defer client.Close()
	defer server.Close()
	client.SetWriteBuffer(1 << 14)
	server.SetReadBuffer(1 << 14)
	client.SetWriteDeadline(time.Now().Add(t.Patience(20 * time.Millisecond)))
	const most = 1 << 27
	piece := make([]byte, 300001)
	written := 0
	var err error
	for err == nil && written < most {
		var count int
		count, err = client.Write(piece)
		written += count
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%d bytes were taken that nobody reads, then %v, expected os.ErrDeadlineExceeded", written, err)
	}
	client.CloseWrite()
	server.SetReadDeadline(time.Now().Add(t.Patience(2 * time.Second)))
	if read, err := io.Copy(io.Discard, server); err != nil || read != int64(written) {
		t.Errorf("%d bytes were said to be taken, %d arrived (%v)", written, read, err)
	}
}

func deadlineWhileWaiting(t *suite.T) {
	client, server := connected(t)
	defer client.Close()
	defer server.Close()
	ended := make(chan error, 1)
	go func() {
		_, err := client.Read(make([]byte, 3013))
		ended <- err
	}()
	time.Sleep(time.Millisecond) // most often it waits by then; what is right is right in either order
	client.SetReadDeadline(time.Unix(1, 0))
	select {
	case err := <-ended:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the read ended with %v, expected os.ErrDeadlineExceeded", err)
		}
	case <-time.After(t.Patience(2 * time.Second)):
		t.Errorf("the read goes on waiting")
	}
}

func closeUnblocks(t *suite.T) {
	client, server := connected(t)
	defer server.Close()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	ended := make(chan error, 2)
	go func() {
		_, err := client.Read(make([]byte, 3017))
		ended <- err
	}()
	go func() {
		_, err := listener.Accept()
		ended <- err
	}()
	time.Sleep(time.Millisecond) // as above
	client.Close()
	listener.Close()
	for range 2 {
		select {
		case err := <-ended:
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("it ended with %v, expected net.ErrClosed", err)
			}
		case <-time.After(t.Patience(2 * time.Second)):
			t.Fatalf("a read or an accept goes on waiting")
		}
	}
}

func halfClose(t *suite.T) {
	client, server := connected(t)
	defer client.Close()
	defer server.Close()
	limit := time.Now().Add(t.Patience(time.Second))
	client.SetDeadline(limit)
	server.SetDeadline(limit)
	client.Write([]byte("request"))
	if err := client.CloseWrite(); err != nil {
		t.Errorf("CloseWrite: %v", err)
	}
	if got, err := io.ReadAll(server); err != nil || string(got) != "request" {
		t.Errorf("the peer read %q, %v, expected \"request\" and the end", got, err)
	}
	if _, err := server.Write([]byte("answer")); err != nil {
		t.Errorf("the peer's answer: %v", err)
	}
	server.Close()
	if got, err := io.ReadAll(client); err != nil || string(got) != "answer" {
		t.Errorf("read %q, %v, expected \"answer\" and the end", got, err)
	}
	if _, err := client.Write([]byte("more")); err == nil {
		t.Errorf("a write after CloseWrite succeeded")
	}
}

func pipeEnd(t *suite.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatalf("os.Pipe: %v", err)
	}
	defer r.Close()
	w.Write([]byte("the last words"))
	w.Close()
	buffer := make([]byte, 3019)
	count, err := r.Read(buffer)
	if err != nil || string(buffer[:count]) != "the last words" {
		t.Errorf("read %q, %v, expected all that was written", buffer[:count], err)
	}
	if count, err = r.Read(buffer); count != 0 || err != io.EOF {
		t.Errorf("after the last byte: %d, %v, expected io.EOF", count, err)
	}
}
