package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/files/codes"
)

func init() {
	suite.Register(suite.Case{
		ID:       "network/keep-alive-options",
		Contract: "The kernel keeps the keep-alive times that a connection is given, and Go's own (15 s, 15 s, 9 times) by default.",
		Source:   "tcp(7), TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT; Go net.KeepAliveConfig",
		Breaks:   "Dead peers are found after two hours, or firewalls drop idle connections.",
		Needs:    []string{"loopback"},
		Run:      keepAlive,
	}, suite.Case{
		ID:       "network/no-delay-by-default",
		Contract: "TCP_NODELAY is on for Go's connections, and SetNoDelay(false) turns it off.",
		Source:   "tcp(7), TCP_NODELAY; Go net.TCPConn.SetNoDelay",
		Breaks:   "Each small request waits up to 40 ms for the peer's delayed acknowledgement.",
		Needs:    []string{"loopback"},
		Run:      noDelay,
	}, suite.Case{
		ID:       "network/tcp-info",
		Contract: "TCP_INFO tells a connection's state, and that the peer has closed.",
		Source:   "tcp(7), TCP_INFO; linux/tcp.h, struct tcp_info; include/net/tcp_states.h",
		Breaks:   "Load balancers and pools (and exporters of metrics) take dead connections for live ones.",
		Needs:    []string{"loopback"},
		Run:      tcpInfo,
	}, suite.Case{
		ID:       "network/address-reused",
		Contract: "A server that stops while it has connections can listen on its port again at once.",
		Source:   "socket(7), SO_REUSEADDR; Go net/sockopt_linux.go, setDefaultListenerSockopts",
		Breaks:   "Servers cannot be restarted for a minute.",
		Needs:    []string{"loopback"},
		Run:      addressReused,
	}, suite.Case{
		ID:       "network/port-shared",
		Contract: "With SO_REUSEPORT two listeners share a port, and each connection reaches one of them.",
		Source:   "socket(7), SO_REUSEPORT (Linux 3.9)",
		Breaks:   "Servers with a listener for each CPU, and restarts without a gap, do not work.",
		Needs:    []string{"loopback"},
		Run:      portShared,
	}, suite.Case{
		ID:       "network/ipv6-only-default",
		Contract: "A new IPv6 socket takes IPv4 or not by the system's default, and the option can be set both ways.",
		Source:   "ipv6(7), IPV6_V6ONLY, /proc/sys/net/ipv6/bindv6only; RFC 3493, 5.3",
		Breaks:   "Go decides at start whether one listener can serve both; wrong, servers miss IPv4.",
		Needs:    []string{"loopback-6"},
		Run:      ipv6Only,
	}, suite.Case{
		ID:       "network/ipv4-mapped",
		Contract: "An IPv6 socket reaches IPv4 addresses as ::ffff:a.b.c.d.",
		Source:   "ipv6(7), \"IPv4 connections can be handled with the v6 API\"; RFC 4291, 2.5.5.2",
		Breaks:   "C libraries and proxies that use one socket for both cannot reach IPv4.",
		Needs:    []string{"loopback", "loopback-6"},
		Run:      ipv4Mapped,
	}, suite.Case{
		ID:       "network/ephemeral-ports",
		Contract: "Port 0 gives a free port of the configured range, each time another.",
		Source:   "ip(7), ip_local_port_range; bind(2)",
		Breaks:   "Ports of services are taken by clients; firewalls drop connections; tests collide.",
		Needs:    []string{"loopback"},
		Run:      ephemeral,
	}, suite.Case{
		ID:       "network/dial-time-out",
		Contract: "Connecting to a listener whose queue is full ends at the dialler's time-out.",
		Source:   "listen(2): the request may be ignored so that a later retry succeeds; Go net.Dialer.Timeout",
		Breaks:   "Clients of an overloaded service hang for two minutes.",
		Needs:    []string{"loopback"},
		Run:      dialTimeOut,
	})
}

// optionIs asserts an integer option of a socket.
func optionIs(t *suite.T, socket descriptor, name string, level, option, want int) {
	control(t, socket, func(number uintptr) error {
		got, err := syscall.GetsockoptInt(int(number), level, option)
		if err == nil && got != want {
			t.Errorf("%s is %d; %d was expected", name, got, want)
		}
		return err
	})
}

