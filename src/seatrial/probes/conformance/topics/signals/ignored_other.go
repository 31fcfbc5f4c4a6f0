//go:build unix && !linux

package signals

import "syscall"

// toSelf sends a signal to this process.
func toSelf(signal syscall.Signal) error { return syscall.Kill(syscall.Getpid(), signal) }
