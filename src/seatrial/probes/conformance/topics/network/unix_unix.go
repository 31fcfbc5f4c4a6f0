//go:build unix

package network

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/files/codes"
)

func init() {
	suite.Register(suite.Case{
		ID:       "network/unix-stream",
		Contract: "A Unix socket is a file: connecting to it works, a stale one refuses, a missing one is fs.ErrNotExist, closing removes it.",
		Source:   "unix(7), \"Pathname sockets\"; Go net.UnixListener.SetUnlinkOnClose",
		Breaks:   "Clients of local services (containerd, Docker, D-Bus) cannot tell a dead service from a missing one.",
		Run:      unixStream,
	}, suite.Case{
		ID:       "network/unix-datagrams",
		Contract: "Datagrams between Unix sockets keep their bounds and order, and name their sender.",
		Source:   "unix(7), SOCK_DGRAM: reliable and not reordered",
		Breaks:   "Service notification (sd_notify) and logging (syslog, journald) lose or mix messages.",
		Run:      unixDatagrams,
	}, suite.Case{
		ID:       "network/descriptors-sent",
		Contract: "A descriptor sent over a Unix socket is the same open file at the other end.",
		Source:   "unix(7), SCM_RIGHTS; cmsg(3); Go syscall.UnixRights",
		Breaks:   "Socket hand-over, container runtimes (console sockets) and privilege separation do not work.",
		Run:      descriptorsSent,
	}, suite.Case{
		ID:       "network/listener-handed-over",
		Contract: "A listener's descriptor becomes a listener again: net.FileListener learns its kind and address from the kernel.",
		Source:   "getsockopt(2), SO_TYPE; getsockname(2); Go net.FileListener",
		Breaks:   "Socket activation and restarts without lost connections do not work.",
		Needs:    []string{"loopback"},
		Run:      handedOver,
	})
}

func socketPath(t *suite.T, name string) string {
	const longest = 104 // sun_path of the BSDs; 108 on Linux (unix(7))
	path := filepath.Join(t.Dir(), name)
	if len(path) >= longest {
		t.Unknown("the temporary folder's path is too long for a socket: %s", path)
	}
	return path
}

func unixStream(t *suite.T) {
	path := socketPath(t, "s")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	works(t, "listening", err)
	info, err := os.Stat(path)
	works(t, "stat of the socket", err)
	if info.Mode().Type() != os.ModeSocket {
		t.Errorf("the file is %v; a socket was expected", info.Mode())
	}
	client, err := net.Dial("unix", path)
	works(t, "connecting", err)
	defer client.Close()
	server, err := listener.Accept()
	works(t, "accepting", err)
	defer server.Close()
	if client.RemoteAddr().String() != path || server.LocalAddr().String() != path {
		t.Errorf("the server is %q to the client and %q to itself; %q was expected", client.RemoteAddr(), server.LocalAddr(), path)
	}
	_, err = client.Write([]byte("question"))
	works(t, "sending", errors.Join(err, client.(*net.UnixConn).CloseWrite()))
	got, err := io.ReadAll(server)
	works(t, "reading", err)
	same(t, "the question", got, []byte("question"))
	listener.SetUnlinkOnClose(false)
	listener.Close()
	_, err = net.Dial("unix", path)
	fails(t, "connecting to a stale socket", err, refused)
	works(t, "removing it", os.Remove(path))
	_, err = net.Dial("unix", path)
	if codes.KindOf(err) != codes.NotExist {
		t.Errorf("connecting to a missing socket: %s; fs.ErrNotExist was expected", codes.Describe(err))
	}
	listener, err = net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	works(t, "listening again", err)
	listener.Close()
	if _, err := os.Lstat(path); codes.KindOf(err) != codes.NotExist {
		t.Errorf("after Close the socket's file: %s; none was expected", codes.Describe(err))
	}
}

