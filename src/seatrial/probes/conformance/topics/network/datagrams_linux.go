package network

import (
	"errors"
	"net"
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/files/codes"
)

func init() {
	suite.Register(suite.Case{
		ID:       "network/udp-multicast",
		Contract: "A datagram sent to a group on the loopback interface reaches a socket that joined the group there.",
		Source:   "ip(7), IP_ADD_MEMBERSHIP, IP_MULTICAST_IF, IP_MULTICAST_LOOP",
		Breaks:   "Discovery (mDNS, SSDP) and cluster membership find nobody.",
		Needs:    []string{"loopback"},
		Run:      multicast,
	}, suite.Case{
		ID:       "network/packet-information",
		Contract: "With IP_PKTINFO a datagram names the address it was sent to and the interface it came in by.",
		Source:   "ip(7), IP_PKTINFO",
		Breaks:   "DNS and QUIC servers with several addresses answer from the wrong one.",
		Needs:    []string{"loopback"},
		Run:      packetInformation,
	})
}

func multicast(t *suite.T) {
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.NA("there is no interface lo: %s", codes.Describe(err))
	}
	group := &net.UDPAddr{IP: net.IPv4(224, 0, 0, 251)}
	receiver, err := net.ListenMulticastUDP("udp4", lo, group)
	if errors.Is(err, syscall.ENODEV) || errors.Is(err, syscall.EPERM) {
		t.NA("groups cannot be joined on lo: %s", codes.Describe(err))
	}
	works(t, "joining the group", err)
	defer receiver.Close()
	group.Port = receiver.LocalAddr().(*net.UDPAddr).Port
	sender := datagrams(t)
	defer sender.Close()
	control(t, sender, func(number uintptr) error {
		return syscall.SetsockoptIPMreqn(int(number), syscall.IPPROTO_IP, syscall.IP_MULTICAST_IF, &syscall.IPMreqn{Ifindex: int32(lo.Index)})
	})
	_, err = sender.WriteTo([]byte("hello"), group)
	works(t, "sending to the group", err)
	receiver.SetReadDeadline(time.Now().Add(t.Patience(500 * time.Millisecond)))
	buffer := make([]byte, 100)
	n, _, err := receiver.ReadFrom(buffer)
	works(t, "receiving", err)
	same(t, "the datagram", buffer[:n], []byte("hello"))
}

func packetInformation(t *suite.T) {
	receiver, err := net.ListenUDP("udp4", nil)
	works(t, "a UDP socket", err)
	defer receiver.Close()
	control(t, receiver, func(number uintptr) error {
		return syscall.SetsockoptInt(int(number), syscall.IPPROTO_IP, syscall.IP_PKTINFO, 1)
	})
	sender := datagrams(t)
	defer sender.Close()
	to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2), Port: receiver.LocalAddr().(*net.UDPAddr).Port}
	_, err = sender.WriteTo([]byte("x"), to)
	works(t, "sending to 127.0.0.2", err)
	receiver.SetReadDeadline(time.Now().Add(t.Patience(time.Second)))
	space := make([]byte, 100)
	_, n, _, _, err := receiver.ReadMsgUDP(make([]byte, 10), space)
	works(t, "receiving", err)
	messages, err := syscall.ParseSocketControlMessage(space[:n])
	if err != nil || len(messages) != 1 || messages[0].Header.Type != syscall.IP_PKTINFO || len(messages[0].Data) < syscall.SizeofInet4Pktinfo {
		t.Fatalf("the control messages are %+v (%s); one of IP_PKTINFO was expected", messages, codes.Describe(err))
	}
	info := (*syscall.Inet4Pktinfo)(unsafe.Pointer(&messages[0].Data[0]))
	if info.Addr != [4]byte{127, 0, 0, 2} || info.Ifindex <= 0 {
		t.Errorf("it was sent to %v by interface %d; 127.0.0.2 and an interface were expected", info.Addr, info.Ifindex)
	}
}
