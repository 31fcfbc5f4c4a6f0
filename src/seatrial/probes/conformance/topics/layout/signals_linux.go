//go:build !mips && !mipsle && !mips64 && !mips64le

package layout

import (
	"encoding/binary"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "layout/sigaction",
		Contract: "rt_sigaction tells the handler, flags and mask that the runtime installed, in the kernel's own structure.",
		Source:   "rt_sigaction(2), \"C library/kernel differences\"; Go runtime/defs_linux_GOARCH.go, sigactiont",
		Breaks:   "Go's handlers run without SA_ONSTACK or with other masks: crashes in the first signal.",
		Run:      sigaction,
	}, suite.Case{
		ID:       "layout/stack-t",
		Contract: "sigaltstack tells base, flags and size of the stack that the runtime gave to signals.",
		Source:   "sigaltstack(2); Go runtime/defs_linux_GOARCH.go, stackt",
		Breaks:   "Signals are handled on a wrong stack, and overwrite memory of goroutines.",
		Run:      signalStack,
	}, suite.Case{
		ID:       "layout/siginfo",
		Contract: "A queued signal's siginfo has number, code, sender and value at the offsets of the port's word size.",
		Source:   "sigaction(2), siginfo_t; Linux include/uapi/asm-generic/siginfo.h; Go runtime/defs_linux_GOARCH.go, siginfo",
		Breaks:   "The runtime misreads si_code and the fault's address: panics become crashes, and the other way round.",
		Run:      siginfo,
	}, suite.Case{
		ID:       "layout/signalfd-siginfo",
		Contract: "signalfd gives records of 128 bytes that are the same on all ports.",
		Source:   "signalfd(2); Linux include/uapi/linux/signalfd.h",
		Breaks:   "Supervisors that read signals from a descriptor mistake one child for another.",
		Run:      signalfd,
	})
}

const word = unsafe.Sizeof(uintptr(0))

func nativeWord(record []byte) uint64 {
	if word == 4 {
		return uint64(binary.NativeEndian.Uint32(record))
	}
	return binary.NativeEndian.Uint64(record)
}

func sigaction(t *suite.T) {
	const urgent, maskBytes = 23, 8
	got := whole(t, "sigaction", func(into *[32]byte) error {
		return raw(syscall.SYS_RT_SIGACTION, urgent, 0, at(into), maskBytes)
	})
	if nativeWord(got[:]) <= 1 {
		t.Errorf("the handler is %#x, expected the runtime's", nativeWord(got[:]))
	}
	const siginfo, onStack, restart = 4, 0x08000000, 0x10000000
	flags, want := nativeWord(got[word:]), uint64(siginfo|onStack|restart)
	if flags&want != want {
		t.Errorf("the flags are %#x, expected %#x and maybe more", flags, want)
	}
	size := 2*word + maskBytes
	if value, _ := t.Expected("sigaction-bytes"); value != "24" {
		size += word
	}
	// The runtime asks for all; the kernel leaves out the two that cannot be blocked. Two words on 32-bit ports.
	const unblockable = 1<<(9-1) | 1<<(19-1)
	mask := nativeWord(got[size-maskBytes:])
	if word == 4 {
		mask |= nativeWord(got[size-word:]) << 32
	}
	if mask|unblockable != ^uint64(0) {
		t.Errorf("the mask is %#x, expected all signals but SIGKILL and SIGSTOP", mask)
	}
}

