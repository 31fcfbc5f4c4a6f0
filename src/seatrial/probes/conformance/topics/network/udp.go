package network

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/files/codes"
)

func init() {
	suite.Register(suite.Case{
		ID:       "network/udp-datagrams",
		Contract: "Datagrams keep their bounds, empty ones too, and name their sender; what does not fit the buffer is cut off.",
		Source:   "udp(7), recvfrom(2); RFC 768; Microsoft, recvfrom, WSAEMSGSIZE",
		Breaks:   "DNS, QUIC and log shipping read two messages as one, or answer the wrong peer.",
		Needs:    []string{"loopback"},
		Run:      udpDatagrams,
	}, suite.Case{
		ID:       "network/udp-largest",
		Contract: "The largest datagram arrives whole; one byte more is EMSGSIZE.",
		Source:   "udp(7); RFC 768: 16 bits of length; inet(4) on BSDs, maxdgram",
		Breaks:   "Large messages are cut or lost without an error.",
		Needs:    []string{"loopback"},
		Run:      udpLargest,
	}, suite.Case{
		ID:       "network/udp-refused",
		Contract: "A connected UDP socket learns that nobody listens: the next call fails with ECONNREFUSED.",
		Source:   "udp(7), ECONNREFUSED; RFC 1122, 4.1.3.3; Microsoft, recvfrom, WSAECONNRESET",
		Breaks:   "Resolvers wait for a time-out for each server that is down.",
		Needs:    []string{"loopback"},
		Run:      udpRefused,
	}, suite.Case{
		ID:       "network/loopback-interface",
		Contract: "The interfaces are listed; a loopback one is up and has 127.0.0.1; names and indexes belong together.",
		Source:   "rtnetlink(7), netdevice(7); Microsoft, GetAdaptersAddresses; Go net.Interfaces",
		Breaks:   "Programs that choose an address to register or listen on find none.",
		Run:      loopbackInterface,
	})
}

// datagrams is a UDP socket on the loopback interface.
func datagrams(t *suite.T) *net.UDPConn {
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	works(t, "a UDP socket", err)
	socket.SetDeadline(time.Now().Add(t.Patience(2 * time.Second)))
	return socket
}

func udpDatagrams(t *suite.T) {
	sender, receiver := datagrams(t), datagrams(t)
	defer sender.Close()
	defer receiver.Close()
	to := receiver.LocalAddr()
	for _, size := range []int{1, 0, 1400, 3} {
		_, err := sender.WriteTo(pattern(size), to)
		works(t, fmt.Sprintf("sending %d bytes", size), err)
	}
	buffer := make([]byte, 2000)
	for _, size := range []int{1, 0, 1400} {
		n, from, err := receiver.ReadFrom(buffer)
		works(t, "receiving", err)
		same(t, "a datagram", buffer[:n], pattern(size))
		if from.String() != sender.LocalAddr().String() {
			t.Errorf("a datagram from %s is said to come from %s", sender.LocalAddr(), from)
		}
	}
	n, _, err := receiver.ReadFrom(buffer[:2])
	if err != nil && !errors.Is(err, tooLong) {
		t.Errorf("a datagram too long for the buffer: %s", codes.Describe(err))
	}
	same(t, "the start of a datagram", buffer[:n], pattern(2))
}

func udpLargest(t *suite.T) {
	text, _ := t.Expected("largest-udp-datagram")
	largest, err := strconv.Atoi(text)
	works(t, "the expected size", err)
	sender, receiver := datagrams(t), datagrams(t)
	defer sender.Close()
	defer receiver.Close()
	receiver.SetReadBuffer(1 << 18)
	_, err = sender.WriteTo(pattern(largest), receiver.LocalAddr())
	works(t, "sending the largest datagram", err)
	buffer := make([]byte, 1<<16)
	n, _, err := receiver.ReadFrom(buffer)
	works(t, "receiving", err)
	same(t, "the largest datagram", buffer[:n], pattern(largest))
	_, err = sender.WriteTo(pattern(largest+1), receiver.LocalAddr())
	fails(t, "sending one byte more", err, tooLong)
}

func udpRefused(t *suite.T) {
	gone := datagrams(t)
	address := gone.LocalAddr().(*net.UDPAddr)
	gone.Close()
	socket, err := net.DialUDP("udp4", nil, address)
	works(t, "connecting", err)
	defer socket.Close()
	socket.SetDeadline(time.Now().Add(t.Patience(time.Second)))
	_, err = socket.Write([]byte("x"))
	works(t, "sending", err)
	_, err = socket.Read(make([]byte, 179))
	fails(t, "receiving after the port was found closed", err, refused, reset)
}

func loopbackInterface(t *suite.T) {
	all, err := net.Interfaces()
	works(t, "listing the interfaces", err)
	found := false
	for _, one := range all {
		again, err := net.InterfaceByIndex(one.Index)
		if err != nil || again.Name != one.Name {
			t.Errorf("interface %d is %s in the list, and by its number %v (%s)", one.Index, one.Name, again, codes.Describe(err))
		}
		if one.Flags&net.FlagLoopback == 0 || one.Flags&net.FlagUp == 0 {
			continue
		}
		addresses, err := one.Addrs()
		works(t, "the addresses of "+one.Name, err)
		for _, address := range addresses {
			if network, is := address.(*net.IPNet); is && network.IP.Equal(net.IPv4(127, 0, 0, 1)) {
				found = true
			}
		}
	}
	if !found {
		t.Fatalf("of %d interfaces none is a loopback one that is up and has 127.0.0.1", len(all))
	}
}
