//go:build !mips && !mipsle && !mips64 && !mips64le

package syscalls

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "syscalls/errnos",
		Contract: "Each kind of failure has its own error number, the one that its manual page names.",
		Source:   "errno(3) and section 2 of the Linux manual, ERRORS; Go syscall/zerrors_linux_*.go",
		Breaks:   "Programs take a full directory for a missing file, a busy pipe for a broken one, and act on that.",
		Run:      errnos,
	}, suite.Case{
		ID:       "syscalls/too-many-files",
		Contract: "A process at its limit of open files gets EMFILE, and gets files again when the limit is lifted.",
		Source:   "open(2), dup(2), EMFILE; Go net/fd_unix.go, accept: temporary errors",
		Breaks:   "Servers that should wait for free descriptors give up, or spin.",
		Run:      tooManyFiles,
	}, suite.Case{
		ID:       "syscalls/bad-pointer",
		Contract: "A system call that is given a bad address fails with EFAULT; it neither kills nor transfers anything.",
		Source:   "intro(2); read(2), write(2), stat(2), EFAULT",
		Breaks:   "The runtime asks the kernel whether memory is readable; a signal in its place is a crash.",
		Run:      badPointer,
	}, suite.Case{
		ID:       "syscalls/unknown-call",
		Contract: "A system call that the kernel does not have fails with ENOSYS, never with EPERM.",
		Source:   "syscall(2), ENOSYS; Go internal/syscall/unix: fallbacks are taken on ENOSYS",
		Breaks:   "Programs that try a new call and fall back to an old one fail instead (old container sandboxes).",
		Run:      unknownCall,
	}, suite.Case{
		ID:       "syscalls/not-a-terminal",
		Contract: "Asking a file, a pipe or a socket for terminal settings fails with ENOTTY.",
		Source:   "ioctl_tty(2), TCGETS; isatty(3)",
		Breaks:   "Loggers write colours and progress bars into files; password prompts hang in pipelines.",
		Run:      notATerminal,
	})
}

func errnos(t *suite.T) {
	dir := t.Dir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"already", "full", "full/inside"} {
		if err := os.Mkdir(in(name), 0o700); err != nil {
			t.Unknown("%v", err)
		}
	}
	if err := os.WriteFile(in("file"), []byte("x"), 0o600); err != nil {
		t.Unknown("%v", err)
	}
	must(t, os.Symlink("loop", in("loop")))
	must(t, syscall.Mkfifo(in("fifo"), 0o600))
	from, to := pair(t, syscall.O_NONBLOCK)
	defer syscall.Close(from)
	lost, broken := pair(t, 0)
	syscall.Close(lost)
	defer syscall.Close(broken)
	defer syscall.Close(to)
	file, err := syscall.Open(in("file"), syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	must(t, err)
	defer syscall.Close(file)
	set, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	must(t, err)
	defer syscall.Close(set)

	letter := make([]byte, 1)
	open := func(name string, flags int) error {
		descriptor, err := syscall.Open(name, flags|syscall.O_CLOEXEC, 0o600)
		if err == nil {
			syscall.Close(descriptor)
		}
		return err
	}
	second := func(_ any, err error) error { return err }
	for _, deed := range []struct {
		what     string
		expected syscall.Errno
		err      error
	}{
		{"closing a descriptor that is not open", syscall.EBADF, syscall.Close(-1)},
		{"opening a missing file", syscall.ENOENT, open(in("missing"), syscall.O_RDONLY)},
		{"making a directory that is there", syscall.EEXIST, syscall.Mkdir(in("already"), 0o700)},
		{"creating a file that is there with O_EXCL", syscall.EEXIST, open(in("file"), syscall.O_CREAT|syscall.O_EXCL)},
		{"a path through a file", syscall.ENOTDIR, open(in("file/x"), syscall.O_RDONLY)},
		{"writing to a directory", syscall.EISDIR, open(in("already"), syscall.O_WRONLY)},
		{"seeking from nowhere", syscall.EINVAL, second(syscall.Seek(file, 0, 99))},
		{"reading an empty pipe that does not block", syscall.EAGAIN, second(syscall.Read(from, letter))},
		{"writing to a pipe that nobody reads", syscall.EPIPE, second(syscall.Write(broken, letter))},
		{"writing to a file open for reading", syscall.EBADF, second(syscall.Write(file, letter))},
		{"seeking in a pipe", syscall.ESPIPE, second(syscall.Seek(from, 0, 0))},
		{"a name of 300 letters", syscall.ENAMETOOLONG, open(in(strings.Repeat("n", 300)), syscall.O_RDONLY)},
		{"a symbolic link to itself", syscall.ELOOP, open(in("loop"), syscall.O_RDONLY)},
		{"removing a directory that is not empty", syscall.ENOTEMPTY, syscall.Rmdir(in("full"))},
		{"removing the root", syscall.EBUSY, syscall.Rmdir("/")},
		{"renaming into another file system", syscall.EXDEV, syscall.Rename("/proc/self/status", in("status"))},
		{"writing to a FIFO without reader", syscall.ENXIO, open(in("fifo"), syscall.O_WRONLY|syscall.O_NONBLOCK)},
		{"waiting for what is no child", syscall.ECHILD, second(syscall.Wait4(syscall.Getpid(), nil, 0, nil))},
		{"signalling a process that is not there", syscall.ESRCH, syscall.Kill(1<<30, 0)},
		{"a working directory that does not fit", syscall.ERANGE, second(syscall.Getcwd(letter))},
		{"asking a pipe for its socket address", syscall.ENOTSOCK, second(syscall.Getsockname(from))},
		{"polling a regular file", syscall.EPERM, syscall.EpollCtl(set, syscall.EPOLL_CTL_ADD, file, &syscall.EpollEvent{})},
	} {
		if deed.err != deed.expected {
			t.Errorf("%s: %v; %v was expected", deed.what, deed.err, deed.expected)
		}
	}
}

