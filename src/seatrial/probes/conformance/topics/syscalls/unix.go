//go:build unix

package syscalls

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "syscalls/failed-start-tells-why",
		Contract: "A program that cannot be started: the error of execve or chdir in the child reaches the parent.",
		Source:   "execve(2), ERRORS; vfork(2); Go syscall/exec_linux.go, forkAndExecInChild",
		Breaks:   "os/exec says that a program ran which never did; the reason is lost.",
		Run:      failedStart,
	}, suite.Case{
		ID:       "syscalls/offsets-beyond-4-gib",
		Contract: "Files larger than 4 GiB are written, read, sought and measured at the right place.",
		Source:   "POSIX.1-2017, off_t; lseek(2), pread(2), truncate(2); package os, File",
		Breaks:   "Databases, disk images and archives over 2 or 4 GiB are damaged.",
		Run:      largeOffsets,
	})
}

func failedStart(t *suite.T) {
	dir := t.Dir()
	in := func(name string) string { return filepath.Join(dir, name) }
	must(t, os.WriteFile(in("plain"), []byte("#!/bin/sh\n"), 0o600))
	must(t, os.WriteFile(in("nonsense"), []byte("\x01\x02\x03\x04 no program"), 0o700))
	must(t, os.WriteFile(in("orphan"), []byte("#!/nowhere/to/be/found\n"), 0o700))
	must(t, os.Symlink("loop", in("loop")))
	start := func(program, dir string, arguments ...string) error {
		command := exec.Command(program, arguments...)
		command.Path, command.Err, command.Dir = program, nil, dir
		err := command.Start()
		if err == nil {
			command.Wait()
		}
		return err
	}
	for _, deed := range []struct {
		what     string
		expected syscall.Errno
		err      error
	}{
		{"a missing program", syscall.ENOENT, start(in("missing"), "")},
		{"a file that is not executable", syscall.EACCES, start(in("plain"), "")},
		{"a directory", syscall.EACCES, start(dir, "")},
		{"a script whose interpreter is missing", syscall.ENOENT, start(in("orphan"), "")},
		{"a link to itself", syscall.ELOOP, start(in("loop"), "")},
		{"a path through a file", syscall.ENOTDIR, start(in("plain/x"), "")},
		{"a missing working directory", syscall.ENOENT, start(in("orphan"), in("missing"))},
		{"a file that is no program", syscall.ENOEXEC, start(in("nonsense"), "")},
		{"4 MiB of arguments", syscall.E2BIG, start(in("nonsense"), "", strings.Repeat("a", 4<<20))},
	} {
		if !errors.Is(deed.err, deed.expected) {
			t.Errorf("%s: %v; %v was expected", deed.what, deed.err, deed.expected)
		}
	}
}

func largeOffsets(t *suite.T) {
	const place = 5<<30 + 7
	file, err := os.Create(filepath.Join(t.Dir(), "large"))
	must(t, err)
	defer file.Close()
	if _, err := file.WriteAt([]byte("far away"), place); errors.Is(err, syscall.EFBIG) || errors.Is(err, syscall.EINVAL) {
		t.NA("this file system has no files of 5 GiB: %v", err)
	} else if errors.Is(err, syscall.ENOSPC) {
		t.Unknown("needs room for a sparse file of 5 GiB: %v", err)
	} else if err != nil {
		t.Fatalf("writing at %d: %v", int64(place), err)
	}
	if info, err := file.Stat(); err != nil || info.Size() != place+8 {
		t.Fatalf("stat says that a file of %d bytes has %d (%v)", int64(place+8), info.Size(), err)
	}
	if at, err := file.Seek(-8, io.SeekEnd); at != place || err != nil {
		t.Fatalf("8 bytes before the end is %d (%v); %d was expected", at, err, int64(place))
	}
	text := make([]byte, 8)
	if _, err := io.ReadFull(file, text); err != nil || string(text) != "far away" {
		t.Fatalf("after seeking to %d: %q (%v)", int64(place), text, err)
	}
	if _, err := file.ReadAt(text, place&(1<<32-1)); err != nil || string(text) != strings.Repeat("\x00", 8) {
		t.Fatalf("at %d, 4 GiB before what was written: %q (%v)", int64(place&(1<<32-1)), text, err)
	}
	if err := file.Truncate(1<<32 + 1); err != nil {
		t.Fatalf("cutting to %d bytes: %v", int64(1<<32+1), err)
	}
	if info, err := file.Stat(); err != nil || info.Size() != 1<<32+1 {
		t.Fatalf("cut to %d bytes, it has %d (%v)", int64(1<<32+1), info.Size(), err)
	}
}
