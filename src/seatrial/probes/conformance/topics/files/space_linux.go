package files

import (
	"bytes"
	"errors"
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
		ID:       "files/holes-found",
		Contract: "SEEK_DATA and SEEK_HOLE skip what was never written and find all that was; past the end is ENXIO.",
		Source:   "lseek(2), \"Seeking file data and holes\"",
		Breaks:   "Copies and backups of images and databases miss data, or fill the disk with zeros.",
		Run:      holesFound,
	}, suite.Case{
		ID:       "files/fallocate",
		Contract: "fallocate reserves without changing what is there, keeps the size when told to, and punches holes of zeros.",
		Source:   "fallocate(2)",
		Breaks:   "Write-ahead logs (etcd, badger) run out of space in the middle, or lose what a hole was next to.",
		Run:      fallocate,
	}, suite.Case{
		ID:       "files/written-through",
		Contract: "fsync and fdatasync succeed on a file, fsync on a folder too; on a pipe they are EINVAL.",
		Source:   "fsync(2); Go os.File.Sync",
		Breaks:   "Databases stop, or believe what never reached the disk to be there.",
		Run:      writtenThrough,
	}, suite.Case{
		ID:       "files/extended-attributes",
		Contract: "A user.* attribute is kept byte for byte and listed; a small buffer is ERANGE, a missing name ENODATA.",
		Source:   "xattr(7), getxattr(2), listxattr(2)",
		Breaks:   "Container images lose capabilities and labels; object stores lose their metadata.",
		Run:      extendedAttributes,
	}, suite.Case{
		ID:       "files/copy-between-files",
		Contract: "io.Copy from file to file, which the kernel does by itself, copies each byte from where the files stood.",
		Source:   "copy_file_range(2); Go internal/poll/copy_file_range_unix.go",
		Breaks:   "Copies are short or hold zeros: programs that copy files destroy data.",
		Run:      copyBetween,
	}, suite.Case{
		ID:       "files/file-system-told",
		Contract: "statfs tells sizes that fit together and the length of names of the file system a path is on.",
		Source:   "statfs(2)",
		Breaks:   "Programs refuse to work for want of space (or fill the disk): registries, databases, kubelet.",
		Run:      fileSystemTold,
	})
}

func holesFound(t *suite.T) {
	file := opened(t, filepath.Join(t.Dir(), "file"), os.O_RDWR|os.O_CREATE)
	defer file.Close()
	if solid(file) {
		t.NA("the file system here has no holes")
	}
	const data, end = 1 << 20, 4 << 20
	if _, err := file.WriteAt([]byte("data"), data); err != nil {
		t.Fatalf("writing: %s", codes.Describe(err))
	}
	works(t, "growing", file.Truncate(end))
	const seekData, seekHole = 3, 4 // linux/fs.h
	found, err := file.Seek(0, seekData)
	if errors.Is(err, syscall.EINVAL) {
		t.NA("the file system here does not know of SEEK_DATA")
	}
	if err != nil || found == 0 || found > data {
		t.Errorf("data from 0 is found at %d (%s); at most %d, after a hole, was expected", found, codes.Describe(err), data)
	}
	hole, err := file.Seek(data, seekHole)
	if err != nil || hole < data+4 || hole >= end {
		t.Errorf("a hole from %d is found at %d (%s); one before the end was expected", data, hole, codes.Describe(err))
	}
	if at, err := file.Seek(hole, seekData); !errors.Is(err, syscall.ENXIO) {
		t.Errorf("data after the last: %d, %s; ENXIO was expected", at, codes.Describe(err))
	}
}

func fallocate(t *suite.T) {
	const keepSize, punchHole, block = 1, 2, 64 << 10 // linux/falloc.h
	path := put(t, filepath.Join(t.Dir(), "file"), strings.Repeat("x", 3*block))
	file := opened(t, path, os.O_RDWR)
	defer file.Close()
	allocate := func(mode uint32, from, length int64) {
		err := syscall.Fallocate(int(file.Fd()), mode, from, length)
		if errors.Is(err, syscall.EOPNOTSUPP) {
			t.NA("the file system here does not know fallocate's mode %d", mode)
		}
		works(t, "fallocate", err)
	}
	size := func(want int64) {
		if info, err := file.Stat(); err != nil || info.Size() != want {
			t.Errorf("the size is %d (%s); %d was expected", info.Size(), codes.Describe(err), want)
		}
	}
	allocate(keepSize, 3*block, block)
	size(3 * block)
	allocate(0, 0, 4*block)
	size(4 * block)
	allocate(punchHole|keepSize, block, block)
	size(4 * block)
	x := strings.Repeat("x", block)
	zeros := strings.Repeat("\x00", block)
	text, err := os.ReadFile(path)
	works(t, "reading", err)
	for i, want := range []string{x, zeros, x, zeros} {
		if got := text[i*block : (i+1)*block]; string(got) != want {
			t.Errorf("block %d begins with %q; %q was expected, and so on", i, got[:4], want[:4])
		}
	}
}

