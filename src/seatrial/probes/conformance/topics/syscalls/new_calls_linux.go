//go:build !mips && !mipsle && !mips64 && !mips64le

package syscalls

import (
	"os"
	"path/filepath"
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "syscalls/new-calls-not-refused",
		Contract: "A call of a newer kernel works or fails with ENOSYS; it is never refused with EPERM.",
		Source:   "syscall(2); seccomp(2); Go os/pidfd_linux.go, syscall/syscall_linux.go (Faccessat), os/root_linux.go",
		Breaks:   "Programs and C libraries do not take their fallbacks: an old sandbox under a new program breaks it.",
		Run:      newCalls,
	}, suite.Case{
		ID:       "syscalls/close-range-exact",
		Contract: "close_range closes the descriptors of its range, both ends included, and no other.",
		Source:   "close_range(2)",
		Breaks:   "Daemons and sandboxes that close what they inherited keep secrets open, or lose their own files.",
		Run:      closeRange,
	}, suite.Case{
		ID:       "syscalls/pidfd-waits-and-signals",
		Contract: "A pidfd stands for one child: it takes signals, waitid(P_PIDFD) waits for it, and then it is gone.",
		Source:   "pidfd_open(2), pidfd_send_signal(2), waitid(2); Go os/pidfd_linux.go",
		Breaks:   "os.Process hangs in Wait, or signals hit a process that got the number afterwards.",
		Needs:    []string{"self-exec"},
		Run:      pidfds,
	}, suite.Case{
		ID:       "syscalls/statx-agrees",
		Contract: "statx, where it is there, says of a file what fstat says.",
		Source:   "statx(2); linux/stat.h, struct statx",
		Breaks:   "Programs that take the one or the other see two different files.",
		Run:      statxAgrees,
	}, suite.Case{
		ID:       "syscalls/random-bytes",
		Contract: "getrandom fills the whole buffer, never twice alike, and refuses flags that do not exist.",
		Source:   "getrandom(2): up to 256 bytes are always returned whole; Go internal/syscall/unix/getrandom.go",
		Breaks:   "crypto/rand ends the program, or keys can be guessed.",
		Run:      randomBytes,
	})
	suite.Helper("syscalls-waiter", func([]string) int {
		time.Sleep(time.Minute)
		return 0
	})
}

// What the new calls are given to look at: variables of the package do not move.
var (
	zeros [16]uint64
	slash = [2]byte{'/'}
)

func newCalls(t *suite.T) {
	memory, root := uintptr(unsafe.Pointer(&zeros)), uintptr(unsafe.Pointer(&slash))
	for _, c := range []struct {
		name   string
		number uintptr
		args   []uintptr
	}{
		{"statx", callStatx, []uintptr{atFDCWD, root, 0, 0, 0}},
		{"getrandom", callGetrandom, []uintptr{memory, 0, 0}},
		{"pidfd_open", callPidfdOpen, []uintptr{uintptr(syscall.Getpid()), 0}},
		{"pidfd_send_signal", callPidfdSendSignal, []uintptr{anyDescriptor, 0, 0, 0}},
		{"clone3", callClone3, []uintptr{memory, 0}},
		{"close_range", callCloseRange, []uintptr{1 << 30, 1<<30 + 1, 0}},
		{"openat2", callOpenat2, []uintptr{atFDCWD, root, memory, 0}},
		{"faccessat2", callFaccessat2, []uintptr{atFDCWD, root, 0, 0}},
		{"epoll_pwait2", callEpollPwait2, []uintptr{anyDescriptor, memory, 1, 0, 0, 0}},
		{"futex_waitv", callFutexWaitv, []uintptr{0, 0, 0, 0, 0}},
	} {
		result, errno := call(c.number, c.args...)
		if c.number == callPidfdOpen && errno == 0 {
			syscall.Close(int(result))
		}
		t.Value(c.name, errno != syscall.ENOSYS)
		if errno == syscall.EPERM || errno == syscall.EACCES {
			t.Errorf("%s (%d): %s; it should work, find fault with its arguments, or fail with ENOSYS", c.name, c.number, shown(errno))
		}
	}
}

// lacks ends the case where the kernel is older than a call.
func lacks(t *suite.T, name string, errno syscall.Errno) {
	if errno == syscall.ENOSYS {
		t.NA("there is no %s here", name)
	}
	if errno != 0 {
		t.Fatalf("%s: %s", name, shown(errno))
	}
}

