//go:build unix

package signals

import (
	"fmt"
	"io"
	"os"
	"syscall"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "signals/broken-pipe-on-stdout",
		Contract: "A Go program that writes to a broken pipe on its standard output is ended by SIGPIPE.",
		Source:   "package os/signal, \"SIGPIPE\"; pipe(7)",
		Breaks:   "`program | head` does not end, or prints errors.",
		Run:      brokenStdout,
	}, suite.Case{
		ID:       "signals/broken-pipe-elsewhere",
		Contract: "A write to a broken pipe or socket on any other descriptor fails with EPIPE, and the program lives.",
		Source:   "package os/signal, \"SIGPIPE\"; write(2), EPIPE",
		Breaks:   "A service dies when a client hangs up.",
		Run:      brokenElsewhere,
	}, suite.Case{
		ID:       "signals/broken-pipe-notified",
		Contract: "When SIGPIPE was asked for, the write on standard output fails with EPIPE and the signal is handed on.",
		Source:   "package os/signal, \"SIGPIPE\"",
		Breaks:   "Programs that want to end in order when their reader is gone cannot.",
		Run:      brokenNotified,
	})
	suite.Helper("signals-write", func(args []string) int {
		received, stop := notified(syscall.SIGPIPE)
		if len(args) == 0 {
			stop()
		}
		io.ReadAll(os.Stdin) // it ends when the reader of stdout is gone
		_, err := os.Stdout.WriteString("is anybody there who reads what is written here?")
		if len(args) == 0 {
			fmt.Fprintln(os.Stderr, "alive after:", err)
			return 3
		}
		fmt.Fprintln(os.Stderr, err, <-received)
		return 0
	})
}

// writeToNobody runs the helper with a stdout whose reader is gone.
func writeToNobody(t *suite.T, args ...string) (status syscall.WaitStatus, said string) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatalf("pipe: %v", err)
	}
	child := &running{t: t, command: t.Self("signals-write", args...)}
	child.command.Stdout, child.command.Stderr = w, &child.said
	if child.in, err = child.command.StdinPipe(); err == nil {
		err = child.command.Start()
	}
	w.Close()
	r.Close()
	if err != nil {
		t.Fatalf("a helper does not start: %v", err)
	}
	child.in.Close()
	status = child.wait()
	return status, child.said.String()
}

func brokenStdout(t *suite.T) {
	if status, said := writeToNobody(t); !status.Signaled() || status.Signal() != syscall.SIGPIPE {
		t.Fatalf("the helper's end was: %s, and it said %q; an end by SIGPIPE was expected", describe(status), said)
	}
}

func brokenNotified(t *suite.T) {
	status, said := writeToNobody(t, "notified")
	expected := fmt.Sprintln("write /dev/stdout: broken pipe", syscall.SIGPIPE)
	if status.Signaled() || status.ExitStatus() != 0 || said != expected {
		t.Fatalf("the helper's end was: %s, and it said %q; %q was expected", describe(status), said, expected)
	}
}

func brokenElsewhere(t *suite.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatalf("pipe: %v", err)
	}
	r.Close()
	defer w.Close()
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatalf("socketpair: %v", err)
	}
	syscall.Close(pair[1])
	defer syscall.Close(pair[0])
	for what, fd := range map[string]int{"a pipe": int(w.Fd()), "a socket": pair[0]} {
		if n, err := syscall.Write(fd, make([]byte, 70_003)); err != syscall.EPIPE {
			t.Errorf("a write to %s that nobody reads gives %d and %v; EPIPE was expected", what, n, err)
		}
	}
}