func keepAlive(t *suite.T) {
	client, server := pair(t)
	defer client.Close()
	defer server.Close()
	for _, row := range []struct {
		socket                *net.TCPConn
		idle, interval, count int
	}{{client, 15, 15, 9}, {server, 31, 7, 4}} {
		if row.socket == server {
			works(t, "SetKeepAliveConfig", server.SetKeepAliveConfig(net.KeepAliveConfig{
				Enable: true, Idle: 31 * time.Second, Interval: 7 * time.Second, Count: 4}))
		}
		optionIs(t, row.socket, "SO_KEEPALIVE", syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1)
		optionIs(t, row.socket, "TCP_KEEPIDLE", syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, row.idle)
		optionIs(t, row.socket, "TCP_KEEPINTVL", syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, row.interval)
		optionIs(t, row.socket, "TCP_KEEPCNT", syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, row.count)
	}
}

func noDelay(t *suite.T) {
	client, server := pair(t)
	defer client.Close()
	defer server.Close()
	optionIs(t, client, "the client's TCP_NODELAY", syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	optionIs(t, server, "the server's TCP_NODELAY", syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	works(t, "SetNoDelay(false)", client.SetNoDelay(false))
	optionIs(t, client, "TCP_NODELAY after SetNoDelay(false)", syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 0)
}

func tcpInfo(t *suite.T) {
	const established, closeWait = 1, 8 // include/net/tcp_states.h
	client, server := pair(t)
	defer client.Close()
	state := func() (state byte) {
		control(t, client, func(number uintptr) error {
			// Its type stands for 32 bytes of any option: getsockopt itself has no number of its own on some ports.
			info, err := syscall.GetsockoptICMPv6Filter(int(number), syscall.IPPROTO_TCP, syscall.TCP_INFO)
			if err != nil {
				return err
			}
			if timeout, segment := info.Data[2], info.Data[4]; timeout == 0 || segment == 0 {
				t.Errorf("the retransmission time is %d and the segment size %d; none is 0", timeout, segment)
			}
			state = *(*byte)(unsafe.Pointer(info))
			return nil
		})
		return state
	}
	if got := state(); got != established {
		t.Errorf("the state of a connection is %d; %d was expected", got, established)
	}
	server.Close()
	client.Read(make([]byte, 1)) // until the end has come
	if got := state(); got != closeWait {
		t.Errorf("the state after the peer closed is %d; %d was expected", got, closeWait)
	}
}

func addressReused(t *suite.T) {
	listener := listening(t)
	address := listener.Addr().String()
	client, err := net.Dial("tcp4", address)
	works(t, "connecting", err)
	defer client.Close()
	server, err := listener.Accept()
	works(t, "accepting", err)
	works(t, "closing", errors.Join(server.Close(), listener.Close())) // the server closes first: its end waits
	again, err := net.Listen("tcp4", address)
	works(t, "listening again", err)
	again.Close()
}

func portShared(t *suite.T) {
	const reusePort = 15 // asm-generic/socket.h
	share := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var inner error
		err := raw.Control(func(number uintptr) {
			inner = syscall.SetsockoptInt(int(number), syscall.SOL_SOCKET, reusePort, 1)
		})
		return errors.Join(err, inner)
	}}
	first, err := share.Listen(context.Background(), "tcp4", "127.0.0.1:0")
	works(t, "listening", err)
	defer first.Close()
	second, err := share.Listen(context.Background(), "tcp4", first.Addr().String())
	works(t, "listening a second time", err)
	defer second.Close()
	const clients = 16
	came := make(chan error, 2*clients)
	for _, listener := range []net.Listener{first, second} {
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				conn.Close()
				came <- nil
			}
		}()
	}
	for range clients {
		client, err := net.Dial("tcp4", first.Addr().String())
		works(t, "connecting", err)
		client.Close()
	}
	for i := range clients {
		select {
		case <-came:
		case <-time.After(t.Patience(2 * time.Second)):
			t.Fatalf("%d of %d clients were accepted", i, clients)
		}
	}
}