func closeRange(t *suite.T) {
	const first, count = 200, 5
	for i := range count {
		got, errno := call(syscall.SYS_FCNTL, 0, syscall.F_DUPFD_CLOEXEC, uintptr(first+i))
		if errno != 0 || got != uintptr(first+i) {
			t.Unknown("needs the descriptor %d, which is taken (%d, %s)", first+i, int(got), shown(errno))
		}
		defer syscall.Close(first + i)
	}
	_, errno := call(callCloseRange, first+1, first+3, 0)
	lacks(t, "close_range", errno)
	for i := range count {
		_, errno := call(syscall.SYS_FCNTL, uintptr(first+i), syscall.F_GETFD)
		if open, expected := errno == 0, i == 0 || i == count-1; open != expected {
			t.Errorf("%d to %d were closed, and %d is open: %v", first+1, first+3, first+i, open)
		}
	}
}

func pidfds(t *suite.T) {
	const byPidfd, exited, killed = 3, 4, 2 // P_PIDFD, WEXITED, CLD_KILLED
	child := t.Self("syscalls-waiter")
	if err := child.Start(); err != nil {
		t.Fatalf("%v", err)
	}
	defer child.Wait()
	defer child.Process.Kill()
	descriptor, errno := call(callPidfdOpen, uintptr(child.Process.Pid), 0)
	lacks(t, "pidfd_open", errno)
	defer syscall.Close(int(descriptor))
	_, errno = call(callPidfdSendSignal, descriptor, uintptr(syscall.SIGKILL), 0, 0)
	lacks(t, "pidfd_send_signal", errno)
	var info [32]uint32      // siginfo_t: signo, errno, code, (padding on 64 bits), pid
	const noWait = 0x1000000 // WNOWAIT: os/exec is to find it too
	if _, errno = again(func() (uintptr, syscall.Errno) {
		return call(syscall.SYS_WAITID, byPidfd, descriptor, uintptr(unsafe.Pointer(&info)), exited|noWait, 0)
	}); errno != 0 {
		t.Fatalf("waitid(P_PIDFD): %s", shown(errno))
	}
	pid := info[3]
	if unsafe.Sizeof(descriptor) == 8 {
		pid = info[4]
	}
	if info[0] != uint32(syscall.SIGCHLD) || info[2] != killed || int(pid) != child.Process.Pid {
		t.Fatalf("waitid: signal %d, code %d, process %d; %d, %d and %d were expected", info[0], info[2], pid, syscall.SIGCHLD,
			killed, child.Process.Pid)
	}
	child.Wait()
	if _, errno = call(callPidfdSendSignal, descriptor, 0, 0, 0); errno != syscall.ESRCH {
		t.Fatalf("a signal to a child that was waited for: %s; ESRCH was expected", shown(errno))
	}
}

// A statx of linux/stat.h, as far as it is looked at.
type statx struct {
	mask, blockSize     uint32
	attributes          uint64
	links, user, group  uint32
	mode, _             uint16
	inode, size, blocks uint64
	_                   [26]uint64
}

func statxAgrees(t *suite.T) {
	const basic, emptyPath = 0x7ff, 0x1000 // STATX_BASIC_STATS, AT_EMPTY_PATH
	file, err := os.Create(filepath.Join(t.Dir(), "file"))
	must(t, err)
	defer file.Close()
	must(t, file.Truncate(1<<32+5))
	var old syscall.Stat_t
	if err := syscall.Fstat(int(file.Fd()), &old); err != nil {
		t.Fatalf("fstat: %v", err)
	}
	var got statx
	_, errno := call(callStatx, file.Fd(), uintptr(unsafe.Pointer(named(""))), emptyPath, basic, uintptr(unsafe.Pointer(&got)))
	lacks(t, "statx", errno)
	if got.mask&basic != basic || uint32(got.mode) != uint32(old.Mode) || got.inode != uint64(old.Ino) || got.size != uint64(old.Size) ||
		got.links != uint32(old.Nlink) || got.user != old.Uid || got.group != old.Gid {
		t.Fatalf("statx: mask %#x, mode %#o, inode %d, size %d, links %d, user %d; fstat: mode %#o, inode %d, size %d, links %d, user %d",
			got.mask, got.mode, got.inode, got.size, got.links, got.user, old.Mode, old.Ino, old.Size, old.Nlink, old.Uid)
	}
}

func randomBytes(t *suite.T) {
	var first, second [256]byte
	for _, buffer := range []*[256]byte{&first, &second} {
		count, errno := call(callGetrandom, uintptr(unsafe.Pointer(buffer)), 256, 0)
		lacks(t, "getrandom", errno)
		if count != 256 {
			t.Fatalf("of 256 bytes %d came", int(count))
		}
	}
	empty := 0
	for _, b := range second {
		if b == 0 {
			empty++
		}
	}
	if first == second || empty > 32 {
		t.Fatalf("two buffers of 256 random bytes: alike %v, zeros %d", first == second, empty)
	}
	if _, errno := call(callGetrandom, uintptr(unsafe.Pointer(&first)), 8, 0x8000); errno != syscall.EINVAL {
		t.Fatalf("a flag that does not exist: %s; EINVAL was expected", shown(errno))
	}
}