func writtenThrough(t *suite.T) {
	dir := t.Dir()
	file := opened(t, put(t, filepath.Join(dir, "file"), "text"), os.O_RDWR)
	defer file.Close()
	works(t, "fdatasync of a file", syscall.Fdatasync(int(file.Fd())))
	works(t, "fsync of a file", file.Sync())
	folder := opened(t, dir, os.O_RDONLY)
	defer folder.Close()
	works(t, "fsync of a folder", folder.Sync())
	reading, writing, err := os.Pipe()
	works(t, "a pipe", err)
	defer reading.Close()
	defer writing.Close()
	if err := writing.Sync(); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("fsync of a pipe: %s; EINVAL was expected", codes.Describe(err))
	}
}

func extendedAttributes(t *suite.T) {
	path := put(t, filepath.Join(t.Dir(), "file"), "")
	const name, value = "user.seatrial", "a\x00b\xff"
	if err := syscall.Setxattr(path, name, []byte(value), 0); errors.Is(err, syscall.EOPNOTSUPP) {
		t.NA("the file system here has no user.* attributes")
	} else {
		works(t, "setxattr", err)
	}
	got := make([]byte, 64)
	if n, err := syscall.Getxattr(path, name, got); err != nil || string(got[:max(n, 0)]) != value {
		t.Errorf("getxattr gives %q (%s); %q was expected", got[:max(n, 0)], codes.Describe(err), value)
	}
	if n, err := syscall.Getxattr(path, name, nil); err != nil || n != len(value) {
		t.Errorf("asked for the size: %d (%s); %d was expected", n, codes.Describe(err), len(value))
	}
	if n, err := syscall.Getxattr(path, name, got[:1]); err != syscall.ERANGE {
		t.Errorf("with a buffer of 1 byte: %d, %s; ERANGE was expected", n, codes.Describe(err))
	}
	list := make([]byte, 256)
	if n, err := syscall.Listxattr(path, list); err != nil || !bytes.Contains(list[:max(n, 0)], []byte(name+"\x00")) {
		t.Errorf("the list is %q (%s); %s was expected in it", list[:max(n, 0)], codes.Describe(err), name)
	}
	works(t, "removexattr", syscall.Removexattr(path, name))
	if n, err := syscall.Getxattr(path, name, got); err != syscall.ENODATA {
		t.Errorf("after it was removed: %d, %s; ENODATA was expected", n, codes.Describe(err))
	}
}

func copyBetween(t *suite.T) {
	dir := t.Dir()
	text := strings.Repeat("0123456789abcdef", 20_000)
	from := opened(t, put(t, filepath.Join(dir, "from"), text), os.O_RDONLY)
	defer from.Close()
	to := opened(t, put(t, filepath.Join(dir, "to"), "head"), os.O_RDWR)
	defer to.Close()
	_, errA := from.Seek(10, io.SeekStart)
	_, errB := to.Seek(4, io.SeekStart)
	works(t, "seeking", errors.Join(errA, errB))
	if n, err := io.Copy(to, from); err != nil || int(n) != len(text)-10 {
		t.Errorf("%d bytes were copied (%s); %d were expected", n, codes.Describe(err), len(text)-10)
	}
	holds(t, filepath.Join(dir, "to"), "head"+text[10:])
}

func fileSystemTold(t *suite.T) {
	var seen syscall.Statfs_t
	works(t, "statfs", syscall.Statfs(t.Dir(), &seen))
	if seen.Bsize <= 0 || seen.Namelen < 12 || seen.Bfree > seen.Blocks && seen.Blocks > 0 || seen.Bavail > seen.Bfree {
		t.Errorf("blocks of %d bytes, %d in all, %d free, %d for users, names of %d bytes: these do not fit together",
			seen.Bsize, seen.Blocks, seen.Bfree, seen.Bavail, seen.Namelen)
	}
	var proc syscall.Statfs_t
	const procMagic = 0x9fa0 // linux/magic.h
	works(t, "statfs of /proc", syscall.Statfs("/proc", &proc))
	if proc.Type != procMagic {
		t.Errorf("/proc is of type %#x; %#x was expected", proc.Type, procMagic)
	}
}
