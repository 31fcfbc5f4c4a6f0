package readiness

import (
	"errors"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "readiness/iocp-file-read",
		Contract: "A read that was started on a file of a completion port is told there once, with its key, length and data.",
		Source:   "GetQueuedCompletionStatus (Microsoft, Win32); Go runtime/netpoll_windows.go, netpoll",
		Breaks:   "Goroutines that wait for a read are not woken, or the wrong ones are.",
		Run:      portFileRead,
	}, suite.Case{
		ID:       "readiness/iocp-posted",
		Contract: "PostQueuedCompletionStatus wakes a thread that waits, with the values that were posted.",
		Source:   "PostQueuedCompletionStatus (Microsoft, Win32); Go runtime/netpoll_windows.go, netpollBreak",
		Breaks:   "New timers and connections wait until something else wakes the poller.",
		Needs:    []string{"threads"},
		Run:      portPosted,
	}, suite.Case{
		ID:       "readiness/iocp-time-out",
		Contract: "Waiting for a completion port with nothing queued ends with WAIT_TIMEOUT, at once for 0.",
		Source:   "GetQueuedCompletionStatus (Microsoft, Win32), dwMilliseconds",
		Breaks:   "An idle Go program spins, or does not see its timers.",
		Run:      portTimeOut,
	}, suite.Case{
		ID:       "readiness/iocp-cancel",
		Contract: "CancelIoEx ends a pending read, which is then told with ERROR_OPERATION_ABORTED.",
		Source:   "CancelIoEx (Microsoft, Win32); Go internal/poll/fd_windows.go, execIO",
		Breaks:   "Deadlines and Close do not end what waits: the memory of a read is written to later.",
		Run:      portCancel,
	}, suite.Case{
		ID:       "readiness/named-pipe-deadline",
		Contract: "os.NewFile on an overlapped named pipe has deadlines: a read that finds nothing ends, and data that come are read.",
		Source:   "os.NewFile (since Go 1.25, Windows: handles opened for overlapped I/O); os.File, SetReadDeadline",
		Breaks:   "Programs that talk through named pipes (Docker, containerd, agents) cannot limit how long they wait.",
		Run:      namedPipeDeadline,
	})
}

const (
	overlapped       = 0x40000000 // FILE_FLAG_OVERLAPPED, fileapi.h
	pipeDuplex       = 3          // PIPE_ACCESS_DUPLEX, namedpipeapi.h
	waitTimeOut      = syscall.Errno(258)
	operationAborted = syscall.Errno(995)
	soon             = 2 * time.Second
)

var createNamedPipe = syscall.NewLazyDLL("kernel32.dll").NewProc("CreateNamedPipeW")

type port struct {
	t      *suite.T
	handle syscall.Handle
}

func newPort(t *suite.T) port {
	handle, err := syscall.CreateIoCompletionPort(syscall.InvalidHandle, 0, 0, 0)
	if err != nil {
		t.Fatalf("CreateIoCompletionPort: %v", err)
	}
	return port{t, handle}
}

func (p port) close() { syscall.CloseHandle(p.handle) }

func (p port) add(file syscall.Handle, key uint32) {
	if _, err := syscall.CreateIoCompletionPort(file, p.handle, key, 0); err != nil {
		p.t.Fatalf("CreateIoCompletionPort for a file: %v", err)
	}
}

// A packet is what a completion port tells.
type packet struct {
	length, key uint32
	operation   *syscall.Overlapped
	err         error
}

func (p port) wait(patience time.Duration) (got packet) {
	got.err = syscall.GetQueuedCompletionStatus(p.handle, &got.length, &got.key, &got.operation,
		uint32(p.t.Patience(patience).Milliseconds()))
	switch {
	case suite.Planted("readiness-port-tells-nothing"):
		return packet{err: waitTimeOut}
	case got.err == waitTimeOut && suite.Planted("readiness-port-tells-too-much"):
		return packet{}
	case got.err == operationAborted && suite.Planted("readiness-cancel-not-told"):
		got.err = nil
	}
	return got
}

// pinned keeps in their places what the kernel writes to while Go code runs.
func pinned(operation *syscall.Overlapped, buffer *byte) *runtime.Pinner {
	pins := &runtime.Pinner{}
	pins.Pin(operation)
	pins.Pin(buffer)
	return pins
}

