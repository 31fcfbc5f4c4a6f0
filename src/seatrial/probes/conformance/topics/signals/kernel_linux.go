//go:build !mips && !mipsle && !mips64 && !mips64le

package signals

import (
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
)

// rt_sigprocmask(2), asm-generic/signal-defs.h.
const (
	maskBlock   = 0
	maskUnblock = 1
)

// si_code of signals that programs and timers send, asm-generic/siginfo.h.
const (
	fromUser   = 0
	fromQueue  = -1
	fromTimer  = -2
	fromTgkill = -6
)

// firstQueued is a real-time signal that neither a libc, nor Go, nor QEMU (which passes not all of them on) keeps
// for itself.
const firstQueued = syscall.Signal(40)

// A set of signals as the kernel has it: bit n-1 is signal n.
type set uint64

func of(signals ...syscall.Signal) set {
	var s set
	for _, signal := range signals {
		s |= 1 << (signal - 1)
	}
	return s
}

func (s set) has(signal syscall.Signal) bool { return s&of(signal) != 0 }

// An info is a siginfo_t: three ints, then a union that is aligned as a pointer is.
type info [16]uint64

func (i *info) field(offset uintptr) int32   { return *(*int32)(unsafe.Add(unsafe.Pointer(i), offset)) }
func (i *info) signal() syscall.Signal       { return syscall.Signal(i.field(0)) }
func (i *info) code() int32                  { return i.field(8) }
func (i *info) pid() int32                   { return i.field(union) }
func (i *info) uid() int32                   { return i.field(union + 4) }
func (i *info) timer() int32                 { return i.field(union) }
func (i *info) overrun() int32               { return i.field(union + 4) }
func (i *info) value() uintptr               { return *(*uintptr)(unsafe.Add(unsafe.Pointer(i), union+8)) }
func (i *info) set(offset uintptr, v uint32) { *(*uint32)(unsafe.Add(unsafe.Pointer(i), offset)) = v }

const union = (12 + unsafe.Sizeof(uintptr(0)) - 1) &^ (unsafe.Sizeof(uintptr(0)) - 1)

func changeMask(how uintptr, s set) (before set) {
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, how, uintptr(unsafe.Pointer(&s)),
		uintptr(unsafe.Pointer(&before)), unsafe.Sizeof(s), 0, 0); errno != 0 {
		panic("rt_sigprocmask: " + errno.Error())
	}
	return before
}

func mask() set { return changeMask(maskBlock, 0) }

// block keeps the goroutine on its thread, for good, and blocks signals there. The thread ends with the goroutine.
func block(signals ...syscall.Signal) {
	runtime.LockOSThread()
	changeMask(maskBlock, of(signals...))
}

func pending() set {
	var s set
	if _, _, errno := syscall.RawSyscall(syscall.SYS_RT_SIGPENDING, uintptr(unsafe.Pointer(&s)), unsafe.Sizeof(s), 0); errno != 0 {
		panic("rt_sigpending: " + errno.Error())
	}
	return s
}

func thread() int { return syscall.Gettid() }

// toThread sends a signal to one thread of this process.
func toThread(tid int, signal syscall.Signal) error {
	if _, _, errno := syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(syscall.Getpid()), uintptr(tid), uintptr(signal)); errno != 0 {
		return errno
	}
	return nil
}

// queue sends a signal with a value to the calling thread.
func queue(t *suite.T, signal syscall.Signal, value uintptr) {
	var sent info
	sent.set(0, uint32(signal))
	code := int32(fromQueue)
	sent.set(8, uint32(code))
	sent.set(union, uint32(syscall.Getpid()))
	sent.set(union+4, uint32(syscall.Getuid()))
	*(*uintptr)(unsafe.Add(unsafe.Pointer(&sent), union+8)) = value
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_RT_TGSIGQUEUEINFO, uintptr(syscall.Getpid()), uintptr(thread()),
		uintptr(signal), uintptr(unsafe.Pointer(&sent)), 0, 0); errno != 0 {
		t.Fatalf("rt_tgsigqueueinfo(signal %d): %v", signal, errno)
	}
}

// await takes a pending signal of a set off the calling thread (sigtimedwait). Go's own signals (SIGURG) interrupt
// the waiting: then it waits again.
func await(s set, wait time.Duration) (got info, errno syscall.Errno) {
	for tries := 0; tries < 100; tries++ {
		patience := syscall.NsecToTimespec(int64(wait))
		_, _, errno = syscall.Syscall6(syscall.SYS_RT_SIGTIMEDWAIT, uintptr(unsafe.Pointer(&s)), uintptr(unsafe.Pointer(&got)),
			uintptr(unsafe.Pointer(&patience)), unsafe.Sizeof(s), 0, 0)
		if errno != syscall.EINTR {
			break
		}
	}
	return got, errno
}
