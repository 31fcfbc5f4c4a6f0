//go:build unix

package network

import "syscall"

// What this system answers (errno(3)).
const (
	refused = syscall.ECONNREFUSED
	reset   = syscall.ECONNRESET
	broken  = syscall.EPIPE
	inUse   = syscall.EADDRINUSE
	tooLong = syscall.EMSGSIZE
)
