package files

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/files/codes"
)

func init() {
	suite.Register(suite.Case{
		ID:       "files/windows-sharing-violation",
		Contract: "A file that is open and shared with nobody can neither be opened, removed nor renamed: ERROR_SHARING_VIOLATION.",
		Source:   "Microsoft, Creating and Opening Files; System Error Code 32",
		Breaks:   "Programs that try again when a file is busy (virus scanners, logs) give up or overwrite.",
		Run:      sharingViolation,
	}, suite.Case{
		ID:       "files/windows-delete-shared",
		Contract: "A file that is open and shared for deletion can be renamed and removed.",
		Source:   "Microsoft, CreateFile, FILE_SHARE_DELETE; Go os.Remove, os.Rename",
		Breaks:   "Log rotation and upgrades of running programs fail.",
		Run:      deleteShared,
	}, suite.Case{
		ID:       "files/windows-delete-pending",
		Contract: "A file marked for deletion while it is open cannot be opened again, and is gone when it is closed.",
		Source:   "Microsoft, FILE_DISPOSITION_INFO; MS-ERREF, STATUS_DELETE_PENDING",
		Breaks:   "os.RemoveAll of what is still in use fails in ways that Go does not know, or leaves files.",
		Run:      deletePending,
	}, suite.Case{
		ID:       "files/windows-range-locked",
		Contract: "A byte range that LockFileEx locked cannot be locked by other handles: ERROR_LOCK_VIOLATION, until it is unlocked.",
		Source:   "Microsoft, LockFileEx; System Error Code 33; Go cmd/go/internal/lockedfile",
		Breaks:   "The go command and databases run twice on the same data.",
		Run:      rangeLocked,
	}, suite.Case{
		ID:       "files/windows-locked-range-unreadable",
		Contract: "A byte range that another handle locked cannot be read; what lies next to it can.",
		Source:   "Microsoft, LockFileEx: an exclusive lock denies all other processes both read and write access",
		Breaks:   "Programs read what another one is just writing.",
		Run:      rangeUnreadable,
	})
}

const everyone = syscall.FILE_SHARE_READ | syscall.FILE_SHARE_WRITE | fileShareDelete

const fileShareDelete, deleteAccess = 4, 0x10000 // winnt.h

// openShared opens a file as CreateFile does, without Go's own sharing.
func openShared(t *suite.T, path string, share uint32) *os.File {
	name, err := syscall.UTF16PtrFromString(path)
	works(t, "a path", err)
	if suite.Planted("files-windows-sharing-turned") {
		share ^= everyone
	}
	const access = syscall.GENERIC_READ | syscall.GENERIC_WRITE | deleteAccess
	handle, err := syscall.CreateFile(name, access, share, nil, syscall.OPEN_EXISTING, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	works(t, "CreateFile", err)
	return os.NewFile(uintptr(handle), path)
}

// violation asserts ERROR_SHARING_VIOLATION, which is busy.
func violation(t *suite.T, what string, err error) {
	if !errors.Is(err, syscall.Errno(32)) || codes.KindOf(err) != codes.Busy {
		t.Errorf("%s: %s; ERROR_SHARING_VIOLATION was expected", what, codes.Describe(err))
	}
}

func sharingViolation(t *suite.T) {
	path := put(t, filepath.Join(t.Dir(), "file"), "text")
	file := openShared(t, path, 0)
	_, err := os.Open(path)
	violation(t, "opening", err)
	violation(t, "removing", os.Remove(path))
	violation(t, "renaming", os.Rename(path, path+"2"))
	works(t, "closing", file.Close())
	holds(t, path, "text")
}

func deleteShared(t *suite.T) {
	path := put(t, filepath.Join(t.Dir(), "file"), "text")
	file := openShared(t, path, everyone)
	defer file.Close()
	works(t, "renaming", os.Rename(path, path+"2"))
	_, err := os.Stat(path + "2")
	works(t, "stat of the new name", err)
	works(t, "removing", os.Remove(path+"2"))
}

var (
	kernel             = syscall.NewLazyDLL("kernel32.dll")
	setFileInformation = kernel.NewProc("SetFileInformationByHandle")
	lockFile           = kernel.NewProc("LockFileEx")
	unlockFile         = kernel.NewProc("UnlockFileEx")
)

func deletePending(t *suite.T) {
	const dispositionInfo = 4 // FILE_INFO_BY_HANDLE_CLASS, FileDispositionInfo
	path := put(t, filepath.Join(t.Dir(), "file"), "text")
	file := openShared(t, path, everyone)
	defer file.Close()
	gone := byte(1)
	if suite.Planted("files-windows-never-deleted") {
		gone = 0
	}
	done, _, err := setFileInformation.Call(file.Fd(), dispositionInfo, uintptr(unsafe.Pointer(&gone)), unsafe.Sizeof(gone))
	if done == 0 {
		t.Fatalf("SetFileInformationByHandle: %s", codes.Describe(err))
	}
	if _, err := os.Open(path); codes.KindOf(err) != codes.Permission && codes.KindOf(err) != codes.Busy {
		t.Errorf("opening what waits to be deleted: %s; ERROR_ACCESS_DENIED was expected", codes.Describe(err))
	}
	works(t, "closing", file.Close())
	_, err = os.Stat(path)
	fails(t, "stat after the last handle was closed", err, codes.NotExist)
}

// lockRange locks 20 bytes from 10, or fails at once.
func lockRange(file *os.File) error {
	const failAtOnce, exclusive = 1, 2 // LockFileEx, dwFlags
	if suite.Planted("files-windows-locks-granted") {
		return nil
	}
	at := syscall.Overlapped{Offset: 10}
	if done, _, err := lockFile.Call(file.Fd(), failAtOnce|exclusive, 0, 20, 0, uintptr(unsafe.Pointer(&at))); done == 0 {
		return err
	}
	return nil
}

func rangeLocked(t *suite.T) {
	path := put(t, filepath.Join(t.Dir(), "lock"), strings.Repeat("x", 100))
	first, second := openShared(t, path, everyone), openShared(t, path, everyone)
	defer first.Close()
	defer second.Close()
	works(t, "locking", lockRange(first))
	if err := lockRange(second); !errors.Is(err, syscall.Errno(33)) || codes.KindOf(err) != codes.Busy {
		t.Fatalf("locking what another handle holds: %s; ERROR_LOCK_VIOLATION was expected", codes.Describe(err))
	}
	at := syscall.Overlapped{Offset: 10}
	if done, _, err := unlockFile.Call(first.Fd(), 0, 20, 0, uintptr(unsafe.Pointer(&at))); done == 0 {
		t.Fatalf("UnlockFileEx: %s", codes.Describe(err))
	}
	works(t, "locking what was unlocked", lockRange(second))
}

func rangeUnreadable(t *suite.T) {
	path := put(t, filepath.Join(t.Dir(), "lock"), strings.Repeat("x", 100))
	first, second := openShared(t, path, everyone), openShared(t, path, everyone)
	defer first.Close()
	defer second.Close()
	works(t, "locking", lockRange(first))
	if _, err := second.ReadAt(make([]byte, 5), 12); !errors.Is(err, syscall.Errno(33)) {
		t.Errorf("reading what another handle holds: %s; ERROR_LOCK_VIOLATION was expected", codes.Describe(err))
	}
	if _, err := second.ReadAt(make([]byte, 5), 50); err != nil {
		t.Errorf("reading next to it: %s", codes.Describe(err))
	}
}
