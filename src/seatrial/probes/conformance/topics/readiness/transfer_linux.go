package readiness

import (
	"bytes"
	"math/rand/v2"
	"os"
	"syscall"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "readiness/sendfile",
		Contract: "sendfile sends the asked part of a file into a socket, moves the given offset and leaves the file's own.",
		Source:   "sendfile(2); Go internal/poll/sendfile_unix.go and net/sendfile.go",
		Breaks:   "Files served by net/http arrive with bytes missing, doubled or from the wrong place.",
		Run:      sendsFile,
	}, suite.Case{
		ID:       "readiness/splice",
		Contract: "splice moves bytes from a socket through a pipe into another, each once, and says EAGAIN when there are none.",
		Source:   "splice(2); Go internal/poll/splice_linux.go and net/splice_linux.go",
		Breaks:   "Proxies written with io.Copy between connections lose or repeat data, or spin.",
		Run:      splices,
	}, suite.Case{
		ID:       "readiness/splice-end-of-stream",
		Contract: "splice from a socket whose peer has closed moves nothing (0).",
		Source:   "splice(2), RETURN VALUE; Go internal/poll/splice_linux.go, spliceDrain",
		Breaks:   "io.Copy between connections does not end when the client leaves.",
		Run:      splicesEnd,
	}, suite.Case{
		ID:       "readiness/tee",
		Contract: "tee copies what is in one pipe into another, and leaves it in the first.",
		Source:   "tee(2)",
		Breaks:   "Programs that watch a stream while they pass it on (recorders, mirrors of traffic) consume it.",
		Run:      tees,
	}, suite.Case{
		ID:       "readiness/copy-file-range",
		Contract: "copy_file_range copies as many bytes as it says, or is refused with an error on which Go copies by itself.",
		Source:   "copy_file_range(2); Go internal/poll/copy_file_range_linux.go, handleCopyFileRangeErr",
		Breaks:   "io.Copy between files, which uses it, makes files of the right length with the wrong content.",
		Run:      copiesRange,
	})
}

// noise is the same text of a length each time, in which each place is told apart.
func noise(length int) []byte {
	source := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, length)
	for i := range text {
		text[i] = byte(source.Uint32())
	}
	return text
}

// received reads what is there.
func received(fd int) []byte {
	var all bytes.Buffer
	for buffer := make([]byte, 1<<16); ; {
		count, err := syscall.Read(fd, buffer)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || count <= 0 {
			return all.Bytes()
		}
		all.Write(buffer[:count])
	}
}

func sendsFile(t *suite.T) {
	content := noise(20000)
	f := fileWith(t, string(content))
	defer f.Close()
	if _, err := f.Seek(77, 0); err != nil {
		t.Fatalf("lseek: %v", err)
	}
	a, b := socketPair(t, syscall.SOCK_STREAM)
	defer closeAll(a, b)
	offset := int64(1234)
	var got []byte
	for len(got) < 15000 {
		before := offset
		count, err := syscall.Sendfile(a, int(f.Fd()), &offset, 15000-len(got))
		if err != nil || count <= 0 {
			t.Fatalf("after %d bytes: %d, %v", len(got), count, err)
		}
		if offset != before+int64(count) {
			t.Fatalf("it says that %d bytes were sent, and moved the offset by %d", count, offset-before)
		}
		got = append(got, received(b)...)
	}
	if !bytes.Equal(got, content[1234:16234]) {
		t.Errorf("%d bytes arrived, not those of the file", len(got))
	}
	if at, err := f.Seek(0, 1); err != nil || at != 77 {
		t.Errorf("the file's own offset is %d (%v), expected 77 as before", at, err)
	}
	if count, err := syscall.Sendfile(a, int(f.Fd()), &[]int64{20000}[0], 100); err != nil || count != 0 {
		t.Errorf("at the end of the file: %d, %v, expected 0", count, err)
	}
}

const moveNonblocking = 2 // SPLICE_F_NONBLOCK

