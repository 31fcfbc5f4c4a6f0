package network

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/files/codes"
)

func init() {
	suite.Register(suite.Case{
		ID:       "network/tcp-ends-agree",
		Contract: "Both ends of a TCP connection name the same two addresses.",
		Source:   "getsockname(2), getpeername(2), accept(2)",
		Breaks:   "Servers log, allow and limit the wrong clients.",
		Needs:    []string{"loopback"},
		Run:      endsAgree,
	}, suite.Case{
		ID:       "network/tcp-refused",
		Contract: "Connecting to a port where nobody listens is refused at once.",
		Source:   "connect(2), ECONNREFUSED; RFC 9293, 3.5.2; Windows Sockets Error Codes, WSAECONNREFUSED",
		Breaks:   "Clients wait for time-outs where they should try the next server.",
		Needs:    []string{"loopback"},
		Run:      tcpRefused,
	}, suite.Case{
		ID:       "network/tcp-bytes-in-order",
		Contract: "Four megabytes in pieces of all sizes arrive whole and in order, both ways at once.",
		Source:   "tcp(7); RFC 9293, 1: a reliable, in-order, byte-stream service",
		Breaks:   "Everything: transfers are corrupted.",
		Needs:    []string{"loopback"},
		Run:      bytesInOrder,
	}, suite.Case{
		ID:       "network/tcp-half-close",
		Contract: "After CloseWrite the other end reads to the end, and can still answer.",
		Source:   "shutdown(2), SHUT_WR; RFC 9293, 3.6; Go net.TCPConn.CloseWrite",
		Breaks:   "Proxies and protocols that end a request by closing cut answers off, or hang.",
		Needs:    []string{"loopback"},
		Run:      halfClose,
	}, suite.Case{
		ID:       "network/tcp-reset",
		Contract: "Closing with a linger time of zero resets the connection: the other end gets ECONNRESET, not an end.",
		Source:   "socket(7), SO_LINGER; RFC 9293, 3.6; Go net.TCPConn.SetLinger",
		Breaks:   "A broken-off transfer looks like a complete one.",
		Needs:    []string{"loopback"},
		Run:      tcpReset,
	}, suite.Case{
		ID:       "network/tcp-write-after-close",
		Contract: "Writing to a connection that the other end has closed comes to fail with EPIPE or ECONNRESET; no signal ends the program.",
		Source:   "send(2), EPIPE; Go os/signal, \"SIGPIPE\"",
		Breaks:   "Servers die when a client goes away, or write for ever to nobody.",
		Needs:    []string{"loopback"},
		Run:      writeAfterClose,
	}, suite.Case{
		ID:       "network/port-in-use",
		Contract: "A second listener on an address and port that are taken is refused with EADDRINUSE.",
		Source:   "bind(2), EADDRINUSE; Go net.Listen",
		Breaks:   "A server that runs twice takes its own twin's connections.",
		Needs:    []string{"loopback"},
		Run:      portInUse,
	}, suite.Case{
		ID:       "network/buffers-written-together",
		Contract: "net.Buffers of more pieces than one call takes arrive whole and in order.",
		Source:   "writev(2), IOV_MAX; WSASend; Go net.Buffers",
		Breaks:   "HTTP/2 and RPC frames lose pieces.",
		Needs:    []string{"loopback"},
		Run:      buffersTogether,
	}, suite.Case{
		ID:       "network/file-to-socket",
		Contract: "A file copied to a socket, which the kernel does by itself, arrives whole from where the file stood.",
		Source:   "sendfile(2); Microsoft, TransmitFile; Go net.TCPConn.ReadFrom",
		Breaks:   "File servers (http.ServeContent) send wrong or short files.",
		Needs:    []string{"loopback"},
		Run:      fileToSocket,
	}, suite.Case{
		ID:       "network/dual-stack-listener",
		Contract: "A listener on no address takes IPv6 and IPv4 clients, and names the latter by their IPv4 addresses.",
		Source:   "ipv6(7), IPV6_V6ONLY; RFC 3493, 3.7; Go net.Listen",
		Breaks:   "Servers cannot be reached over one of the two, or allow-lists of IPv4 addresses fail.",
		Needs:    []string{"loopback", "loopback-6"},
		Run:      dualStack,
	})
}

func endsAgree(t *suite.T) {
	client, server := pair(t)
	defer client.Close()
	defer server.Close()
	if a, b := client.LocalAddr().String(), server.RemoteAddr().String(); a != b {
		t.Errorf("the client is %s to itself and %s to the server", a, b)
	}
	if a, b := client.RemoteAddr().String(), server.LocalAddr().String(); a != b {
		t.Errorf("the server is %s to the client and %s to itself", a, b)
	}
}

func tcpRefused(t *suite.T) {
	listener := listening(t)
	address := listener.Addr().String()
	listener.Close()
	conn, err := net.DialTimeout("tcp4", address, t.Patience(3*time.Second))
	if err == nil {
		conn.Close()
	}
	fails(t, "connecting to a port where nobody listens", err, refused)
}

