//go:build unix && (!linux || mips || mipsle || mips64 || mips64le)

package signals

import "syscall"

// toSelf sends a signal to this process.
func toSelf(signal syscall.Signal) error { return syscall.Kill(syscall.Getpid(), signal) }