// tooManyFiles sets the limit past the runtime, which keeps its own idea of it for children.
func tooManyFiles(t *suite.T) {
	const limitOfFiles = 7 // RLIMIT_NOFILE
	var before [2]uint64
	if _, errno := call(syscall.SYS_PRLIMIT64, 0, limitOfFiles, 0, uintptr(unsafe.Pointer(&before))); errno != 0 {
		t.Fatalf("prlimit64: %s", shown(errno))
	}
	first, err := syscall.Dup(0)
	if err != nil {
		t.Unknown("there is no descriptor 0 to duplicate: %v", err)
	}
	syscall.Close(first)
	lowered := [2]uint64{uint64(first), before[1]}
	if _, errno := call(syscall.SYS_PRLIMIT64, 0, limitOfFiles, uintptr(unsafe.Pointer(&lowered)), 0); errno != 0 {
		t.Fatalf("prlimit64: %s", shown(errno))
	}
	_, during := syscall.Dup(0)
	if _, errno := call(syscall.SYS_PRLIMIT64, 0, limitOfFiles, uintptr(unsafe.Pointer(&before)), 0); errno != 0 {
		t.Fatalf("the limit could not be lifted: %s", shown(errno))
	}
	second, after := syscall.Dup(0)
	if after == nil {
		syscall.Close(second)
	}
	if during != syscall.EMFILE || after != nil {
		t.Fatalf("at the limit: %v (EMFILE was expected); after it was lifted: %v", during, after)
	}
}

func badPointer(t *suite.T) {
	from, to := pair(t, syscall.O_NONBLOCK)
	defer syscall.Close(from)
	defer syscall.Close(to)
	if _, err := syscall.Write(to, []byte("kept")); err != nil {
		t.Fatalf("write: %v", err)
	}
	const bad = 16 // in the first page, which Linux maps for nobody (vm.mmap_min_addr)
	for _, deed := range []struct {
		what string
		args []uintptr
	}{
		{"read", []uintptr{syscall.SYS_READ, uintptr(from), bad, 4}},
		{"write", []uintptr{syscall.SYS_WRITE, uintptr(to), bad, 4}},
		{"openat", []uintptr{syscall.SYS_OPENAT, atFDCWD, bad, 0, 0}},
		{"uname", []uintptr{syscall.SYS_UNAME, bad}},
		{"clock_gettime", []uintptr{syscall.SYS_CLOCK_GETTIME, 1, bad}},
		{"pipe2", []uintptr{syscall.SYS_PIPE2, bad, 0}},
		{"nanosleep", []uintptr{syscall.SYS_NANOSLEEP, bad, 0}},
	} {
		if result, errno := call(deed.args[0], deed.args[1:]...); errno != syscall.EFAULT {
			t.Errorf("%s with a bad address: result %d, %s; EFAULT was expected", deed.what, int(result), shown(errno))
		}
	}
	text := make([]byte, 16)
	if count, err := syscall.Read(from, text); err != nil || string(text[:count]) != "kept" {
		t.Fatalf("afterwards the pipe held %q (%v); %q was written", text[:max(count, 0)], err, "kept")
	}
}

func unknownCall(t *suite.T) {
	for _, number := range []uintptr{1000, 5555, 0xfff} {
		_, errno := call(number)
		if suite.Planted("syscalls-unknown-refused") {
			errno = syscall.EPERM
		}
		if errno != syscall.ENOSYS {
			t.Errorf("system call %d: %s; ENOSYS was expected", number, shown(errno))
		}
	}
}

func notATerminal(t *suite.T) {
	file, err := os.Create(filepath.Join(t.Dir(), "file"))
	must(t, err)
	defer file.Close()
	from, to := pair(t, 0)
	defer syscall.Close(from)
	defer syscall.Close(to)
	sockets, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	must(t, err)
	defer syscall.Close(sockets[0])
	defer syscall.Close(sockets[1])
	for what, descriptor := range map[string]int{"file": int(file.Fd()), "pipe": to, "socket": sockets[0]} {
		var settings [128]byte
		_, errno := call(syscall.SYS_IOCTL, uintptr(descriptor), syscall.TCGETS, uintptr(unsafe.Pointer(&settings)))
		if errno != syscall.ENOTTY {
			t.Errorf("a %s: %s; ENOTTY was expected", what, shown(errno))
		}
	}
}
