//go:build !arm

package files

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/files/codes"
)

func init() {
	suite.Register(suite.Case{
		ID:       "files/sync-file-range",
		Contract: "sync_file_range starts and awaits writing of a range; on a pipe it is ESPIPE.",
		Source:   "sync_file_range(2); syscall(2): its arguments are in another order on PowerPC",
		Breaks:   "Storage engines (Pebble, CockroachDB) get errors or sync another range.",
		Run:      syncFileRange,
	})
}

func syncFileRange(t *suite.T) {
	const waitBefore, write, waitAfter = 1, 2, 4 // linux/fs.h
	file := opened(t, put(t, filepath.Join(t.Dir(), "file"), strings.Repeat("x", 16<<10)), os.O_RDWR)
	defer file.Close()
	works(t, "sync_file_range", syscall.SyncFileRange(int(file.Fd()), 4096, 8192, waitBefore|write|waitAfter))
	if err := syscall.SyncFileRange(int(file.Fd()), -1, 4096, write); err != syscall.EINVAL {
		t.Errorf("a range from -1: %s; EINVAL was expected", codes.Describe(err))
	}
	reading, writing, err := os.Pipe()
	works(t, "a pipe", err)
	defer reading.Close()
	defer writing.Close()
	if err := syscall.SyncFileRange(int(writing.Fd()), 0, 0, write); err != syscall.ESPIPE {
		t.Errorf("a pipe: %s; ESPIPE was expected", codes.Describe(err))
	}
}
