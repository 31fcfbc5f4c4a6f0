package readiness

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "readiness/pipe-flags",
		Contract: "pipe2 sets O_NONBLOCK and O_CLOEXEC on both ends from the start, and neither when not asked.",
		Source:   "pipe(2), pipe2; Go os/pipe2_unix.go",
		Breaks:   "Children inherit the ends of pipes: the reader never sees the end of the stream.",
		Run:      pipeFlags,
	}, suite.Case{
		ID:       "readiness/pipe-nonblocking",
		Contract: "With O_NONBLOCK an empty pipe cannot be read and a full one not written (EAGAIN), and both are told apart by epoll.",
		Source:   "pipe(7), \"I/O on pipes and FIFOs\"; fcntl(2), O_NONBLOCK",
		Breaks:   "A goroutine that reads a pipe keeps a thread, or takes an empty pipe for the end.",
		Run:      pipeNonblocking,
	}, suite.Case{
		ID:       "readiness/pipe-atomic-writes",
		Contract: "Writes of up to PIPE_BUF (4096) bytes are not mixed with others, and not done in part.",
		Source:   "pipe(7), PIPE_BUF; POSIX.1-2017, write()",
		Breaks:   "Lines that several processes log into one pipe are torn; job servers (make) lose tokens.",
		Run:      pipeAtomic,
	}, suite.Case{
		ID:       "readiness/pipe-packets",
		Contract: "With O_DIRECT each read of a pipe gives what one write wrote.",
		Source:   "pipe(2), O_DIRECT (since Linux 3.4)",
		Breaks:   "Messages run into one another.",
		Run:      pipePackets,
	}, suite.Case{
		ID:       "readiness/pipe-capacity",
		Contract: "F_SETPIPE_SZ makes a pipe at least as large as asked, and F_GETPIPE_SZ says how much it takes.",
		Source:   "fcntl(2), F_SETPIPE_SZ; pipe(7), \"Pipe capacity\"",
		Breaks:   "Go's copies between connections enlarge their pipes so (internal/poll/splice_linux.go): they crawl, or stall.",
		Run:      pipeCapacity,
	}, suite.Case{
		ID:       "readiness/poll-closed-peer",
		Contract: "poll reports POLLHUP for a pipe without writers and POLLERR for one without readers, asked or not.",
		Source:   "poll(2), POLLHUP and POLLERR",
		Breaks:   "C libraries in cgo programs, and shells, wait for a peer that is gone.",
		Run:      pollClosedPeer,
	})
}

func pipeFlags(t *suite.T) {
	for _, asked := range []int{0, syscall.O_NONBLOCK, syscall.O_CLOEXEC, noWait} {
		r, w := pipe2(t, asked)
		defer closeAll(r, w)
		for _, fd := range []int{r, w} {
			if got := flagsOf(t, fd); got != asked {
				t.Errorf("asked for flags %#x, got %#x, on the reading end: %v", asked, got, fd == r)
			}
		}
	}
}

func pipeNonblocking(t *suite.T) {
	const most, piece = 37, 2999
	p := newPoller(t)
	r, w := pipe2(t, noWait)
	defer closeAll(p.fd, r, w)
	p.add(r, readable)
	p.add(w, writable)
	p.expect("empty", most, w, writable)
	if count, err := syscall.Read(r, make([]byte, piece)); err != syscall.EAGAIN {
		t.Errorf("reading an empty pipe: %d, %v, expected EAGAIN", count, err)
	}
	written := 0
	for {
		count, err := syscall.Write(w, make([]byte, piece))
		if err == syscall.EAGAIN {
			break
		}
		if written += count; err != nil || count <= 0 || written > 1<<24 {
			t.Fatalf("after %d bytes: %d, %v, expected EAGAIN some time", written, count, err)
		}
	}
	p.expect("full", most, r, readable)
	read := 0
	for read < written {
		count, err := syscall.Read(r, make([]byte, 1<<16))
		if read += count; err != nil || count <= 0 {
			t.Fatalf("%d of %d bytes were read, then %d, %v", read, written, count, err)
		}
	}
	p.expect("emptied", most, w, writable)
}

