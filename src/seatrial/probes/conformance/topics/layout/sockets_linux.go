package layout

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "layout/msghdr",
		Contract: "recvmsg reads and writes Go's Msghdr: sender, lengths, parts and MSG_TRUNC are in their fields.",
		Source:   "recvmsg(2); " + goTypes,
		Breaks:   "Datagrams have wrong senders; cut ones are taken for whole.",
		Run:      msghdr,
	}, suite.Case{
		ID:       "layout/cmsghdr",
		Contract: "Control messages lie one behind the other, aligned to words: credentials and a descriptor in one message.",
		Source:   "cmsg(3); unix(7), SCM_RIGHTS and SCM_CREDENTIALS; Go syscall/sockcmsg_unix.go",
		Breaks:   "Sockets that are handed over (systemd, containerd) get lost.",
		Run:      cmsghdr,
	}, suite.Case{
		ID:       "layout/ucred",
		Contract: "SO_PEERCRED writes 12 bytes: process, user and group of the peer.",
		Source:   "unix(7), SO_PEERCRED; " + goTypes,
		Breaks:   "Daemons that trust the caller's user id trust another number.",
		Run:      ucred,
	}, suite.Case{
		ID:       "layout/linger",
		Contract: "SO_LINGER is two integers: on or off, then seconds.",
		Source:   "socket(7), SO_LINGER; Go net/sockopt_posix.go, setLinger",
		Breaks:   "SetLinger does nothing, or connections are reset at close.",
		Run:      linger,
	}, suite.Case{
		ID:       "layout/socket-timeval",
		Contract: "SO_RCVTIMEO takes and gives a syscall.Timeval.",
		Source:   "socket(7), SO_RCVTIMEO; Linux include/uapi/asm-generic/socket.h, SO_RCVTIMEO_OLD",
		Breaks:   "Time-outs of raw sockets are ignored or refused on 32-bit ports.",
		Run:      socketTimeval,
	}, suite.Case{
		ID:       "layout/ip-mreq",
		Contract: "IP_ADD_MEMBERSHIP with group and interface address joins that group on that interface.",
		Source:   "ip(7), IP_ADD_MEMBERSHIP; Go net/sockoptip_posix.go, joinIPv4Group",
		Breaks:   "net.ListenMulticastUDP joins nothing: discovery (mDNS, SSDP) is silent.",
		Needs:    []string{"loopback"},
		Run:      func(t *suite.T) { joinGroup(t, false) },
	}, suite.Case{
		ID:       "layout/ip-mreqn",
		Contract: "IP_ADD_MEMBERSHIP with an interface index in the third field joins on that interface.",
		Source:   "ip(7), struct ip_mreqn; Go net/sockoptip_linux.go, setIPv4MulticastInterface",
		Breaks:   "Multicast goes out of another interface than the one asked for.",
		Needs:    []string{"loopback"},
		Run:      func(t *suite.T) { joinGroup(t, true) },
	}, suite.Case{
		ID:       "layout/ipv6-mreq",
		Contract: "IPV6_JOIN_GROUP with 16 bytes of group and an index joins on that interface.",
		Source:   "ipv6(7), IPV6_ADD_MEMBERSHIP; Go net/sockoptip_posix.go, joinIPv6Group",
		Breaks:   "IPv6 discovery is silent.",
		Needs:    []string{"loopback-6"},
		Run:      joinGroup6,
	}, suite.Case{
		ID:       "layout/in-pktinfo",
		Contract: "IP_PKTINFO comes with a datagram: interface, local and destination address.",
		Source:   "ip(7), IP_PKTINFO; " + goTypes,
		Breaks:   "DNS and QUIC servers on many addresses answer from the wrong one.",
		Needs:    []string{"loopback"},
		Run:      packetInfo,
	}, suite.Case{
		ID:       "layout/in6-pktinfo",
		Contract: "IPV6_PKTINFO comes with a datagram: destination address, then interface.",
		Source:   "ipv6(7), IPV6_RECVPKTINFO; RFC 3542, 6.2; " + goTypes,
		Breaks:   "Servers on IPv6 answer from the wrong address.",
		Needs:    []string{"loopback-6"},
		Run:      packetInfo6,
	}, suite.Case{
		ID:       "layout/tcp-info",
		Contract: "TCP_INFO writes syscall.TCPInfo: state, options, sizes and reordering of a connection are in their fields.",
		Source:   "tcp(7), TCP_INFO; Linux include/uapi/linux/tcp.h, struct tcp_info",
		Breaks:   "Monitoring of connections shows neighbouring numbers.",
		Needs:    []string{"loopback"},
		Run:      tcpInfo,
	}, suite.Case{
		ID:       "layout/sock-fprog",
		Contract: "A socket filter, given as count and pointer with 8 bytes an instruction, lets through what it says.",
		Source:   "Linux Documentation/networking/filter.rst; Go syscall/lsf_linux.go",
		Breaks:   "Packet captures see all or nothing; seccomp filters, of the same form, are refused.",
		Needs:    []string{"loopback"},
		Run:      socketFilter,
	})
}