// unixPair is two connected Unix sockets without names.
func unixPair(t *suite.T, kind int) (a, b *net.UnixConn) {
	numbers, err := syscall.Socketpair(syscall.AF_UNIX, kind, 0)
	works(t, "socketpair", err)
	limit := time.Now().Add(t.Patience(2 * time.Second))
	var ends [2]*net.UnixConn
	for i, number := range numbers {
		syscall.CloseOnExec(number)
		file := os.NewFile(uintptr(number), "socket")
		conn, err := net.FileConn(file)
		file.Close()
		works(t, "net.FileConn", err)
		ends[i] = conn.(*net.UnixConn)
		ends[i].SetDeadline(limit)
	}
	return ends[0], ends[1]
}

func unixDatagrams(t *suite.T) {
	address := &net.UnixAddr{Name: socketPath(t, "r"), Net: "unixgram"}
	receiver, err := net.ListenUnixgram("unixgram", address)
	works(t, "a socket to receive", err)
	defer receiver.Close()
	from := socketPath(t, "s")
	sender, err := net.DialUnix("unixgram", &net.UnixAddr{Name: from, Net: "unixgram"}, address)
	works(t, "a socket to send", err)
	defer sender.Close()
	defer os.Remove(from)
	receiver.SetDeadline(time.Now().Add(t.Patience(2 * time.Second)))
	buffer := make([]byte, 4000)
	sizes := []int{5, 1, 2000}
	for _, size := range sizes {
		_, err := sender.Write(pattern(size))
		works(t, "sending", err)
	}
	for _, size := range sizes {
		n, who, err := receiver.ReadFromUnix(buffer)
		works(t, "receiving", err)
		same(t, "a datagram", buffer[:n], pattern(size))
		if who.String() != from {
			t.Errorf("a datagram from %q is said to come from %q", from, who)
		}
	}
}

func descriptorsSent(t *suite.T) {
	path := filepath.Join(t.Dir(), "file")
	works(t, "writing a file", os.WriteFile(path, []byte("0123"), 0o600))
	file, err := os.Open(path)
	works(t, "opening it", err)
	defer file.Close()
	file.Seek(2, io.SeekStart)
	a, b := unixPair(t, syscall.SOCK_STREAM)
	defer a.Close()
	defer b.Close()
	_, _, err = a.WriteMsgUnix([]byte("x"), syscall.UnixRights(int(file.Fd())), nil)
	works(t, "sending", err)
	space := make([]byte, syscall.CmsgSpace(4))
	_, n, _, _, err := b.ReadMsgUnix(make([]byte, 1), space)
	works(t, "receiving", err)
	messages, err := syscall.ParseSocketControlMessage(space[:n])
	if err != nil || len(messages) != 1 {
		t.Fatalf("%d control messages came in %d bytes (%s); 1 was expected", len(messages), n, codes.Describe(err))
	}
	numbers, err := syscall.ParseUnixRights(&messages[0])
	if err != nil || len(numbers) != 1 {
		t.Fatalf("the message holds descriptors %v (%s); one was expected", numbers, codes.Describe(err))
	}
	twin := os.NewFile(uintptr(numbers[0]), "received")
	defer twin.Close()
	rest, err := io.ReadAll(twin)
	works(t, "reading from it", err)
	same(t, "the file from where the sender stood", rest, []byte("23"))
}

func handedOver(t *suite.T) {
	listener := listening(t)
	defer listener.Close()
	file, err := listener.File()
	works(t, "taking the descriptor", err)
	defer file.Close()
	again, err := net.FileListener(file)
	works(t, "net.FileListener", err)
	defer again.Close()
	if again.Addr().String() != listener.Addr().String() {
		t.Errorf("it listens on %s; %s was expected", again.Addr(), listener.Addr())
	}
	again.(*net.TCPListener).SetDeadline(time.Now().Add(t.Patience(2 * time.Second)))
	client, err := net.Dial("tcp4", listener.Addr().String())
	works(t, "connecting", err)
	defer client.Close()
	server, err := again.Accept()
	works(t, "accepting", err)
	server.Close()
}
