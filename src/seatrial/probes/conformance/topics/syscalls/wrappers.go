package syscalls

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "syscalls/wrappers-keep-errors",
		Contract: "An error of package os holds the error number of the system call that failed, its name and its path.",
		Source:   "package os, PathError, LinkError and SyscallError; package syscall, Errno.Is",
		Breaks:   "errors.Is(err, fs.ErrNotExist) and errors.As(err, &errno) decide wrongly what to do about a failure.",
		Run:      wrappersKeep,
	})
}

func wrappersKeep(t *suite.T) {
	dir := t.Dir()
	missing, there := filepath.Join(dir, "nowhere"), filepath.Join(dir, "there")
	must(t, os.Mkdir(there, 0o700))
	_, opened := os.Open(missing)
	_, asked := os.Lstat(missing)
	_, bare := syscall.Open(missing, syscall.O_RDONLY, 0)
	for _, deed := range []struct {
		what string
		err  error
		kind error
		path string
	}{
		{"opening a missing file", opened, fs.ErrNotExist, missing},
		{"asking for a missing file", asked, fs.ErrNotExist, missing},
		{"removing a missing file", os.Remove(missing), fs.ErrNotExist, missing},
		{"renaming a missing file", os.Rename(missing, there+"2"), fs.ErrNotExist, missing},
		{"making a directory that is there", os.Mkdir(there, 0o700), fs.ErrExist, there},
	} {
		var errno syscall.Errno
		var onPath *fs.PathError
		var onLink *os.LinkError
		path := ""
		if errors.As(deed.err, &onPath) {
			path = onPath.Path
		} else if errors.As(deed.err, &onLink) {
			path = onLink.Old
		}
		if !errors.Is(deed.err, deed.kind) || !errors.As(deed.err, &errno) || errno == 0 || path != deed.path {
			t.Errorf("%s: %v, with %v in it and the path %q; it should be %q, on %q", deed.what, deed.err, uintptr(errno), path,
				deed.kind, deed.path)
		}
	}
	if !errors.Is(opened, bare) {
		t.Errorf("os.Open says %v, syscall.Open %v", opened, bare)
	}
}

// must ends the case with what could not be prepared.
func must(t *suite.T, err error) {
	if err != nil {
		t.Unknown("could not be prepared: %v", err)
	}
}
