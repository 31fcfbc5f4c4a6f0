package files

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"unsafe"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/files/codes"
)

func init() {
	suite.Register(suite.Case{
		ID:       "files/rename-noreplace",
		Contract: "renameat2 with RENAME_NOREPLACE refuses a name that is taken, and moves to a free one.",
		Source:   "rename(2), RENAME_NOREPLACE (Linux 3.15)",
		Breaks:   "Tools that publish a file once (container layers, downloads) replace another's.",
		Run:      noReplace,
	}, suite.Case{
		ID:       "files/rename-exchange",
		Contract: "renameat2 with RENAME_EXCHANGE swaps two names in one step.",
		Source:   "rename(2), RENAME_EXCHANGE (Linux 3.15)",
		Breaks:   "Swapping deployments in one step is not possible, or loses one of them.",
		Run:      exchange,
	}, suite.Case{
		ID:       "files/text-file-busy",
		Contract: "Starting a program whose file is open for writing is ETXTBSY.",
		Source:   "execve(2), ETXTBSY; Go issue 22315",
		Breaks:   "Half-written programs are started; Go's own tests and tools that write a program and start it rely on the error.",
		Run:      textFileBusy,
	}, suite.Case{
		ID:       "files/seal-busy",
		Contract: "A memfd that is mapped for writing cannot be sealed (EBUSY); once sealed, writing is EPERM.",
		Source:   "fcntl(2), \"File Sealing\"; memfd_create(2)",
		Breaks:   "Container runtimes (runc's copy of itself) and shared buffers can be changed by others.",
		Run:      sealBusy,
	}, suite.Case{
		ID:       "files/locks-of-open-files",
		Contract: "OFD locks conflict between two openings in one process, and closing a third opening does not drop them.",
		Source:   "fcntl(2), \"Open file description locks\" (Linux 3.15)",
		Breaks:   "Programs with threads that lock files (SQLite in Go, qemu-img users) do not exclude each other.",
		Run:      openFileLocks,
	})
}

// rename2 calls renameat2(2) with a flag.
func rename2(t *suite.T, from, to string, flag uintptr) error {
	a, errA := syscall.BytePtrFromString(from)
	b, errB := syscall.BytePtrFromString(to)
	works(t, "a path", errors.Join(errA, errB))
	here := -100 // AT_FDCWD
	_, _, errno := syscall.Syscall6(numbersHere(t).renameat2, uintptr(here), uintptr(unsafe.Pointer(a)), uintptr(here),
		uintptr(unsafe.Pointer(b)), flag, 0)
	if errno == syscall.EINVAL {
		t.NA("the file system of %s does not know renameat2's flags (EINVAL)", filepath.Dir(from))
	}
	if errno != 0 {
		return errno
	}
	return nil
}

func noReplace(t *suite.T) {
	const flag = 1 // RENAME_NOREPLACE, linux/fs.h
	dir := t.Dir()
	from, taken, free := put(t, filepath.Join(dir, "from"), "from"), put(t, filepath.Join(dir, "taken"), "taken"), filepath.Join(dir, "free")
	fails(t, "renaming to a taken name", rename2(t, from, taken, flag), codes.Exist)
	holds(t, taken, "taken")
	works(t, "renaming to a free name", rename2(t, from, free, flag))
	holds(t, free, "from")
}

func exchange(t *suite.T) {
	const flag = 2 // RENAME_EXCHANGE, linux/fs.h
	dir := t.Dir()
	a, b := put(t, filepath.Join(dir, "a"), "a"), put(t, filepath.Join(dir, "b"), "b")
	works(t, "exchanging", rename2(t, a, b, flag))
	holds(t, a, "b")
	holds(t, b, "a")
	fails(t, "exchanging with what is not there", rename2(t, a, filepath.Join(dir, "absent"), flag), codes.NotExist)
}

func textFileBusy(t *suite.T) {
	path := put(t, filepath.Join(t.Dir(), "busy"), "#!/bin/sh\n")
	works(t, "chmod", os.Chmod(path, 0o755))
	file := opened(t, path, os.O_WRONLY)
	defer file.Close()
	process, err := os.StartProcess(path, []string{"busy"}, &os.ProcAttr{})
	if err == nil {
		process.Wait()
		if release := kernelRelease(); release == "6.11" || release == "6.12" {
			t.NA("Linux %s lets programs be written while they are started (commit 2a010c412853, taken back in 6.13)", release)
		}
	}
	if errors.Is(err, syscall.EACCES) {
		t.NA("programs may not be started from here (noexec)")
	}
	if !errors.Is(err, syscall.ETXTBSY) || codes.KindOf(err) != codes.Busy {
		t.Fatalf("starting a program that is open for writing: %s; ETXTBSY was expected", codes.Describe(err))
	}
}

// kernelRelease is the first two numbers of the kernel's version.
func kernelRelease() string {
	text, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	dots := 0
	for i, c := range text {
		if c == '.' {
			dots++
		}
		if dots == 2 {
			return string(text[:i])
		}
	}
	return string(text)
}

func sealBusy(t *suite.T) {
	const allowSealing, addSeals, sealWrite = 2, 1033, 8 // linux/memfd.h, linux/fcntl.h
	name := []byte("files-seal\x00")
	descriptor, _, errno := syscall.Syscall(numbersHere(t).memfdCreate, uintptr(unsafe.Pointer(&name[0])), allowSealing, 0)
	if errno != 0 {
		t.Fatalf("memfd_create: %s", codes.Describe(errno))
	}
	file := os.NewFile(descriptor, "memfd")
	defer file.Close()
	works(t, "ftruncate", file.Truncate(4096))
	mapped, err := syscall.Mmap(int(descriptor), 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	works(t, "mmap", err)
	seal := func() error {
		if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, descriptor, addSeals, sealWrite); errno != 0 {
			return errno
		}
		return nil
	}
	fails(t, "sealing what is mapped for writing", seal(), codes.Busy)
	works(t, "munmap", syscall.Munmap(mapped))
	works(t, "sealing", seal())
	_, err = file.WriteAt([]byte("x"), 0)
	fails(t, "writing to what is sealed", err, codes.Permission)
}

func openFileLocks(t *suite.T) {
	const setLock = 37 // F_OFD_SETLK, asm-generic/fcntl.h
	path := put(t, filepath.Join(t.Dir(), "lock"), "")
	first, second := opened(t, path, os.O_RDWR), opened(t, path, os.O_RDWR)
	defer first.Close()
	defer second.Close()
	lock := func(file *os.File, kind int16) error {
		return syscall.FcntlFlock(file.Fd(), setLock, record(kind, 0, 10))
	}
	works(t, "locking", lock(first, syscall.F_WRLCK))
	if err := lock(second, syscall.F_RDLCK); !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EACCES) {
		t.Errorf("locking through another opening: %s; EAGAIN was expected", codes.Describe(err))
	}
	opened(t, path, os.O_RDONLY).Close()
	if err := lock(second, syscall.F_WRLCK); !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EACCES) {
		t.Errorf("locking after a third opening was closed: %s; EAGAIN was expected", codes.Describe(err))
	}
	works(t, "unlocking", lock(first, syscall.F_UNLCK))
	works(t, "locking what was unlocked", lock(second, syscall.F_WRLCK))
}
