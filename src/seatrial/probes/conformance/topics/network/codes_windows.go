package network

import "syscall"

// What this system answers (Windows Sockets Error Codes).
const (
	refused = syscall.Errno(10061) // WSAECONNREFUSED
	reset   = syscall.Errno(10054) // WSAECONNRESET
	broken  = syscall.Errno(10053) // WSAECONNABORTED
	inUse   = syscall.Errno(10048) // WSAEADDRINUSE
	tooLong = syscall.Errno(10040) // WSAEMSGSIZE
)
