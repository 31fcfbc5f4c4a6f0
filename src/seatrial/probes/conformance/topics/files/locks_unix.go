//go:build unix

package files

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/files/codes"
)

func init() {
	suite.Register(suite.Case{
		ID:       "files/flock-between-openings",
		Contract: "An exclusive flock conflicts with one through another opening of the file, shared ones go together, closing releases.",
		Source:   "flock(2); Go cmd/go/internal/lockedfile",
		Breaks:   "The go command, databases (bbolt) and pid files run twice on the same data.",
		Run:      flockBetweenOpenings,
	}, suite.Case{
		ID:       "files/record-locks-between-processes",
		Contract: "A record lock of another process is refused, and F_GETLK names its owner and its range.",
		Source:   "fcntl(2), \"Advisory record locking\"",
		Breaks:   "SQLite and other databases that several processes open are corrupted.",
		Needs:    []string{"self-exec"},
		Run:      recordLocks,
	}, suite.Case{
		ID:       "files/appends-whole",
		Contract: "What several processes write to one file opened with O_APPEND is all there, each write in one piece.",
		Source:   "open(2), O_APPEND; POSIX.1-2017, write(): no intervening file modification",
		Breaks:   "Logs of several processes overwrite each other's lines.",
		Needs:    []string{"self-exec"},
		Run:      appendsWhole,
	}, suite.Case{
		ID:       "files/offset-shared-by-dup",
		Contract: "A duplicated descriptor shares the file offset; another opening has its own; pread moves none.",
		Source:   "dup(2), open(2), pread(2)",
		Breaks:   "Output of a program and of its children to one file overwrites itself.",
		Run:      offsetShared,
	})
	suite.Helper("files-lock", lockAndWait)
	suite.Helper("files-append", appendLines)
}

func flockBetweenOpenings(t *suite.T) {
	path := put(t, filepath.Join(t.Dir(), "lock"), "")
	first, second := opened(t, path, os.O_RDWR), opened(t, path, os.O_RDWR)
	defer second.Close()
	lock := func(file *os.File, how int) error { return syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB) }
	works(t, "a shared lock", lock(first, syscall.LOCK_SH))
	works(t, "a second shared lock", lock(second, syscall.LOCK_SH))
	if err := lock(second, syscall.LOCK_EX); err != syscall.EWOULDBLOCK {
		t.Errorf("an exclusive lock next to a shared one: %s; EWOULDBLOCK was expected", codes.Describe(err))
	}
	works(t, "unlocking", lock(second, syscall.LOCK_UN))
	works(t, "an exclusive lock", lock(first, syscall.LOCK_EX))
	if err := lock(second, syscall.LOCK_SH); err != syscall.EWOULDBLOCK {
		t.Errorf("a shared lock next to an exclusive one: %s; EWOULDBLOCK was expected", codes.Describe(err))
	}
	first.Close()
	works(t, "an exclusive lock after the holder closed", lock(second, syscall.LOCK_EX))
}

const lockStart, lockLength = 100, 50

func record(kind int16, start, length int64) *syscall.Flock_t {
	return &syscall.Flock_t{Type: kind, Start: start, Len: length, Whence: io.SeekStart}
}

func lockAndWait(args []string) int {
	file, err := os.OpenFile(args[0], os.O_RDWR, 0)
	if err != nil {
		return 1
	}
	if syscall.FcntlFlock(file.Fd(), syscall.F_SETLK, record(syscall.F_WRLCK, lockStart, lockLength)) != nil {
		return 2
	}
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	return 0
}

func recordLocks(t *suite.T) {
	path := put(t, filepath.Join(t.Dir(), "lock"), "")
	file := opened(t, path, os.O_RDWR)
	defer file.Close()
	command := t.Self("files-lock", path)
	in, err := command.StdinPipe()
	works(t, "a pipe", err)
	out, err := command.StdoutPipe()
	works(t, "a pipe", err)
	works(t, "starting the child", command.Start())
	defer command.Wait()
	defer in.Close()
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the child could not lock (%q, %s)", line, codes.Describe(err))
	}
	err = syscall.FcntlFlock(file.Fd(), syscall.F_SETLK, record(syscall.F_WRLCK, lockStart+lockLength-1, 10))
	if !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EACCES) {
		t.Errorf("locking what another process holds: %s; EAGAIN or EACCES was expected", codes.Describe(err))
	}
	works(t, "locking next to it", syscall.FcntlFlock(file.Fd(), syscall.F_SETLK, record(syscall.F_WRLCK, lockStart+lockLength, 10)))
	held := record(syscall.F_WRLCK, 0, 0)
	works(t, "F_GETLK", syscall.FcntlFlock(file.Fd(), syscall.F_GETLK, held))
	if held.Type != syscall.F_WRLCK || held.Start != lockStart || held.Len != lockLength || int(held.Pid) != command.Process.Pid {
		t.Errorf("F_GETLK tells of type %d, %d bytes from %d, process %d; type %d, %d from %d, process %d were expected",
			held.Type, held.Len, held.Start, held.Pid, syscall.F_WRLCK, lockLength, lockStart, command.Process.Pid)
	}
}

const appended = 200

func line(writer string) string { return strings.Repeat(writer, 99) + "\n" }

// appendLines waits for its input to end, so that all writers begin together.
func appendLines(args []string) int {
	file, err := os.OpenFile(args[0], os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return 1
	}
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	for range appended {
		if _, err := file.WriteString(line(args[1])); err != nil {
			return 2
		}
	}
	return 0
}

func appendsWhole(t *suite.T) {
	path := put(t, filepath.Join(t.Dir(), "log"), "")
	start, gate, err := os.Pipe()
	works(t, "a pipe", err)
	defer start.Close()
	var waits []func() error
	for _, writer := range []string{"a", "b"} {
		command := t.Self("files-append", path, writer)
		command.Stdin = start
		out, err := command.StdoutPipe()
		works(t, "a pipe", err)
		works(t, "starting a writer", command.Start())
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Errorf("a writer could not begin: %s", codes.Describe(err))
		}
		waits = append(waits, command.Wait)
	}
	gate.Close()
	for _, wait := range waits {
		works(t, "a writer", wait())
	}
	text, err := os.ReadFile(path)
	works(t, "reading the log", err)
	a, b := bytes.Count(text, []byte(line("a"))), bytes.Count(text, []byte(line("b")))
	if a != appended || b != appended || len(text) != 2*appended*len(line("a")) {
		t.Fatalf("%d and %d whole lines in %d bytes; %d of each were expected, and nothing else", a, b, len(text), appended)
	}
}

func offsetShared(t *suite.T) {
	path := put(t, filepath.Join(t.Dir(), "file"), "0123456789")
	file, other := opened(t, path, os.O_RDWR), opened(t, path, os.O_RDONLY)
	defer file.Close()
	defer other.Close()
	number, err := syscall.Dup(int(file.Fd()))
	works(t, "dup", err)
	twin := os.NewFile(uintptr(number), "twin")
	defer twin.Close()
	var got [2]byte
	next := func(what string, from *os.File, want string) {
		if _, err := from.Read(got[:]); err != nil || string(got[:]) != want {
			t.Errorf("%s reads %q (%s); %q was expected", what, got, codes.Describe(err), want)
		}
	}
	next("the file", file, "01")
	next("its duplicate", twin, "23")
	if _, err := file.ReadAt(got[:], 8); err != nil || string(got[:]) != "89" {
		t.Errorf("pread gives %q (%s); \"89\" was expected", got, codes.Describe(err))
	}
	next("the file after a pread", file, "45")
	next("another opening", other, "01")
}