func pipeAtomic(t *suite.T) {
	const writers, each, size = 4, 40, 3001
	r, w := pipe2(t, syscall.O_CLOEXEC)
	stream := os.NewFile(uintptr(r), "pipe")
	defer stream.Close()
	var all sync.WaitGroup
	for writer := range writers {
		all.Go(func() {
			record := bytes.Repeat([]byte{byte('a' + writer)}, size)
			for range each {
				for {
					count, err := syscall.Write(w, record)
					if err == syscall.EINTR && count <= 0 {
						continue
					}
					if count != size {
						t.Errorf("a write of %d bytes: %d, %v", size, count, err)
					}
					break
				}
			}
		})
	}
	go func() {
		all.Wait()
		closeAll(w)
	}()
	var got bytes.Buffer
	if _, err := got.ReadFrom(stream); err != nil {
		t.Errorf("read: %v", err)
	}
	for at := 0; at+size <= got.Len(); at += size {
		if record := got.Bytes()[at : at+size]; bytes.Count(record, record[:1]) != size {
			t.Fatalf("the record at offset %d has bytes of several writers", at)
		}
	}
	if got.Len() != writers*each*size {
		t.Errorf("%d bytes were read, %d written", got.Len(), writers*each*size)
	}
}

func pipePackets(t *suite.T) {
	r, w := pipe2(t, noWait|syscall.O_DIRECT)
	defer closeAll(r, w)
	for _, packet := range []string{"first", "second packet", "third"} {
		if _, err := syscall.Write(w, []byte(packet)); err != nil {
			t.Fatalf("write: %v", err)
		}
	}
	for i, want := range []string{"first", "second", "third"} { // what is not asked for of a packet is dropped
		buffer := make([]byte, 100)
		if i == 1 {
			buffer = buffer[:len(want)]
		}
		count, err := syscall.Read(r, buffer)
		if got := string(buffer[:max(count, 0)]); err != nil || got != want {
			t.Errorf("packet %d: %q, %v, expected %q", i+1, got, err, want)
		}
	}
}

func pipeCapacity(t *suite.T) {
	const setSize, getSize = 1031, 1032 // F_SETPIPE_SZ, F_GETPIPE_SZ, linux/fcntl.h
	text, err := os.ReadFile("/proc/sys/fs/pipe-max-size")
	most, notNumber := strconv.Atoi(string(bytes.TrimSpace(text)))
	if errors.Join(err, notNumber) != nil {
		t.Unknown("/proc/sys/fs/pipe-max-size: %v", errors.Join(err, notNumber))
	}
	r, w := pipe2(t, noWait)
	defer closeAll(r, w)
	for _, want := range []int{2 * os.Getpagesize(), min(1<<18, most)} {
		got, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(w), setSize, uintptr(want))
		if errno == syscall.EPERM {
			t.NA("this user's pipes are as large as they may be in all")
		}
		told, _, _ := syscall.Syscall(syscall.SYS_FCNTL, uintptr(r), getSize, 0)
		if errno != 0 || int(got) < want || told != got {
			t.Fatalf("asked for %d bytes: got %d, %v; the other end says %d", want, got, errno, told)
		}
		count, err := syscall.Write(w, make([]byte, want))
		if err != nil || count != want {
			t.Errorf("a pipe of %d bytes takes %d, %v", want, count, err)
		}
		syscall.Read(r, make([]byte, want))
	}
}

// A pollEntry is a struct pollfd.
type pollEntry struct {
	fd     int32
	events int16
	came   int16
}

const pollIn, pollOut, pollErr, pollHup = 1, 4, 8, 16 // asm-generic/poll.h

func pollClosedPeer(t *suite.T) {
	lonely, w := pipe2(t, noWait)
	r, unread := pipe2(t, noWait)
	closeAll(w, r)
	defer closeAll(lonely, unread)
	entries := []pollEntry{{int32(lonely), 0, 0}, {int32(unread), pollOut, 0}, {int32(lonely), pollIn, 0}, {-1, pollIn, 99}}
	patience := syscall.NsecToTimespec(int64(t.Patience(2 * time.Second)))
	count, _, errno := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&entries[0])), uintptr(len(entries)),
		uintptr(unsafe.Pointer(&patience)), 0, 0, 0)
	if errno == syscall.EINTR {
		t.Fatalf("ppoll waited for what is there: it was interrupted")
	}
	if errno != 0 || count != 3 {
		t.Errorf("ppoll: %d descriptors, %v, expected 3", count, errno)
	}
	for i, want := range []int16{pollHup, pollOut | pollErr, pollHup, 0} {
		if entries[i].came != want {
			t.Errorf("entry %d: events %#x, expected %#x", i+1, entries[i].came, want)
		}
	}
}
