package withcgo

// #include "system.h"
import "C"

import (
	"syscall"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "layout/struct-msghdr",
		Contract: "struct msghdr is one layout in C, in cgo and in syscall.Msghdr.",
		Source:   threeViews + "recvmsg(2); POSIX.1-2017, sys/socket.h (int lengths, as musl has them)",
		Breaks:   "Messages that Go prepares for C lose parts.",
		Run:      func(t *suite.T) { threefold[C.struct_msghdr, syscall.Msghdr](t, "msghdr") },
	}, suite.Case{
		ID:       "layout/struct-cmsghdr",
		Contract: "struct cmsghdr is one layout in C, in cgo and in syscall.Cmsghdr.",
		Source:   threeViews + "cmsg(3); POSIX.1-2017, sys/socket.h (socklen_t, as musl has it)",
		Breaks:   "Descriptors passed through C libraries get lost.",
		Run:      func(t *suite.T) { threefold[C.struct_cmsghdr, syscall.Cmsghdr](t, "cmsghdr") },
	}, suite.Case{
		ID:       "layout/struct-ucred",
		Contract: "struct ucred is one layout in C, in cgo and in syscall.Ucred.",
		Source:   threeViews + "unix(7)",
		Breaks:   "Credentials that C asked for are those of another user.",
		Run:      func(t *suite.T) { threefold[C.struct_ucred, syscall.Ucred](t, "ucred") },
	}, suite.Case{
		ID:       "layout/struct-linger",
		Contract: "struct linger is one layout in C, in cgo and in syscall.Linger.",
		Source:   threeViews + "socket(7)",
		Breaks:   "Options that C set are misread.",
		Run:      func(t *suite.T) { threefold[C.struct_linger, syscall.Linger](t, "linger") },
	}, suite.Case{
		ID:       "layout/struct-ip-mreq",
		Contract: "struct ip_mreq is one layout in C, in cgo and in syscall.IPMreq.",
		Source:   threeViews + "ip(7)",
		Breaks:   "Groups that C joins are others than Go asked for.",
		Run:      func(t *suite.T) { threefold[C.struct_ip_mreq, syscall.IPMreq](t, "ip_mreq") },
	}, suite.Case{
		ID:       "layout/struct-ip-mreqn",
		Contract: "struct ip_mreqn is one layout in C, in cgo and in syscall.IPMreqn.",
		Source:   threeViews + "ip(7)",
		Breaks:   "Groups are joined on another interface.",
		Run:      func(t *suite.T) { threefold[C.struct_ip_mreqn, syscall.IPMreqn](t, "ip_mreqn") },
	}, suite.Case{
		ID:       "layout/struct-ipv6-mreq",
		Contract: "struct ipv6_mreq is one layout in C, in cgo and in syscall.IPv6Mreq.",
		Source:   threeViews + "ipv6(7)",
		Breaks:   "IPv6 groups are joined on another interface.",
		Run:      func(t *suite.T) { threefold[C.struct_ipv6_mreq, syscall.IPv6Mreq](t, "ipv6_mreq") },
	}, suite.Case{
		ID:       "layout/struct-in-pktinfo",
		Contract: "struct in_pktinfo is one layout in C, in cgo and in syscall.Inet4Pktinfo.",
		Source:   threeViews + "ip(7)",
		Breaks:   "Packets that C received have wrong destinations.",
		Run:      func(t *suite.T) { threefold[C.struct_in_pktinfo, syscall.Inet4Pktinfo](t, "in_pktinfo") },
	}, suite.Case{
		ID:       "layout/struct-in6-pktinfo",
		Contract: "struct in6_pktinfo is one layout in C, in cgo and in syscall.Inet6Pktinfo.",
		Source:   threeViews + "RFC 3542, 6.2",
		Breaks:   "IPv6 packets that C received have wrong destinations.",
		Run:      func(t *suite.T) { threefold[C.struct_in6_pktinfo, syscall.Inet6Pktinfo](t, "in6_pktinfo") },
	}, suite.Case{
		ID:       "layout/struct-sockaddr-in",
		Contract: "struct sockaddr_in is one layout in C, in cgo and in syscall.RawSockaddrInet4.",
		Source:   threeViews + "sockaddr_in(3type)",
		Breaks:   "Addresses from C's getaddrinfo, as package net reads them, are wrong.",
		Run:      func(t *suite.T) { threefold[C.struct_sockaddr_in, syscall.RawSockaddrInet4](t, "sockaddr_in") },
	}, suite.Case{
		ID:       "layout/struct-sockaddr-in6",
		Contract: "struct sockaddr_in6 is one layout in C, in cgo and in syscall.RawSockaddrInet6.",
		Source:   threeViews + "sockaddr_in6(3type)",
		Breaks:   "IPv6 addresses from C's getaddrinfo lose their zone.",
		Run:      func(t *suite.T) { threefold[C.struct_sockaddr_in6, syscall.RawSockaddrInet6](t, "sockaddr_in6") },
	}, suite.Case{
		ID:       "layout/struct-sockaddr-un",
		Contract: "struct sockaddr_un is one layout in C, in cgo and in syscall.RawSockaddrUnix.",
		Source:   threeViews + "unix(7)",
		Breaks:   "Names of Unix sockets are cut.",
		Run:      func(t *suite.T) { threefold[C.struct_sockaddr_un, syscall.RawSockaddrUnix](t, "sockaddr_un") },
	}, suite.Case{
		ID:       "layout/struct-sockaddr-ll",
		Contract: "struct sockaddr_ll is one layout in C, in cgo and in syscall.RawSockaddrLinklayer.",
		Source:   threeViews + "packet(7)",
		Breaks:   "libpcap and Go name interfaces differently.",
		Run:      func(t *suite.T) { threefold[C.struct_sockaddr_ll, syscall.RawSockaddrLinklayer](t, "sockaddr_ll") },
	}, suite.Case{
		ID:       "layout/struct-sockaddr-nl",
		Contract: "struct sockaddr_nl is one layout in C, in cgo and in syscall.RawSockaddrNetlink.",
		Source:   threeViews + "netlink(7)",
		Breaks:   "libnl and Go mistake each other's ports.",
		Run:      func(t *suite.T) { threefold[C.struct_sockaddr_nl, syscall.RawSockaddrNetlink](t, "sockaddr_nl") },
	})
}
