//go:build !mips && !mipsle && !mips64 && !mips64le

package signals

import (
	"runtime"
	"syscall"
)

// toSelf sends a signal that is over when it returns: to the calling thread. One to the whole process is another
// thread's to take, and later, when that one is woken for it. The kernel drops an ignored signal at once, but not for
// a process that is traced (kernel/signal.c, sig_ignored): there a debugger's delay decided what was heard of it.
func toSelf(signal syscall.Signal) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return toThread(thread(), signal)
}
