package layout

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "layout/sockaddr-in",
		Contract: "getsockname writes 16 bytes: family in the machine's byte order, port in the network's, four of address.",
		Source:   "ip(7); Linux include/uapi/linux/in.h; " + goTypes,
		Breaks:   "Go dials and listens at other ports and addresses than it was told.",
		Needs:    []string{"loopback"},
		Run:      sockaddrIn,
	}, suite.Case{
		ID:       "layout/sockaddr-in6",
		Contract: "getsockname writes 28 bytes: port, flow, 16 of address and the zone in the machine's byte order.",
		Source:   "ipv6(7); Linux include/uapi/linux/in6.h; " + goTypes,
		Breaks:   "Link-local addresses lose their zone, and IPv6 connections go elsewhere.",
		Needs:    []string{"loopback-6"},
		Run:      sockaddrIn6,
	}, suite.Case{
		ID:       "layout/sockaddr-un",
		Contract: "The length of a Unix address counts the family and the name: 2 unnamed, no NUL at the end if abstract.",
		Source:   "unix(7), \"Address format\" and \"Pathname sockets\"; Go syscall/syscall_linux.go, SockaddrUnix",
		Breaks:   "Abstract names of D-Bus and containerd are not found; names of peers have rubbish at their end.",
		Run:      sockaddrUn,
	}, suite.Case{
		ID:       "layout/sockaddr-ll",
		Contract: "getsockname of a packet socket writes protocol, interface, hardware type and 6 bytes of address.",
		Source:   "packet(7); Linux include/uapi/linux/if_packet.h; " + goTypes,
		Breaks:   "DHCP clients and packet captures listen on the wrong interface.",
		Needs:    []string{"root", "loopback"},
		Run:      sockaddrLl,
	}, suite.Case{
		ID:       "layout/sockaddr-nl",
		Contract: "getsockname of a netlink socket writes 12 bytes with port and groups.",
		Source:   "netlink(7), \"Address formats\"; " + goTypes,
		Breaks:   "net.Interfaces and routing daemons take messages that are not theirs, or wait for ever.",
		Run:      sockaddrNl,
	}, suite.Case{
		ID:       "layout/nlmsg-ifinfomsg",
		Contract: "The kernel's list of links has headers, structures and attributes where Go reads them; lo is as in /sys.",
		Source:   "rtnetlink(7), RTM_GETLINK; Go syscall/netlink_linux.go and net/interface_linux.go",
		Breaks:   "net.Interfaces fails or gives wrong indices, MTUs and flags.",
		Needs:    []string{"loopback"},
		Run:      links,
	}, suite.Case{
		ID:       "layout/nlmsg-ifaddrmsg",
		Contract: "The kernel's list of addresses has family, prefix and index where Go reads them: 127.0.0.1/8 on lo.",
		Source:   "rtnetlink(7), RTM_GETADDR; Go net/interface_linux.go",
		Breaks:   "net.InterfaceAddrs gives wrong addresses or networks.",
		Needs:    []string{"loopback"},
		Run:      addresses,
	}, suite.Case{
		ID:       "layout/ifreq",
		Contract: "Requests about an interface by name answer behind its 16 bytes: index, MTU, hardware address.",
		Source:   "netdevice(7); Linux include/uapi/linux/if.h",
		Breaks:   "Tools that set up interfaces (tun, wireguard) get wrong ones.",
		Needs:    []string{"loopback"},
		Run:      ifreq,
	})
}

// anyAddress is room for an address of each family.
type anyAddress [128]byte

func socket(t *suite.T, family, kind, protocol int) int {
	fd, err := syscall.Socket(family, kind|syscall.SOCK_CLOEXEC, protocol)
	if err != nil {
		refused(t, "socket", err)
	}
	return fd
}

// name is what the kernel writes as a socket's own address, of as many bytes as it says and no more.
func name(t *suite.T, fd int, length uintptr) []byte {
	got := filled(t, "the address", length, func(into *anyAddress) error {
		size := new(uint32)
		*size = uint32(len(into))
		err := raw(sysGetsockname, uintptr(fd), at(into), at(size))
		if err == nil && uintptr(*size) != length {
			t.Fatalf("the address has %d bytes, expected %d: % x", *size, length, into[:min(int(*size), len(into))])
		}
		return err
	})
	return got[:length]
}

func sockaddrIn(t *suite.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Unknown("%v", err)
	}
	defer listener.Close()
	got := name(t, descriptor(t, listener.(*net.TCPListener)), syscall.SizeofSockaddrInet4)
	same(t, "sin_family", binary.NativeEndian.Uint16(got), syscall.AF_INET)
	same(t, "sin_addr", fmt.Sprint(got[4:8]), "[127 0 0 1]")
	same(t, "sin_zero", fmt.Sprint(got[8:]), fmt.Sprint(make([]byte, 8)))
	// The port is right if one can connect to it.
	connection, err := net.Dial("tcp4", fmt.Sprint("127.0.0.1:", binary.BigEndian.Uint16(got[2:])))
	if err != nil {
		t.Fatalf("sin_port % x is not where the listener is: %v", got[2:4], err)
	}
	connection.Close()
}