// pattern is a text in which each place is told from its neighbours.
func pattern(size int) []byte {
	text := make([]byte, size)
	for i := range text {
		text[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return text
}

// same asserts that what arrived is what was sent.
func same(t *suite.T, what string, got, want []byte) {
	if bytes.Equal(got, want) {
		return
	}
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	t.Errorf("%s: %d bytes of %d arrived, equal up to byte %d", what, len(got), len(want), at)
}

func bytesInOrder(t *suite.T) {
	client, server := pair(t)
	defer client.Close()
	defer server.Close()
	text := pattern(4 << 20)
	sent := make(chan error, 1)
	go func() {
		rest := text
		for size := 1; len(rest) > 0; size = size*3%200_003 + 1 {
			n := min(size, len(rest))
			if _, err := client.Write(rest[:n]); err != nil {
				sent <- err
				return
			}
			rest = rest[n:]
		}
		sent <- client.CloseWrite()
	}()
	echoed := make(chan error, 1)
	go func() {
		_, err := io.CopyBuffer(struct{ io.Writer }{server}, struct{ io.Reader }{server}, make([]byte, 70_001))
		echoed <- errors.Join(err, server.CloseWrite())
	}()
	got, err := io.ReadAll(client)
	works(t, "reading", err)
	works(t, "sending", <-sent)
	works(t, "sending back", <-echoed)
	same(t, "sent and sent back", got, text)
}

func halfClose(t *suite.T) {
	client, server := pair(t)
	defer client.Close()
	defer server.Close()
	_, err := client.Write([]byte("question"))
	works(t, "sending", err)
	works(t, "CloseWrite", client.CloseWrite())
	server.SetReadDeadline(time.Now().Add(t.Patience(time.Second)))
	got, err := io.ReadAll(server)
	works(t, "reading to the end", err)
	same(t, "the question", got, []byte("question"))
	_, err = server.Write([]byte("answer"))
	works(t, "answering", err)
	works(t, "closing", server.Close())
	got, err = io.ReadAll(client)
	works(t, "reading the answer", err)
	same(t, "the answer", got, []byte("answer"))
}

func tcpReset(t *suite.T) {
	for try := range 12 { // with and without a reader that waits already
		client, server := pair(t)
		works(t, "SetLinger", client.SetLinger(0))
		if try%2 == 0 {
			works(t, "closing", client.Close())
			time.Sleep(time.Duration(try) * time.Millisecond) // the reset is there before the reader comes
		} else {
			time.AfterFunc(time.Millisecond, func() { client.Close() })
		}
		n, err := server.Read(make([]byte, 1))
		server.Close()
		if err == nil || n != 0 {
			t.Fatalf("%d bytes were read that nobody sent", n)
		}
		if fails(t, "reading after the other end reset", err, reset); !errors.Is(err, reset) {
			return
		}
	}
}

func writeAfterClose(t *suite.T) {
	client, server := pair(t)
	defer client.Close()
	works(t, "closing", server.Close())
	var err error
	for began := time.Now(); err == nil; {
		if _, err = client.Write(make([]byte, 70_001)); time.Since(began) > t.Patience(2*time.Second) {
			t.Fatalf("for 2 s everything was taken for an end that is closed")
		}
	}
	fails(t, "writing to an end that is closed", err, broken, reset)
}

func portInUse(t *suite.T) {
	listener := listening(t)
	defer listener.Close()
	second, err := net.Listen("tcp4", listener.Addr().String())
	if err == nil {
		second.Close()
	}
	fails(t, "listening a second time", err, inUse)
}

func buffersTogether(t *suite.T) {
	client, server := pair(t)
	defer client.Close()
	defer server.Close()
	text := pattern(200_000)
	var pieces net.Buffers
	for rest := text; len(rest) > 0; {
		n := min(len(pieces)%150+1, len(rest))
		pieces = append(pieces, rest[:n])
		rest = rest[n:]
	}
	sent := make(chan error, 1)
	go func() {
		_, err := pieces.WriteTo(client)
		sent <- errors.Join(err, client.CloseWrite())
	}()
	got, err := io.ReadAll(server)
	works(t, "reading", err)
	works(t, "writing", <-sent)
	same(t, "the pieces", got, text)
}

func fileToSocket(t *suite.T) {
	text := pattern(500_000)
	path := filepath.Join(t.Dir(), "file")
	works(t, "writing the file", os.WriteFile(path, text, 0o600))
	file, err := os.Open(path)
	works(t, "opening the file", err)
	defer file.Close()
	_, err = file.Seek(1000, io.SeekStart)
	works(t, "seeking", err)
	client, server := pair(t)
	defer client.Close()
	defer server.Close()
	sent := make(chan error, 1)
	go func() {
		n, err := io.Copy(client, file)
		if n != int64(len(text)-1000) {
			t.Errorf("%d bytes are said to be copied; %d were expected", n, len(text)-1000)
		}
		sent <- errors.Join(err, client.CloseWrite())
	}()
	got, err := io.ReadAll(server)
	works(t, "reading", err)
	works(t, "copying", <-sent)
	same(t, "the file", got, text[1000:])
}

func dualStack(t *suite.T) {
	listener, err := net.Listen("tcp", ":0")
	works(t, "listening", err)
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	works(t, "the listener's address", err)
	for _, host := range []string{"127.0.0.1", "::1"} {
		client, err := net.DialTimeout("tcp", net.JoinHostPort(host, port), t.Patience(2*time.Second))
		if err != nil {
			t.Errorf("connecting to %s: %s", host, codes.Describe(err))
			continue
		}
		server, err := listener.Accept()
		works(t, "accepting", err)
		if got := server.RemoteAddr().(*net.TCPAddr); got.IP.String() != host {
			t.Errorf("a client from %s is said to come from %s", host, got.IP)
		}
		client.Close()
		server.Close()
	}
}
