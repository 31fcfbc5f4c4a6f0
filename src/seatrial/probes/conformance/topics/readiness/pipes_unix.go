//go:build darwin || freebsd || linux

package readiness

import (
	"errors"
	"os"
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "readiness/pipe-broken",
		Contract: "Writing to a pipe that nobody reads any more gives EPIPE.",
		Source:   "write(2), EPIPE; package os/signal, \"SIGPIPE\"",
		Breaks:   "A program that feeds a command which has ended goes on writing for ever.",
		Run:      pipeBroken,
	}, suite.Case{
		ID:       "readiness/pipe-deadline",
		Contract: "os.File has deadlines for pipes: a read that finds nothing, and a write that finds no room, end.",
		Source:   "os.File, SetDeadline; Go os/file_unix.go, newFile (kindPipe)",
		Breaks:   "Programs cannot limit how long they wait for a child's output (\"file type does not support deadline\").",
		Run:      pipeDeadline,
	}, suite.Case{
		ID:       "readiness/pipe-close-unblocks",
		Contract: "Closing an os.File that is a pipe ends the read that waits in it (os.ErrClosed).",
		Source:   "os.File, Close: on files that support SetDeadline pending I/O is cancelled",
		Breaks:   "Goroutines that copy the output of commands stay for ever: os/exec's Wait hangs.",
		Run:      pipeCloseUnblocks,
	})
}

func osPipe(t *suite.T) (r, w *os.File) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatalf("os.Pipe: %v", err)
	}
	return r, w
}

func pipeBroken(t *suite.T) {
	r, w := osPipe(t)
	defer w.Close()
	r.Close()
	if count, err := w.Write(make([]byte, 3023)); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("nobody reads: %d bytes were written, %v, expected EPIPE", count, err)
	}
}

func pipeDeadline(t *suite.T) {
	r, w := osPipe(t)
	defer r.Close()
	defer w.Close()
	const wait = 3 * time.Millisecond
	if err := r.SetReadDeadline(time.Now().Add(wait)); err != nil {
		t.Fatalf("SetReadDeadline: %v", err)
	}
	began := time.Now()
	if count, err := r.Read(make([]byte, 3037)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("nothing was written: read %d, %v, expected os.ErrDeadlineExceeded", count, err)
	}
	if err := w.SetWriteDeadline(began.Add(2 * wait)); err != nil {
		t.Fatalf("SetWriteDeadline: %v", err)
	}
	const most = 1 << 24
	if count, err := w.Write(make([]byte, most)); !errors.Is(err, os.ErrDeadlineExceeded) || count == most {
		t.Errorf("nobody reads: %d bytes of %d were written, %v, expected os.ErrDeadlineExceeded", count, most, err)
	}
}

func pipeCloseUnblocks(t *suite.T) {
	r, w := osPipe(t)
	defer w.Close()
	ended := make(chan error, 1)
	go func() {
		_, err := r.Read(make([]byte, 3041))
		ended <- err
	}()
	time.Sleep(time.Millisecond) // most often it waits by then; what is right is right in either order
	if err := r.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	select {
	case err := <-ended:
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("the read ended with %v, expected os.ErrClosed", err)
		}
	case <-time.After(t.Patience(2 * time.Second)):
		t.Errorf("the read goes on waiting")
	}
}