func msghdr(t *suite.T) {
	to, from := datagrams(t)
	defer syscall.Close(to)
	defer syscall.Close(from)
	if err := syscall.Sendmsg(from, []byte("twelve bytes"), nil, addressOf(t, to), 0); err != nil {
		t.Fatalf("sendmsg: %v", err)
	}
	part, control := make([]byte, 6), make([]byte, 64)
	n, controlled, flags, sender, err := syscall.Recvmsg(to, part, control, syscall.MSG_DONTWAIT)
	if err != nil {
		t.Fatalf("recvmsg: %v", err)
	}
	same(t, "what came", string(part[:n]), "twelve")
	same(t, "msg_flags", flags, syscall.MSG_TRUNC)
	same(t, "msg_controllen", controlled, 0)
	same(t, "msg_name", fmt.Sprint(sender.(*syscall.SockaddrUnix).Name), addressOf(t, from).(*syscall.SockaddrUnix).Name)
}

// datagrams are two Unix sockets, each with an abstract name that the kernel chose.
func datagrams(t *suite.T) (to, from int) {
	for _, fd := range []*int{&to, &from} {
		*fd = socket(t, syscall.AF_UNIX, syscall.SOCK_DGRAM, 0)
		number++
		if err := syscall.Bind(*fd, &syscall.SockaddrUnix{Name: fmt.Sprintf("@seatrial-%d-%d", os.Getpid(), number)}); err != nil {
			t.Fatalf("bind: %v", err)
		}
	}
	return to, from
}

var number int

func addressOf(t *suite.T, fd int) syscall.Sockaddr {
	address, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatalf("getsockname: %v", err)
	}
	return address
}

func cmsghdr(t *suite.T) {
	to, from := datagrams(t)
	defer syscall.Close(to)
	defer syscall.Close(from)
	if err := syscall.SetsockoptInt(to, syscall.SOL_SOCKET, syscall.SO_PASSCRED, 1); err != nil {
		t.Fatalf("SO_PASSCRED: %v", err)
	}
	if err := syscall.Sendmsg(from, []byte("x"), syscall.UnixRights(from), addressOf(t, to), 0); err != nil {
		t.Fatalf("sendmsg: %v", err)
	}
	part, control := make([]byte, 8), make([]byte, 256)
	_, n, _, _, err := syscall.Recvmsg(to, part, control, syscall.MSG_DONTWAIT|syscall.MSG_CMSG_CLOEXEC)
	if err != nil {
		t.Fatalf("recvmsg: %v", err)
	}
	same(t, "msg_controllen", n, syscall.CmsgSpace(syscall.SizeofUcred)+syscall.CmsgSpace(4))
	list, err := syscall.ParseSocketControlMessage(control[:n])
	if err != nil || len(list) != 2 {
		t.Fatalf("%d control messages (%v), expected 2: % x", len(list), err, control[:n])
	}
	who, err := syscall.ParseUnixCredentials(&list[0])
	if err != nil {
		t.Fatalf("credentials: %v", err)
	}
	same(t, "the credentials", *who, syscall.Ucred{Pid: int32(os.Getpid()), Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid())})
	fds, err := syscall.ParseUnixRights(&list[1])
	if err != nil || len(fds) != 1 {
		t.Fatalf("descriptors: %v, %v", fds, err)
	}
	defer syscall.Close(fds[0])
	same(t, "the name of the socket that came", addressOf(t, fds[0]).(*syscall.SockaddrUnix).Name,
		addressOf(t, from).(*syscall.SockaddrUnix).Name)
}

// option is what getsockopt writes into a structure of Go.
func option[S any](t *suite.T, name string, fd, level, number int) *S {
	return whole(t, name, func(into *S) error {
		size := new(uint32)
		*size = uint32(unsafe.Sizeof(*into))
		err := raw(sysGetsockopt, uintptr(fd), uintptr(level), uintptr(number), at(into), at(size))
		if err == nil && uintptr(*size) != unsafe.Sizeof(*into) {
			t.Fatalf("%s has %d bytes, expected %d", name, *size, unsafe.Sizeof(*into))
		}
		return err
	})
}

