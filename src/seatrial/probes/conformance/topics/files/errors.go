package files

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/files/codes"
)

func init() {
	suite.Register(suite.Case{
		ID:       "files/error-not-exist",
		Contract: "What is not there answers with an error that is fs.ErrNotExist, whichever call asked.",
		Source:   "open(2), ENOENT; Microsoft, System Error Codes 2 and 3; Go syscall.Errno.Is",
		Breaks:   "Programs take \"no configuration file yet\" for a fatal error, or make files anew that exist.",
		Run:      notExist,
	}, suite.Case{
		ID:       "files/error-exist",
		Contract: "Making what is there already answers with an error that is fs.ErrExist; so does removing a full folder.",
		Source:   "mkdir(2), EEXIST; rmdir(2), ENOTEMPTY; Microsoft, System Error Codes 80, 145 and 183",
		Breaks:   "Lock files and temporary names are no longer exclusive; os.MkdirAll fails when two run at once.",
		Run:      exist,
	}, suite.Case{
		ID:       "files/create-exclusive",
		Contract: "Of all that create one file with O_EXCL at the same time exactly one succeeds.",
		Source:   "open(2), O_EXCL; POSIX.1-2017, open(); Microsoft, CreateFile, CREATE_NEW",
		Breaks:   "Two processes hold one lock file; os.CreateTemp gives one file to two callers.",
		Run:      createExclusive,
	}, suite.Case{
		ID:       "files/null-device",
		Contract: "os.DevNull is empty when read and swallows what is written.",
		Source:   "null(4); Go os/exec: a nil Stdin, Stdout or Stderr is os.DevNull",
		Breaks:   "os/exec cannot start a program, or hangs it, in containers without devices.",
		Run:      nullDevice,
	})
}

func notExist(t *suite.T) {
	dir := t.Dir()
	absent := filepath.Join(dir, "absent")
	_, err := os.Open(absent)
	fails(t, "opening what is not there", err, codes.NotExist)
	_, err = os.Stat(absent)
	fails(t, "stat of what is not there", err, codes.NotExist)
	fails(t, "removing what is not there", os.Remove(absent), codes.NotExist)
	fails(t, "renaming what is not there", os.Rename(absent, absent+"2"), codes.NotExist)
	fails(t, "making a file in a folder that is not there", os.WriteFile(filepath.Join(absent, "x"), nil, 0o600), codes.NotExist)
	_, err = os.ReadDir(absent)
	fails(t, "listing what is not there", err, codes.NotExist)
}

func exist(t *suite.T) {
	dir := t.Dir()
	taken := filepath.Join(dir, "taken")
	works(t, "making a folder", os.Mkdir(taken, 0o700))
	fails(t, "making a folder that is there", os.Mkdir(taken, 0o700), codes.Exist)
	put(t, filepath.Join(taken, "file"), "")
	fails(t, "removing a folder that is not empty", os.Remove(taken), codes.Exist)
	_, err := os.OpenFile(filepath.Join(taken, "file"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	fails(t, "making a file that is there", err, codes.Exist)
}

func createExclusive(t *suite.T) {
	dir := t.Dir()
	for round := range 20 {
		path := filepath.Join(dir, string(rune('a'+round)))
		var made atomic.Int32
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
				if err == nil {
					made.Add(1)
					file.Close()
				} else if !errors.Is(err, fs.ErrExist) {
					t.Errorf("a creator was told: %s", codes.Describe(err))
				}
			})
		}
		all.Wait()
		if made.Load() != 1 {
			t.Fatalf("round %d: %d of 4 creators made the file; 1 was expected", round, made.Load())
		}
	}
}

func nullDevice(t *suite.T) {
	null := opened(t, os.DevNull, os.O_RDWR)
	defer null.Close()
	if n, err := null.Write(make([]byte, 1<<16)); n != 1<<16 || err != nil {
		t.Errorf("writing 65536 bytes: %d, %s", n, codes.Describe(err))
	}
	if n, err := null.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("reading: %d bytes, %s; the end was expected", n, codes.Describe(err))
	}
}
