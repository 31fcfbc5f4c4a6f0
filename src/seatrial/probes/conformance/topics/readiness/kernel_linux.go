package readiness

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
)

// Names that package syscall does not have on each port, or has as a negative number; the same on all of Go's ports.
const (
	edgeTriggered = 1 << 31 // EPOLLET, linux/eventpoll.h
	oneShot       = 1 << 30
	exclusive     = 1 << 28
	readable      = syscall.EPOLLIN
	writable      = syscall.EPOLLOUT
	halfClosed    = syscall.EPOLLRDHUP
	hungUp        = syscall.EPOLLHUP
	inError       = syscall.EPOLLERR
	noWait        = syscall.O_NONBLOCK | syscall.O_CLOEXEC // also what EFD_, TFD_, SFD_ and SOCK_ names stand for
)

// soon is how long a case waits for what must come: it ends then, and fails.
const soon = 2 * time.Second

// A poller is an epoll instance. Each case waits for another number of events at most: by it the rules of faults.toml
// know the calls apart from each other's and from the runtime's.
type poller struct {
	t  *suite.T
	fd int
}

func newPoller(t *suite.T) poller {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		t.Fatalf("epoll_create1: %v", err)
	}
	return poller{t, fd}
}

func (p poller) close() { syscall.Close(p.fd) }

func (p poller) control(operation, fd int, events uint32) error {
	return syscall.EpollCtl(p.fd, operation, fd, &syscall.EpollEvent{Events: events, Fd: int32(fd)})
}

func (p poller) add(fd int, events uint32) {
	if err := p.control(syscall.EPOLL_CTL_ADD, fd, events); err != nil {
		p.t.Fatalf("epoll_ctl, adding a descriptor: %v", err)
	}
}

// wait gives what is ready, at once or within a time. Signals (the runtime's own SIGURG) may interrupt: then it waits
// again.
func (p poller) wait(most int, patience time.Duration) []syscall.EpollEvent {
	events := make([]syscall.EpollEvent, most)
	for {
		count, err := syscall.EpollWait(p.fd, events, int(p.t.Patience(patience).Milliseconds()))
		if err == syscall.EINTR {
			continue
		}
		if err != nil || count > most {
			p.t.Errorf("epoll_wait for at most %d events: %d, %v", most, count, err)
			return nil
		}
		return events[:max(count, 0)]
	}
}

// expect waits for one descriptor, or for none (-1), and says when that is not what came.
func (p poller) expect(when string, most, fd int, events uint32) {
	patience := soon
	if fd < 0 {
		patience = 0
	}
	got := p.wait(most, patience)
	switch {
	case fd < 0 && len(got) == 0:
	case fd < 0:
		p.t.Errorf("%s: %d events (the first %#x), expected none", when, len(got), got[0].Events)
	case len(got) != 1:
		p.t.Errorf("%s: %d events, expected one", when, len(got))
	case int(got[0].Fd) != fd || got[0].Events != events:
		p.t.Errorf("%s: events %#x, of the right descriptor: %v; expected %#x", when, got[0].Events, int(got[0].Fd) == fd, events)
	}
}

// pipe2 is a pipe of which neither end waits.
func pipe2(t *suite.T, flags int) (reader, writer int) {
	var ends [2]int
	if err := syscall.Pipe2(ends[:], flags); err != nil {
		t.Fatalf("pipe2: %v", err)
	}
	return ends[0], ends[1]
}

func socketPair(t *suite.T, kind int) (a, b int) {
	ends, err := syscall.Socketpair(syscall.AF_UNIX, kind|noWait, 0)
	if err != nil {
		t.Fatalf("socketpair: %v", err)
	}
	return ends[0], ends[1]
}

func closeAll(fds ...int) {
	for _, fd := range fds {
		syscall.Close(fd)
	}
}

const semaphore = 1 // EFD_SEMAPHORE

func eventFD(t *suite.T, flags int) int {
	fd, _, errno := syscall.Syscall(syscall.SYS_EVENTFD2, 0, uintptr(noWait|flags), 0)
	if errno != 0 {
		t.Fatalf("eventfd2: %v", errno)
	}
	return int(fd)
}

// addTo writes a number to an event counter.
func addTo(fd int, number uint64) error {
	_, err := syscall.Write(fd, unsafe.Slice((*byte)(unsafe.Pointer(&number)), 8))
	return err
}

// taken reads the number of an event counter or of a timer's expirations.
func taken(fd int) (number uint64, err error) {
	_, err = syscall.Read(fd, unsafe.Slice((*byte)(unsafe.Pointer(&number)), 8))
	return number, err
}

// number is that of a system call which package syscall does not have on each port.
func number(t *suite.T, name string) uintptr {
	numbers := map[string]map[string]uintptr{
		"copy_file_range": {
			"386": 377, "amd64": 326, "arm": 391, "arm64": 285, "loong64": 285, "riscv64": 285, "ppc64": 379, "ppc64le": 379,
			"s390x": 375, "mips": 4360, "mipsle": 4360, "mips64": 5320, "mips64le": 5320,
		},
		"pidfd_open": {"mips": 4434, "mipsle": 4434, "mips64": 5434, "mips64le": 5434, "": 434},
	}[name]
	if found, ok := numbers[runtime.GOARCH]; ok {
		return found
	}
	if numbers[""] == 0 {
		t.Unknown("the number of %s on this port is in no table", name)
	}
	return numbers[""]
}

// kernelBefore says whether the kernel is older than a version, as far as it tells.
func kernelBefore(major, minor int) bool {
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	var have [2]int
	count, _ := fmt.Sscanf(string(release), "%d.%d", &have[0], &have[1])
	return count == 2 && (have[0] < major || have[0] == major && have[1] < minor)
}

// fileWith is a new file with a content.
func fileWith(t *suite.T, content string) *os.File {
	f, err := os.OpenFile(t.Dir()+"/file", os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		_, err = f.WriteString(content)
	}
	if err != nil {
		t.Fatalf("a new file: %v", err)
	}
	return f
}