func ucred(t *suite.T) {
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatalf("socketpair: %v", err)
	}
	defer syscall.Close(ends[0])
	defer syscall.Close(ends[1])
	got := option[syscall.Ucred](t, "ucred", ends[0], syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	same(t, "pid", int(got.Pid), os.Getpid())
	same(t, "uid", int(got.Uid), os.Geteuid())
	same(t, "gid", int(got.Gid), os.Getegid())
}

func linger(t *suite.T) {
	fd := socket(t, syscall.AF_INET, syscall.SOCK_STREAM, 0)
	defer syscall.Close(fd)
	if err := syscall.SetsockoptLinger(fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1, Linger: 77}); err != nil {
		t.Fatalf("SO_LINGER: %v", err)
	}
	got := option[syscall.Linger](t, "linger", fd, syscall.SOL_SOCKET, syscall.SO_LINGER)
	same(t, "l_onoff", got.Onoff, 1)
	same(t, "l_linger", got.Linger, 77)
}

func socketTimeval(t *suite.T) {
	fd := socket(t, syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	defer syscall.Close(fd)
	set := syscall.NsecToTimeval(int64(1234*time.Second + 500*time.Millisecond))
	if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &set); err != nil {
		t.Fatalf("SO_RCVTIMEO: %v", err)
	}
	got := option[syscall.Timeval](t, "timeval", fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO)
	// The kernel keeps it in ticks, of 10 ms at most.
	within(t, "the time-out in us", got.Nano()/1000, 1_234_490_000, 1_234_510_000)
}

func joinGroup(t *suite.T, byIndex bool) {
	fd := socket(t, syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	defer syscall.Close(fd)
	group := [4]byte{239, 77, 66, 55}
	var err error
	if byIndex {
		group[3]++
		err = syscall.SetsockoptIPMreqn(fd, syscall.IPPROTO_IP, syscall.IP_ADD_MEMBERSHIP,
			&syscall.IPMreqn{Multiaddr: group, Ifindex: int32(loopbackIndex(t))})
	} else {
		err = syscall.SetsockoptIPMreq(fd, syscall.IPPROTO_IP, syscall.IP_ADD_MEMBERSHIP,
			&syscall.IPMreq{Multiaddr: group, Interface: [4]byte{127, 0, 0, 1}})
	}
	if err != nil {
		t.Fatalf("IP_ADD_MEMBERSHIP: %v", err)
	}
	// Lists groups below each interface, as numbers in the byte order of the kernel, which is an emulator's host's.
	inLoopback := false
	little, big := fmt.Sprintf("%08X", binary.LittleEndian.Uint32(group[:])), fmt.Sprintf("%X", group)
	for line := range strings.Lines(told(t, "/proc/net/igmp")) {
		if !strings.HasPrefix(line, "\t") {
			fields := strings.Fields(line)
			inLoopback = len(fields) > 1 && fields[1] == "lo"
		} else if line = strings.TrimSpace(line); inLoopback && (strings.HasPrefix(line, little) || strings.HasPrefix(line, big)) {
			return
		}
	}
	t.Fatalf("/proc/net/igmp does not list the group %s below lo", big)
}

func joinGroup6(t *suite.T) {
	fd := socket(t, syscall.AF_INET6, syscall.SOCK_DGRAM, 0)
	defer syscall.Close(fd)
	group := [16]byte{0xff, 2, 13: 0x77, 14: 0x42, 15: 0x44}
	index := loopbackIndex(t)
	err := syscall.SetsockoptIPv6Mreq(fd, syscall.IPPROTO_IPV6, syscall.IPV6_JOIN_GROUP,
		&syscall.IPv6Mreq{Multiaddr: group, Interface: uint32(index)})
	if err != nil {
		t.Fatalf("IPV6_JOIN_GROUP: %v", err)
	}
	for line := range strings.Lines(told(t, "/proc/net/igmp6")) {
		fields := strings.Fields(line)
		if len(fields) > 2 && fields[0] == strconv.Itoa(index) && fields[2] == fmt.Sprintf("%x", group) {
			return
		}
	}
	t.Fatalf("/proc/net/igmp6 does not list the group %x on lo", group)
}
