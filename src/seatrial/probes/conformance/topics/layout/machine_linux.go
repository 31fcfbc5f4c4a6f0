package layout

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "layout/utsname",
		Contract: "uname writes six texts of 65 bytes, each with its NUL: syscall.Utsname.",
		Source:   "uname(2); Linux include/uapi/linux/utsname.h",
		Breaks:   "Programs that ask for the kernel's release choose wrong features or fail to parse it.",
		Run:      utsname,
	}, suite.Case{
		ID:       "layout/sysinfo",
		Contract: "sysinfo writes a syscall.Sysinfo_t whose total memory and swap, in its unit, are those of /proc/meminfo.",
		Source:   "sysinfo(2); " + goTypes,
		Breaks:   "Caches and worker pools that size themselves by memory take too much or nothing.",
		Run:      sysinfo,
	}, suite.Case{
		ID:       "layout/rlimit",
		Contract: "The limits that getrlimit writes are 64 bits wide each, soft before hard, also on 32-bit ports.",
		Source:   "getrlimit(2), prlimit(2); Go syscall/rlimit.go",
		Breaks:   "Go raises the limit of open files at start and restores it in children: to wrong numbers.",
		Run:      rlimit,
	}, suite.Case{
		ID:       "layout/termios",
		Contract: "TCGETS gives flags and control characters of a terminal where syscall.Termios has them.",
		Source:   "ioctl_tty(2); Linux arch/*/include/uapi/asm/termbits.h; " + goTypes,
		Breaks:   "Password prompts echo, raw mode stays on, or bytes behind the structure are overwritten.",
		Run:      termios,
	}, suite.Case{
		ID:       "layout/winsize",
		Contract: "TIOCGWINSZ writes four 16-bit numbers: rows, columns and pixels of a terminal.",
		Source:   "ioctl_tty(2); Linux include/uapi/asm-generic/termios.h",
		Breaks:   "Progress bars and editors draw for a terminal of another size.",
		Run:      winsize,
	}, suite.Case{
		ID:       "layout/pollfd",
		Contract: "ppoll takes an array of descriptor, 16-bit events and 16-bit results, 8 bytes each.",
		Source:   "poll(2); Go syscall/exec_linux.go and internal/poll, pollFd",
		Breaks:   "Programs that poll several descriptors read results of their neighbours.",
		Run:      pollfd,
	}, suite.Case{
		ID:       "layout/epoll-event",
		Contract: "epoll gives events in an array of syscall.EpollEvent: 12 bytes on amd64, where they are packed, else aligned.",
		Source:   "epoll_ctl(2); Linux include/uapi/linux/eventpoll.h, EPOLL_PACKED; Go internal/runtime/syscall/linux",
		Breaks:   "The network poller wakes the wrong goroutines or crashes, as data of events are pointers of the runtime.",
		Run:      epollEvent,
	})
}

func utsname(t *suite.T) {
	got := whole(t, "utsname", syscall.Uname)
	same(t, "sysname", text(t, "sysname", got.Sysname[:]), told(t, "/proc/sys/kernel/ostype"))
	same(t, "nodename", text(t, "nodename", got.Nodename[:]), told(t, "/proc/sys/kernel/hostname"))
	same(t, "release", text(t, "release", got.Release[:]), told(t, "/proc/sys/kernel/osrelease"))
	same(t, "version", text(t, "version", got.Version[:]), told(t, "/proc/sys/kernel/version"))
	same(t, "domainname", text(t, "domainname", got.Domainname[:]), told(t, "/proc/sys/kernel/domainname"))
	machine := text(t, "machine", got.Machine[:])
	t.Value("machine", machine)
	if machine == "" {
		t.Errorf("machine is empty")
	}
}

func sysinfo(t *suite.T) {
	total, swap := toldNumber(t, "/proc/meminfo", "MemTotal"), toldNumber(t, "/proc/meminfo", "SwapTotal")
	seconds, _, _ := strings.Cut(told(t, "/proc/uptime"), ".")
	uptime, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		t.Unknown("/proc/uptime: %v", err)
	}
	got := whole(t, "sysinfo", syscall.Sysinfo)
	unit := uint64(got.Unit)
	within(t, "mem_unit", unit, 1, 1<<20)
	same(t, "totalram in KiB", uint64(got.Totalram)*unit/1024, total)
	same(t, "totalswap in KiB", uint64(got.Totalswap)*unit/1024, swap)
	within(t, "freeram in KiB", uint64(got.Freeram)*unit/1024, 0, total)
	within(t, "uptime", int64(got.Uptime), uptime-1, uptime+30)
	within(t, "procs", uint64(got.Procs), 1, 65535)
}

func rlimit(t *suite.T) {
	got := whole(t, "rlimit", func(into *syscall.Rlimit) error {
		return syscall.Getrlimit(syscall.RLIMIT_CORE, into)
	})
	for line := range strings.Lines(told(t, "/proc/self/limits")) {
		if rest, found := strings.CutPrefix(line, "Max core file size"); found {
			said := strings.Fields(rest)
			same(t, "rlim_cur", limit(got.Cur), said[0])
			same(t, "rlim_max", limit(got.Max), said[1])
		}
	}
	const soft, hard = 1<<33 + 12345, 1<<34 + 54321
	if uint64(got.Max) < hard {
		t.Value("hard", limit(got.Max)) // nobody may raise it: what can be compared is compared
		return
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{Cur: soft, Max: got.Max}); err != nil {
		refused(t, "setrlimit", err)
	}
	defer syscall.Setrlimit(syscall.RLIMIT_CORE, got)
	set := whole(t, "rlimit", func(into *syscall.Rlimit) error {
		return syscall.Getrlimit(syscall.RLIMIT_CORE, into)
	})
	same(t, "rlim_cur after it was set", set.Cur, soft)
	same(t, "rlim_max after rlim_cur was set", set.Max, got.Max)
}