func portFileRead(t *suite.T) {
	const key = 77
	name := t.Dir() + `\file`
	if err := os.WriteFile(name, []byte("content"), 0o600); err != nil {
		t.Fatalf("%v", err)
	}
	path, err := syscall.UTF16PtrFromString(name)
	if err != nil {
		t.Fatalf("%v", err)
	}
	file, err := syscall.CreateFile(path, syscall.GENERIC_READ, syscall.FILE_SHARE_READ, nil, syscall.OPEN_EXISTING, overlapped, 0)
	if err != nil {
		t.Fatalf("CreateFile: %v", err)
	}
	p := newPort(t)
	defer p.close()
	defer syscall.CloseHandle(file)
	p.add(file, key)
	operation := &syscall.Overlapped{Offset: 3}
	buffer := make([]byte, 100)
	defer pinned(operation, &buffer[0]).Unpin()
	if err := syscall.ReadFile(file, buffer, nil, operation); err != nil && err != syscall.ERROR_IO_PENDING {
		t.Fatalf("ReadFile: %v", err)
	}
	got := p.wait(soon)
	if got.err != nil || got.key != key || got.operation != operation || string(buffer[:min(got.length, 100)]) != "tent" {
		t.Errorf("a read from offset 3 of \"content\": %q, %v, key %d, of this operation: %v; expected \"tent\", key %d",
			buffer[:min(got.length, 100)], got.err, got.key, got.operation == operation, key)
	}
	if got := p.wait(0); got.err != waitTimeOut {
		t.Errorf("told once, and again: %v, expected WAIT_TIMEOUT", got.err)
	}
}

func portPosted(t *suite.T) {
	const length, key = 12345, 678
	p := newPort(t)
	defer p.close()
	operation := &syscall.Overlapped{}
	woken := make(chan packet)
	go func() { woken <- p.wait(soon) }()
	time.Sleep(2 * time.Millisecond) // most often it waits by then; what is right is right in either order
	if err := syscall.PostQueuedCompletionStatus(p.handle, length, key, operation); err != nil {
		t.Errorf("PostQueuedCompletionStatus: %v", err)
	}
	if got := <-woken; got != (packet{length, key, operation, nil}) {
		t.Errorf("length %d, key %d, %v, of this operation: %v; expected %d and %d", got.length, got.key, got.err,
			got.operation == operation, length, key)
	}
}

func portTimeOut(t *suite.T) {
	p := newPort(t)
	defer p.close()
	for _, wait := range []time.Duration{0, 20 * time.Millisecond} {
		if got := p.wait(wait); got.err != waitTimeOut || got.operation != nil {
			t.Errorf("nothing queued, a wait of %v: %v, expected WAIT_TIMEOUT", wait, got.err)
		}
	}
}

// namedPipe is both ends of a pipe, opened for overlapped I/O.
func namedPipe(t *suite.T, purpose string) (server, client syscall.Handle) {
	path, err := syscall.UTF16PtrFromString(`\\.\pipe\seatrial-` + purpose + "-" + strconv.Itoa(os.Getpid()))
	if err != nil {
		t.Fatalf("%v", err)
	}
	const instances, size = 1, 4096
	made, _, err := createNamedPipe.Call(uintptr(unsafe.Pointer(path)), pipeDuplex|overlapped, 0, instances, size, size, 0, 0)
	server = syscall.Handle(made)
	if server == syscall.InvalidHandle {
		t.Fatalf("CreateNamedPipe: %v", err)
	}
	client, err = syscall.CreateFile(path, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil, syscall.OPEN_EXISTING, overlapped, 0)
	if err != nil {
		syscall.CloseHandle(server)
		t.Fatalf("opening the pipe: %v", err)
	}
	if suite.Planted("readiness-pipe-not-empty") {
		syscall.WriteFile(client, []byte{0}, nil, &syscall.Overlapped{})
	}
	return server, client
}

func portCancel(t *suite.T) {
	const key = 99
	server, client := namedPipe(t, "cancel")
	p := newPort(t)
	defer p.close()
	defer syscall.CloseHandle(server)
	defer syscall.CloseHandle(client)
	p.add(server, key)
	operation, buffer := &syscall.Overlapped{}, make([]byte, 100)
	defer pinned(operation, &buffer[0]).Unpin()
	if err := syscall.ReadFile(server, buffer, nil, operation); err != syscall.ERROR_IO_PENDING {
		t.Fatalf("reading an empty pipe: %v, expected ERROR_IO_PENDING", err)
	}
	if err := syscall.CancelIoEx(server, operation); err != nil {
		t.Errorf("CancelIoEx: %v", err)
	}
	if got := p.wait(soon); got.err != operationAborted || got.operation != operation {
		t.Errorf("cancelled: %v, of this operation: %v; expected ERROR_OPERATION_ABORTED", got.err, got.operation == operation)
	}
}

func namedPipeDeadline(t *suite.T) {
	server, client := namedPipe(t, "deadline")
	reader, writer := os.NewFile(uintptr(server), "server"), os.NewFile(uintptr(client), "client")
	defer reader.Close()
	defer writer.Close()
	if err := reader.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatalf("SetReadDeadline: %v", err)
	}
	buffer := make([]byte, 100)
	if count, err := reader.Read(buffer); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("nothing was written: read %d, %v, expected os.ErrDeadlineExceeded", count, err)
	}
	reader.SetReadDeadline(time.Now().Add(t.Patience(soon)))
	if _, err := writer.WriteString("later"); err != nil {
		t.Fatalf("write: %v", err)
	}
	if count, err := reader.Read(buffer); err != nil || string(buffer[:count]) != "later" {
		t.Errorf("read %q, %v, expected \"later\"", buffer[:count], err)
	}
}