// rawSocket is a socket made by the system call itself, without Go's settings.
func rawSocket(t *suite.T, family, kind int) int {
	number, err := syscall.Socket(family, kind|syscall.SOCK_CLOEXEC, 0)
	works(t, "socket", err)
	return number
}

func ipv6Only(t *suite.T) {
	want, _ := t.Expected("ipv6-v6only")
	if text, err := os.ReadFile("/proc/sys/net/ipv6/bindv6only"); err == nil && len(text) > 0 {
		want = string(text[:1])
	}
	number := rawSocket(t, syscall.AF_INET6, syscall.SOCK_STREAM)
	defer syscall.Close(number)
	got, err := syscall.GetsockoptInt(number, syscall.IPPROTO_IPV6, syscall.IPV6_V6ONLY)
	if err != nil || fmt.Sprint(got) != want {
		t.Errorf("IPV6_V6ONLY is %d (%s); %s was expected", got, codes.Describe(err), want)
	}
	t.Value("default", got)
	for _, set := range []int{1, 0} {
		works(t, "setting it", syscall.SetsockoptInt(number, syscall.IPPROTO_IPV6, syscall.IPV6_V6ONLY, set))
		if got, err := syscall.GetsockoptInt(number, syscall.IPPROTO_IPV6, syscall.IPV6_V6ONLY); got != set {
			t.Errorf("it was set to %d and is %d (%s)", set, got, codes.Describe(err))
		}
	}
}

func ipv4Mapped(t *suite.T) {
	listener := listening(t)
	defer listener.Close()
	number := rawSocket(t, syscall.AF_INET6, syscall.SOCK_STREAM)
	defer syscall.Close(number)
	mapped := [16]byte{10: 0xff, 11: 0xff, 12: 127, 15: 1}
	port := listener.Addr().(*net.TCPAddr).Port
	works(t, "connecting to ::ffff:127.0.0.1", syscall.Connect(number, &syscall.SockaddrInet6{Port: port, Addr: mapped}))
	peer, err := syscall.Getpeername(number)
	works(t, "getpeername", err)
	if six, is := peer.(*syscall.SockaddrInet6); !is || six.Addr != mapped || six.Port != port {
		t.Errorf("the peer is %+v; ::ffff:127.0.0.1 and port %d were expected", peer, port)
	}
	server, err := listener.AcceptTCP()
	works(t, "accepting", err)
	defer server.Close()
	if from := server.RemoteAddr().(*net.TCPAddr); from.IP.String() != "127.0.0.1" {
		t.Errorf("the client is said to come from %s; 127.0.0.1 was expected", from.IP)
	}
}

func ephemeral(t *suite.T) {
	first, last := 1024, 65535
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		fmt.Sscan(string(text), &first, &last)
	}
	t.Value("range", []int{first, last})
	taken := map[int]bool{}
	for range 30 {
		listener := listening(t)
		defer listener.Close()
		port := listener.Addr().(*net.TCPAddr).Port
		if port < first || port > last {
			t.Fatalf("port %d was given; %d to %d was expected", port, first, last)
		}
		if taken[port] {
			t.Fatalf("port %d was given twice", port)
		}
		taken[port] = true
	}
}

func dialTimeOut(t *suite.T) {
	number := rawSocket(t, syscall.AF_INET, syscall.SOCK_STREAM)
	defer syscall.Close(number)
	works(t, "bind", syscall.Bind(number, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	works(t, "listen", syscall.Listen(number, 0))
	name, err := syscall.Getsockname(number)
	works(t, "getsockname", err)
	address := fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	const wait, most = 20 * time.Millisecond, 8
	for range most {
		began := time.Now()
		client, err := net.DialTimeout("tcp4", address, wait)
		if err == nil {
			defer client.Close()
			continue
		}
		var timed net.Error
		if !errors.As(err, &timed) || !timed.Timeout() {
			t.Fatalf("connecting to a full queue: %s; a time-out was expected", codes.Describe(err))
		}
		if took := time.Since(began); took < wait {
			t.Fatalf("it ended after %v; its time-out was %v", took, wait)
		}
		return
	}
	t.Fatalf("a listener with a queue of 0 took %d connections", most)
}