func splices(t *suite.T) {
	content := noise(9000)
	in, source := socketPair(t, syscall.SOCK_STREAM)
	out, sink := socketPair(t, syscall.SOCK_STREAM)
	r, w := pipe2(t, noWait)
	defer closeAll(in, source, out, sink, r, w)
	if count, err := syscall.Splice(in, nil, w, nil, 7001, moveNonblocking); err != syscall.EAGAIN {
		t.Errorf("nothing to move: %d, %v, expected EAGAIN", count, err)
	}
	if count, err := syscall.Write(source, content); err != nil || count != len(content) {
		t.Fatalf("write: %d, %v", count, err)
	}
	var got []byte
	for len(got) < len(content) {
		filled, err := syscall.Splice(in, nil, w, nil, 7001, moveNonblocking)
		if err != nil || filled <= 0 {
			t.Fatalf("from the socket, after %d bytes: %d, %v", len(got), filled, err)
		}
		for filled > 0 {
			moved, err := syscall.Splice(r, nil, out, nil, int(filled), moveNonblocking)
			if err != nil || moved <= 0 {
				t.Fatalf("into the socket, %d bytes in the pipe: %d, %v", filled, moved, err)
			}
			filled -= moved
		}
		got = append(got, received(sink)...)
	}
	if !bytes.Equal(got, content) {
		t.Errorf("%d bytes arrived for %d, not the same", len(got), len(content))
	}
}

func splicesEnd(t *suite.T) {
	in, source := socketPair(t, syscall.SOCK_STREAM)
	r, w := pipe2(t, noWait)
	closeAll(source)
	defer closeAll(in, r, w)
	if count, err := syscall.Splice(in, nil, w, nil, 7003, moveNonblocking); err != nil || count != 0 {
		t.Errorf("the peer has closed: %d, %v, expected 0", count, err)
	}
}

func tees(t *suite.T) {
	content := noise(5000)
	fromR, fromW := pipe2(t, noWait)
	toR, toW := pipe2(t, noWait)
	defer closeAll(fromR, fromW, toR, toW)
	if count, err := syscall.Write(fromW, content); err != nil || count != len(content) {
		t.Fatalf("write: %d, %v", count, err)
	}
	// syscall.Tee takes its result from two registers on 32-bit ports: the second is not the kernel's.
	copied, _, errno := syscall.Syscall6(syscall.SYS_TEE, uintptr(fromR), uintptr(toW), uintptr(len(content)), moveNonblocking, 0, 0)
	if errno != 0 || int(copied) != len(content) {
		t.Errorf("tee: %d of %d bytes, %v", int(copied), len(content), errno)
	}
	if got := received(toR); !bytes.Equal(got, content) {
		t.Errorf("the second pipe has %d bytes, not those of the first", len(got))
	}
	if got := received(fromR); !bytes.Equal(got, content) {
		t.Errorf("the first pipe has %d bytes left of %d, not as before", len(got), len(content))
	}
}

func copiesRange(t *suite.T) {
	content := noise(30000)
	from := fileWith(t, string(content))
	to := fileWith(t, "")
	defer from.Close()
	defer to.Close()
	source, target := int64(1000), int64(500)
	copied, _, errno := syscall.Syscall6(number(t, "copy_file_range"), from.Fd(), uintptr(unsafe.Pointer(&source)), to.Fd(),
		uintptr(unsafe.Pointer(&target)), 25000, 0)
	t.Value("done", errno == 0)
	switch errno {
	case 0:
	case syscall.ENOSYS, syscall.EXDEV, syscall.EINVAL, syscall.EIO, syscall.EOPNOTSUPP, syscall.EPERM:
		return // Go copies by itself
	default:
		t.Fatalf("it is refused with %v, on which Go gives up", errno)
	}
	got, err := os.ReadFile(to.Name())
	if err != nil {
		t.Fatalf("%v", err)
	}
	if source != 1000+int64(copied) || target != 500+int64(copied) {
		t.Errorf("it says that %d bytes were copied, and moved the offsets by %d and %d", copied, source-1000, target-500)
	}
	want := append(make([]byte, 500), content[1000:1000+int(copied)]...)
	if copied == 0 || !bytes.Equal(got, want) {
		t.Errorf("it says that %d bytes were copied; the new file has %d, expected %d with the same content", copied, len(got), len(want))
	}
}