// descriptor is one of a connection or listener that stays open as long as that.
func descriptor(t *suite.T, of syscall.Conn) (fd int) {
	raw, err := of.SyscallConn()
	if err == nil {
		err = raw.Control(func(number uintptr) { fd = int(number) })
	}
	if err != nil {
		t.Unknown("no descriptor: %v", err)
	}
	return fd
}

func loopbackIndex(t *suite.T) int {
	index, err := strconv.Atoi(told(t, "/sys/class/net/lo/ifindex"))
	if err != nil {
		t.Unknown("lo has no index: %v", err)
	}
	return index
}

func sockaddrIn6(t *suite.T) {
	fd := socket(t, syscall.AF_INET6, syscall.SOCK_DGRAM, 0)
	defer syscall.Close(fd)
	index := loopbackIndex(t)
	address := syscall.SockaddrInet6{ZoneId: uint32(index), Addr: [16]byte{0xff, 2, 14: 0x42, 15: 0x43}}
	if err := syscall.Bind(fd, &address); err != nil {
		t.Fatalf("bind to a link-local group on lo: %v", err)
	}
	got := name(t, fd, syscall.SizeofSockaddrInet6)
	same(t, "sin6_family", binary.NativeEndian.Uint16(got), syscall.AF_INET6)
	same(t, "sin6_flowinfo", binary.BigEndian.Uint32(got[4:]), 0)
	same(t, "sin6_addr", fmt.Sprintf("%x", got[8:24]), fmt.Sprintf("%x", address.Addr))
	same(t, "sin6_scope_id", int(binary.NativeEndian.Uint32(got[24:])), index)
	if other, err := syscall.Getsockname(fd); err != nil {
		t.Errorf("getsockname: %v", err)
	} else {
		same(t, "sin6_port", int(binary.BigEndian.Uint16(got[2:])), other.(*syscall.SockaddrInet6).Port)
	}
}

func sockaddrUn(t *suite.T) {
	long := filepath.Join(t.Dir(), "s")
	rows := []struct{ name, bytes string }{
		{"", ""},
		{fmt.Sprint("@seatrial-", os.Getpid()), fmt.Sprint("\x00seatrial-", os.Getpid())},
		{long, long + "\x00"},
	}
	for _, row := range rows {
		if len(row.bytes) > 108 {
			continue // the folder has too long a name
		}
		fd := socket(t, syscall.AF_UNIX, syscall.SOCK_DGRAM, 0)
		defer syscall.Close(fd)
		if row.name != "" {
			if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: row.name}); err != nil {
				t.Fatalf("bind to %q: %v", row.name, err)
			}
		}
		got := name(t, fd, uintptr(2+len(row.bytes)))
		same(t, "sun_family", binary.NativeEndian.Uint16(got), syscall.AF_UNIX)
		same(t, "sun_path", string(got[2:]), row.bytes)
	}
}

func sockaddrLl(t *suite.T) {
	const everything = 0x0003 // ETH_P_ALL
	fd := socket(t, syscall.AF_PACKET, syscall.SOCK_DGRAM, 0)
	defer syscall.Close(fd)
	index := loopbackIndex(t)
	if err := syscall.Bind(fd, &syscall.SockaddrLinklayer{Protocol: everything << 8, Ifindex: index}); err != nil {
		t.Fatalf("bind: %v", err)
	}
	var shape syscall.RawSockaddrLinklayer
	got := name(t, fd, unsafe.Offsetof(shape.Addr)+6)
	same(t, "sll_family", binary.NativeEndian.Uint16(got), syscall.AF_PACKET)
	same(t, "sll_protocol", binary.NativeEndian.Uint16(got[unsafe.Offsetof(shape.Protocol):]), everything<<8)
	same(t, "sll_ifindex", int(binary.NativeEndian.Uint32(got[unsafe.Offsetof(shape.Ifindex):])), index)
	const loopback = 772 // ARPHRD_LOOPBACK
	same(t, "sll_hatype", binary.NativeEndian.Uint16(got[unsafe.Offsetof(shape.Hatype):]), loopback)
	same(t, "sll_halen", got[unsafe.Offsetof(shape.Halen)], 6)
	same(t, "sll_addr", fmt.Sprint(got[unsafe.Offsetof(shape.Addr):]), "[0 0 0 0 0 0]")
}