func signalStack(t *suite.T) {
	type stack struct {
		base  uintptr
		flags int32
		size  uintptr
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	got := whole(t, "stack_t", func(into *stack) error { return raw(syscall.SYS_SIGALTSTACK, 0, at(into)) })
	same(t, "ss_flags", got.flags, 0)
	same(t, "ss_size, of the runtime's malg in mpreinit", got.size, 32<<10)
	if got.base == 0 || got.base%word != 0 {
		t.Errorf("ss_sp is %#x", got.base)
	}
}

// senderAt is where the union behind the three integers begins: it holds pointers, and is aligned like them.
const senderAt = (12 + word - 1) / word * word

// queued is a signal that waits for this thread, which is locked and ends with the case.
func queued(t *suite.T, signal uintptr, value uint64) (mask *[8]byte) {
	runtime.LockOSThread()
	mask = new([8]byte)
	bit := signal - 1
	words := unsafe.Slice((*uintptr)(unsafe.Pointer(mask)), 8/word)
	words[bit/(8*word)] = 1 << (bit % (8 * word))
	const block, queue = 0, -1 // SIG_BLOCK, SI_QUEUE
	if err := raw(syscall.SYS_RT_SIGPROCMASK, block, at(mask), 0, 8); err != nil {
		refused(t, "rt_sigprocmask", err)
	}
	info := new([128]byte)
	code := int32(queue)
	binary.NativeEndian.PutUint32(info[0:], uint32(signal))
	binary.NativeEndian.PutUint32(info[8:], uint32(code))
	place := info[senderAt:]
	binary.NativeEndian.PutUint32(place, uint32(os.Getpid()))
	binary.NativeEndian.PutUint32(place[4:], uint32(os.Getuid()))
	*(*uintptr)(unsafe.Pointer(&place[8])) = uintptr(value)
	if err := raw(syscall.SYS_RT_TGSIGQUEUEINFO, uintptr(os.Getpid()), uintptr(syscall.Gettid()), signal, at(info)); err != nil {
		refused(t, "rt_tgsigqueueinfo", err)
	}
	return mask
}

func siginfo(t *suite.T) {
	const signal = 40
	value := uint64(0x0123456789abcdef) >> (64 - 8*word)
	mask, got := queued(t, signal, value), new([128]byte)
	n, err := number6(syscall.SYS_RT_SIGTIMEDWAIT, at(mask), at(got), at(new(syscall.Timespec)), 8)
	if err != nil || n != signal {
		t.Fatalf("rt_sigtimedwait: %d, %v", int(n), err)
	}
	same(t, "si_signo", int32(binary.NativeEndian.Uint32(got[0:])), signal)
	same(t, "si_errno", int32(binary.NativeEndian.Uint32(got[4:])), 0)
	same(t, "si_code", int32(binary.NativeEndian.Uint32(got[8:])), -1)
	same(t, "si_pid", int(binary.NativeEndian.Uint32(got[senderAt:])), os.Getpid())
	same(t, "si_uid", int(binary.NativeEndian.Uint32(got[senderAt+4:])), os.Getuid())
	same(t, "si_value", nativeWord(got[senderAt+8:]), value)
}

func signalfd(t *suite.T) {
	const signal = 41
	value := uint64(0x0123456789abcdef) >> (64 - 8*word)
	mask := queued(t, signal, value)
	const nonBlocking, anew = syscall.O_NONBLOCK | syscall.O_CLOEXEC, ^uintptr(0)
	fd, err := number6(syscall.SYS_SIGNALFD4, anew, at(mask), 8, nonBlocking)
	if err != nil {
		refused(t, "signalfd4", err)
	}
	defer syscall.Close(int(fd))
	record := make([]byte, 251) // a size of its own, by which a fault knows the call
	n, err := syscall.Read(int(fd), record)
	if err != nil || n != 128 {
		t.Fatalf("a read gave %d bytes (%v), expected 128", n, err)
	}
	same(t, "ssi_signo", binary.NativeEndian.Uint32(record[0:]), signal)
	same(t, "ssi_code", int32(binary.NativeEndian.Uint32(record[8:])), -1)
	same(t, "ssi_pid", int(binary.NativeEndian.Uint32(record[12:])), os.Getpid())
	same(t, "ssi_uid", int(binary.NativeEndian.Uint32(record[16:])), os.Getuid())
	same(t, "ssi_int", binary.NativeEndian.Uint32(record[44:]), uint32(firstHalf(value)))
	same(t, "ssi_ptr", binary.NativeEndian.Uint64(record[48:]), value)
}

// firstHalf are the four bytes that come first in memory of a word: what sival_int is of sival_ptr.
func firstHalf(value uint64) uint32 {
	var room [8]byte
	if word == 4 {
		return uint32(value)
	}
	binary.NativeEndian.PutUint64(room[:], value)
	return binary.NativeEndian.Uint32(room[:])
}