func limit(value uint64) string {
	if value == ^uint64(0) {
		return "unlimited"
	}
	return strconv.FormatUint(value, 10)
}

// terminal is a new one of our own.
func terminal(t *suite.T) *os.File {
	file, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.NA("no terminals to be had: %v", err)
	}
	return file
}

func termios(t *suite.T) {
	file := terminal(t)
	defer file.Close()
	get := func(into *syscall.Termios) error { return raw(syscall.SYS_IOCTL, file.Fd(), syscall.TCGETS, at(into)) }
	set := whole(t, "termios", get)
	// Flags of 1 and 2 are of the same value on all ports: IGNBRK and BRKINT, OPOST.
	set.Iflag, set.Oflag, set.Line = 3, 1, 0
	set.Lflag ^= 8 // ECHO, and XCASE or ECHOK elsewhere: a flag either way
	for i := range 11 {
		set.Cc[i] = byte('a' + i)
	}
	if err := raw(syscall.SYS_IOCTL, file.Fd(), syscall.TCSETS, at(set)); err != nil {
		refused(t, "TCSETS", err)
	}
	got := whole(t, "termios", get)
	same(t, "c_iflag", got.Iflag, set.Iflag)
	same(t, "c_oflag", got.Oflag, set.Oflag)
	same(t, "c_cflag", got.Cflag, set.Cflag)
	same(t, "c_lflag", got.Lflag, set.Lflag)
	same(t, "c_line", got.Line, 0)
	same(t, "c_cc", string(got.Cc[:11]), "abcdefghijk")
}

func winsize(t *suite.T) {
	type size struct{ row, column, x, y uint16 }
	file := terminal(t)
	defer file.Close()
	set := &size{0x1234, 0x2345, 0x3456, 0x4567}
	if err := raw(syscall.SYS_IOCTL, file.Fd(), syscall.TIOCSWINSZ, at(set)); err != nil {
		refused(t, "TIOCSWINSZ", err)
	}
	got := whole(t, "winsize", func(into *size) error {
		return raw(syscall.SYS_IOCTL, file.Fd(), syscall.TIOCGWINSZ, at(into))
	})
	same(t, "what was set before", fmt.Sprintf("%#x", *got), fmt.Sprintf("%#x", *set))
}

func pipe(t *suite.T) (ends [2]int) {
	if err := syscall.Pipe2(ends[:], syscall.O_CLOEXEC|syscall.O_NONBLOCK); err != nil {
		t.Unknown("pipe2: %v", err)
	}
	return ends
}

func pollfd(t *suite.T) {
	type poll struct {
		fd              int32
		events, revents int16
	}
	const in, out, invalid = 1, 4, 32
	ends := pipe(t)
	defer syscall.Close(ends[0])
	defer syscall.Close(ends[1])
	unused := int32(1<<30 - 7)
	list := &[4]poll{{int32(ends[0]), in, -1}, {int32(ends[1]), out | in, -1}, {unused, in, -1}, {-1, in, -1}}
	n, err := number6(syscall.SYS_PPOLL, at(list), 4, at(new(syscall.Timespec)), 0)
	if err != nil {
		t.Fatalf("ppoll: %v", err)
	}
	same(t, "the number of descriptors with something to say", n, 2)
	want := [4]poll{{int32(ends[0]), in, 0}, {int32(ends[1]), out | in, out}, {unused, in, invalid}, {-1, in, 0}}
	same(t, "the list", *list, want)
}

func epollEvent(t *suite.T) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		t.Fatalf("epoll_create1: %v", err)
	}
	defer syscall.Close(epoll)
	wanted := map[syscall.EpollEvent]bool{}
	for i := range 3 {
		ends := pipe(t)
		defer syscall.Close(ends[0])
		defer syscall.Close(ends[1])
		event := syscall.EpollEvent{Events: syscall.EPOLLOUT, Fd: int32(0x01020304 + i), Pad: int32(-0x0a0b0c0d - i)}
		if err := syscall.EpollCtl(epoll, syscall.EPOLL_CTL_ADD, ends[1], &event); err != nil {
			t.Fatalf("epoll_ctl: %v", err)
		}
		wanted[event] = true
	}
	got := whole(t, "epoll_event", func(into *[3]syscall.EpollEvent) error {
		n, err := syscall.EpollWait(epoll, into[:], 0)
		if err == nil && n != 3 {
			t.Fatalf("epoll_wait gave %d events, expected 3", n)
		}
		return err
	})
	for i, event := range got {
		plain := syscall.EpollEvent{Events: event.Events, Fd: event.Fd, Pad: event.Pad}
		if !wanted[plain] {
			t.Errorf("event %d has events %#x, data %#x and %#x: none that was asked for", i, event.Events, event.Fd, event.Pad)
		}
		delete(wanted, plain)
	}
}