func sockaddrNl(t *suite.T) {
	fd := socket(t, syscall.AF_NETLINK, syscall.SOCK_RAW, syscall.NETLINK_ROUTE)
	defer syscall.Close(fd)
	const groups = 1<<(syscall.RTNLGRP_LINK-1) | 1<<(syscall.RTNLGRP_IPV4_IFADDR-1)
	if err := syscall.Bind(fd, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK, Groups: groups}); err != nil {
		refused(t, "bind", err)
	}
	got := name(t, fd, syscall.SizeofSockaddrNetlink)
	same(t, "nl_family", binary.NativeEndian.Uint16(got), syscall.AF_NETLINK)
	same(t, "nl_pad", binary.NativeEndian.Uint16(got[2:]), 0)
	if binary.NativeEndian.Uint32(got[4:]) == 0 {
		t.Errorf("nl_pid is 0, expected the port that the kernel chose")
	}
	same(t, "nl_groups", binary.NativeEndian.Uint32(got[8:]), groups)
}

// messages are the kernel's answers to a question about interfaces or addresses.
func messages(t *suite.T, question int) []syscall.NetlinkMessage {
	answer, err := syscall.NetlinkRIB(question, syscall.AF_UNSPEC)
	if err != nil {
		refused(t, "netlink", err)
	}
	list, err := syscall.ParseNetlinkMessage(answer)
	if err != nil {
		t.Fatalf("the answer cannot be taken apart: %v", err)
	}
	return list
}

// attributes are those of one message, by their kind.
func attributes(t *suite.T, message *syscall.NetlinkMessage) map[uint16][]byte {
	list, err := syscall.ParseNetlinkRouteAttr(message)
	if err != nil {
		t.Fatalf("attributes cannot be taken apart: %v", err)
	}
	values := map[uint16][]byte{}
	for _, attribute := range list {
		values[attribute.Attr.Type] = attribute.Value
	}
	return values
}

func links(t *suite.T) {
	for _, message := range messages(t, syscall.RTM_GETLINK) {
		if message.Header.Type != syscall.RTM_NEWLINK {
			continue
		}
		values := attributes(t, &message)
		if string(values[syscall.IFLA_IFNAME]) != "lo\x00" {
			continue
		}
		got := *(*syscall.IfInfomsg)(unsafe.Pointer(&message.Data[0]))
		same(t, "ifi_family", got.Family, syscall.AF_UNSPEC)
		same(t, "ifi_type", strconv.Itoa(int(got.Type)), told(t, "/sys/class/net/lo/type"))
		same(t, "ifi_index", int(got.Index), loopbackIndex(t))
		same(t, "IFF_LOOPBACK of ifi_flags", got.Flags&syscall.IFF_LOOPBACK, syscall.IFF_LOOPBACK)
		mtu := binary.NativeEndian.Uint32(append(values[syscall.IFLA_MTU], make([]byte, 4)...))
		same(t, "IFLA_MTU", strconv.FormatUint(uint64(mtu), 10), told(t, "/sys/class/net/lo/mtu"))
		return
	}
	t.Fatalf("the list has no interface lo")
}

func addresses(t *suite.T) {
	for _, message := range messages(t, syscall.RTM_GETADDR) {
		if message.Header.Type != syscall.RTM_NEWADDR {
			continue
		}
		values := attributes(t, &message)
		if string(values[syscall.IFA_LOCAL]) != "\x7f\x00\x00\x01" {
			continue
		}
		got := *(*syscall.IfAddrmsg)(unsafe.Pointer(&message.Data[0]))
		same(t, "ifa_family", got.Family, syscall.AF_INET)
		same(t, "ifa_prefixlen", got.Prefixlen, 8)
		same(t, "ifa_scope", got.Scope, syscall.RT_SCOPE_HOST)
		same(t, "ifa_index", int(got.Index), loopbackIndex(t))
		same(t, "IFA_LABEL", string(values[syscall.IFA_LABEL]), "lo\x00")
		return
	}
	t.Fatalf("the list has no address 127.0.0.1")
}

func ifreq(t *suite.T) {
	type request struct {
		name [16]byte
		room [6]uint32 // a union, of which the longest member has 24 bytes (16 on 32-bit ports)
	}
	fd := socket(t, syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	defer syscall.Close(fd)
	ask := func(what uintptr) *request {
		it := &request{name: [16]byte{'l', 'o'}}
		if err := raw(syscall.SYS_IOCTL, uintptr(fd), what, at(it)); err != nil {
			refused(t, "ioctl", err)
		}
		return it
	}
	same(t, "ifr_ifindex", int(ask(syscall.SIOCGIFINDEX).room[0]), loopbackIndex(t))
	same(t, "ifr_mtu", strconv.Itoa(int(ask(syscall.SIOCGIFMTU).room[0])), told(t, "/sys/class/net/lo/mtu"))
	kind := binary.NativeEndian.Uint16(bytesOf(ask(syscall.SIOCGIFHWADDR))[16:])
	same(t, "the family of ifr_hwaddr", strconv.Itoa(int(kind)), told(t, "/sys/class/net/lo/type"))
}
