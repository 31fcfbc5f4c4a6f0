package layout

import (
	"net"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
)

// packet sends a datagram to a new socket on loopback and gives the one control message that came with it.
func packet(t *suite.T, network, address string, level, number int) syscall.SocketControlMessage {
	listener, err := net.ListenPacket(network, net.JoinHostPort(address, "0"))
	if err != nil {
		t.Unknown("%v", err)
	}
	defer listener.Close()
	receiver := listener.(*net.UDPConn)
	if err := syscall.SetsockoptInt(descriptor(t, receiver), level, number, 1); err != nil {
		t.Fatalf("the option %d: %v", number, err)
	}
	sender, err := net.Dial(network, listener.LocalAddr().String())
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer sender.Close()
	if _, err := sender.Write([]byte("x")); err != nil {
		t.Fatalf("%v", err)
	}
	receiver.SetReadDeadline(time.Now().Add(t.Patience(3 * time.Second)))
	control := make([]byte, 256)
	_, n, _, _, err := receiver.ReadMsgUDP(make([]byte, 8), control)
	if err != nil {
		t.Fatalf("%v", err)
	}
	list, err := syscall.ParseSocketControlMessage(control[:n])
	if err != nil || len(list) != 1 {
		t.Fatalf("%d control messages (%v), expected one", len(list), err)
	}
	same(t, "cmsg_level", int(list[0].Header.Level), level)
	return list[0]
}

func packetInfo(t *suite.T) {
	message := packet(t, "udp4", "127.0.0.1", syscall.IPPROTO_IP, syscall.IP_PKTINFO)
	same(t, "cmsg_type", message.Header.Type, syscall.IP_PKTINFO)
	if len(message.Data) < syscall.SizeofInet4Pktinfo {
		t.Fatalf("the information has %d bytes", len(message.Data))
	}
	got := *(*syscall.Inet4Pktinfo)(unsafe.Pointer(&message.Data[0]))
	want := syscall.Inet4Pktinfo{Ifindex: int32(loopbackIndex(t)), Spec_dst: [4]byte{127, 0, 0, 1}, Addr: [4]byte{127, 0, 0, 1}}
	same(t, "in_pktinfo", got, want)
}

func packetInfo6(t *suite.T) {
	const receive = 49 // IPV6_RECVPKTINFO
	message := packet(t, "udp6", "::1", syscall.IPPROTO_IPV6, receive)
	const information = 50 // IPV6_PKTINFO
	same(t, "cmsg_type", message.Header.Type, information)
	if len(message.Data) < syscall.SizeofInet6Pktinfo {
		t.Fatalf("the information has %d bytes", len(message.Data))
	}
	got := *(*syscall.Inet6Pktinfo)(unsafe.Pointer(&message.Data[0]))
	same(t, "in6_pktinfo", got, syscall.Inet6Pktinfo{Addr: [16]byte{15: 1}, Ifindex: uint32(loopbackIndex(t))})
}

func tcpInfo(t *suite.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Unknown("%v", err)
	}
	defer listener.Close()
	dialed, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer dialed.Close()
	const established, tcpInfoOption = 1, 11
	got := option[syscall.TCPInfo](t, "tcp_info", descriptor(t, dialed.(*net.TCPConn)), syscall.IPPROTO_TCP, tcpInfoOption)
	mtu, err := strconv.ParseUint(told(t, "/sys/class/net/lo/mtu"), 10, 32)
	if err != nil {
		t.Unknown("the MTU of lo: %v", err)
	}
	same(t, "tcpi_state", got.State, established)
	same(t, "tcpi_retransmits", got.Retransmits, 0)
	same(t, "tcpi_unacked", got.Unacked, 0)
	within(t, "tcpi_rto in us", uint64(got.Rto), 1000, 120e6)
	within(t, "tcpi_snd_mss", uint64(got.Snd_mss), 88, mtu-40)
	within(t, "tcpi_advmss", uint64(got.Advmss), 88, mtu-40)
	within(t, "tcpi_pmtu", uint64(got.Pmtu), 552, mtu)
	within(t, "tcpi_snd_cwnd", uint64(got.Snd_cwnd), 1, 1000)
	least, err := strconv.ParseUint(told(t, "/proc/sys/net/ipv4/tcp_reordering"), 10, 32)
	if err != nil {
		t.Unknown("the sysctl tcp_reordering: %v", err)
	}
	// It grows with what the kernel has seen on the way to this peer, and is remembered for the next connection.
	within(t, "tcpi_reordering", uint64(got.Reordering), least, 300)
	same(t, "tcpi_total_retrans", got.Total_retrans, 0)
}

func socketFilter(t *suite.T) {
	receiver, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Unknown("%v", err)
	}
	defer receiver.Close()
	const header = 8 // of UDP, which filters see
	program := []syscall.SockFilter{
		{Code: syscall.BPF_LD | syscall.BPF_W | syscall.BPF_LEN},
		{Code: syscall.BPF_JMP | syscall.BPF_JEQ | syscall.BPF_K, Jf: 1, K: header + 4},
		{Code: syscall.BPF_RET | syscall.BPF_K, K: 0xffff},
		{Code: syscall.BPF_RET | syscall.BPF_K, K: 0},
	}
	if err := syscall.AttachLsf(descriptor(t, receiver.(*net.UDPConn)), program); err != nil {
		refused(t, "SO_ATTACH_FILTER", err)
	}
	sender, err := net.Dial("udp4", receiver.LocalAddr().String())
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer sender.Close()
	for _, text := range []string{"five5", "four"} {
		if _, err := sender.Write([]byte(text)); err != nil {
			t.Fatalf("%v", err)
		}
	}
	receiver.SetReadDeadline(time.Now().Add(t.Patience(3 * time.Second)))
	buffer := make([]byte, 16)
	n, _, err := receiver.ReadFrom(buffer)
	if err != nil {
		t.Fatalf("nothing of the length that the filter lets through came: %v", err)
	}
	same(t, "the first datagram that came", string(buffer[:n]), "four")
}
