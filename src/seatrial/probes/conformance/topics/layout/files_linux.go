package layout

import (
	"os"
	"path/filepath"
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "layout/stat",
		Contract: "Each field of stat lies where syscall.Stat_t has it: a file of known size, mode, links, owner and times.",
		Source:   "stat(2); statx(2), whose layout is the same on all ports; " + goTypes,
		Breaks:   "os.Stat gives wrong sizes, modes and times: archives, caches and builds go wrong.",
		Run:      statOfFile,
	}, suite.Case{
		ID:       "layout/stat-of-link",
		Contract: "lstat of a symbolic link and fstat of its target fill the same structure as stat.",
		Source:   "lstat(2), fstatat(2); " + goTypes,
		Breaks:   "os.Lstat and File.Stat disagree with os.Stat: links are followed or copied as files.",
		Run:      statOfLink,
	}, suite.Case{
		ID:       "layout/stat-device-numbers",
		Contract: "st_rdev of /dev/null is major 1, minor 3 in the encoding of makedev(3).",
		Source:   "makedev(3); Linux Documentation/admin-guide/devices.txt",
		Breaks:   "Container tools create other devices than those that they copied.",
		Run:      statOfDevice,
	}, suite.Case{
		ID:       "layout/statfs",
		Contract: "statfs writes exactly a syscall.Statfs_t, with type, sizes, counts and longest name in their fields.",
		Source:   "statfs(2); Linux include/uapi/asm-generic/statfs.h; " + goTypes,
		Breaks:   "Free space is misread, writing past the structure corrupts the stack.",
		Run:      statfs,
	}, suite.Case{
		ID:       "layout/dirent",
		Contract: "getdents64 gives inode, type, length of record and name where syscall.Dirent has them.",
		Source:   "getdents64(2); Go os/dir_unix.go",
		Breaks:   "os.ReadDir skips files, invents names or loops for ever.",
		Run:      dirent,
	}, suite.Case{
		ID:       "layout/inotify-event",
		Contract: "Events of inotify lie one behind the other: mask, cookie and a name padded with NULs as its length says.",
		Source:   "inotify(7); " + goTypes,
		Breaks:   "File watchers report wrong names or stop after the first event.",
		Run:      inotifyEvent,
	}, suite.Case{
		ID:       "layout/flock",
		Contract: "F_GETLK describes a lock of another owner in syscall.Flock_t: type, start, length and owner, 64 bits wide.",
		Source:   "fcntl(2), F_GETLK and open file description locks; " + goTypes,
		Breaks:   "Databases lock other bytes than they mean to, and their files get corrupted.",
		Run:      flock,
	}, suite.Case{
		ID:       "layout/iovec",
		Contract: "writev and readv take an array of base and length in words.",
		Source:   "readv(2); " + goTypes + "; Go internal/poll/writev.go",
		Breaks:   "net.Buffers sends other bytes than it was given.",
		Run:      iovec,
	}, suite.Case{
		ID:       "layout/fd-set",
		Contract: "Descriptor n is bit n of the long words of syscall.FdSet, in the machine's byte order.",
		Source:   "select(2); Linux include/uapi/linux/posix_types.h, __kernel_fd_set",
		Breaks:   "Programs that select wait for other descriptors, above all on big-endian ports.",
		Run:      fdSet,
	})
}

var (
	accessed = time.Unix(1111111111, 222222222)
	modified = time.Unix(1333333333, 444444444)
)

// known makes a file of which each field is known.
func known(t *suite.T) (file string) {
	file = filepath.Join(t.Dir(), "seatrial-stat")
	for _, err := range []error{
		os.WriteFile(file, make([]byte, 4321), 0o600),
		os.Chmod(file, 0o640),
		os.Link(file, file+"-linked"),
		os.Symlink("seatrial-stat", file+"-symbolic"),
		os.Chtimes(file, accessed, modified),
	} {
		if err != nil {
			t.Unknown("no file to ask about: %v", err)
		}
	}
	return file
}

func sameStat(t *suite.T, name string, got *syscall.Stat_t) {
	same(t, name+" st_size", got.Size, 4321)
	same(t, name+" st_mode", got.Mode, syscall.S_IFREG|0o640)
	same(t, name+" st_nlink", uint64(got.Nlink), 2)
	same(t, name+" st_uid", int(got.Uid), os.Getuid())
	same(t, name+" st_gid", int(got.Gid), os.Getegid())
	same(t, name+" st_rdev", uint64(got.Rdev), 0)
	same(t, name+" st_mtim", time.Unix(got.Mtim.Unix()), modified)
	within(t, name+" st_blocks", got.Blocks, 0, 1024)
	within(t, name+" st_blksize", int64(got.Blksize), 512, 1<<24)
}

// statx is the one structure of this kind that is the same on all ports.
type statx struct {
	Mask, Blksize              uint32
	Attributes                 uint64
	Nlink, Uid, Gid            uint32
	Mode, _                    uint16
	Ino, Size, Blocks, _       uint64
	Atime, Btime, Ctime, Mtime struct {
		Sec  int64
		Nsec uint32
		_    int32
	}
	RdevMajor, RdevMinor, DevMajor, DevMinor uint32
	_                                        [14]uint64
}

func statOfFile(t *suite.T) {
	file := known(t)
	path, _ := syscall.BytePtrFromString(file)
	other := new(statx)
	const fdCwd, basic = -100, 0x7ff
	cwd := fdCwd
	otherErr := raw(sysStatx, uintptr(cwd), at(path), 0, basic, at(other))
	got := filledStat(t, func(into *syscall.Stat_t) error { return syscall.Stat(file, into) })
	sameStat(t, "stat:", got)
	if otherErr != nil {
		t.Value("statx", otherErr.Error())
		return
	}
	same(t, "st_ino against statx", uint64(got.Ino), other.Ino)
	same(t, "st_dev against statx", uint64(got.Dev), device(other.DevMajor, other.DevMinor))
	same(t, "st_blocks against statx", uint64(got.Blocks), other.Blocks)
	same(t, "st_blksize against statx", int64(got.Blksize), int64(other.Blksize))
	same(t, "st_atim against statx", int64(got.Atim.Sec), other.Atime.Sec)
	same(t, "st_ctim against statx", int64(got.Ctim.Sec), other.Ctime.Sec)
}

// filledStat also holds the bytes that were written against the structure, where Go passes it to the kernel.
func filledStat(t *suite.T, call func(*syscall.Stat_t) error) *syscall.Stat_t {
	if _, made := t.Expected("stat-made-by-go"); made {
		got := new(syscall.Stat_t)
		if err := call(got); err != nil {
			refused(t, "stat", err)
		}
		return got
	}
	return whole(t, "stat", call)
}

// device is makedev(3).
func device(major, minor uint32) uint64 {
	return uint64(minor&0xff) | uint64(major&0xfff)<<8 | uint64(minor&^0xff)<<12 | uint64(major&^0xfff)<<32
}

func statOfLink(t *suite.T) {
	file := known(t)
	link := filledStat(t, func(into *syscall.Stat_t) error { return syscall.Lstat(file+"-symbolic", into) })
	same(t, "lstat: st_size", link.Size, int64(len("seatrial-stat")))
	same(t, "lstat: st_mode", link.Mode&syscall.S_IFMT, syscall.S_IFLNK)
	same(t, "lstat: st_nlink", uint64(link.Nlink), 1)
	opened, err := os.Open(file + "-symbolic")
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer opened.Close()
	sameStat(t, "fstat:", filledStat(t, func(into *syscall.Stat_t) error { return syscall.Fstat(int(opened.Fd()), into) }))
}

func statOfDevice(t *suite.T) {
	got := filledStat(t, func(into *syscall.Stat_t) error { return syscall.Stat(os.DevNull, into) })
	if got.Mode&syscall.S_IFMT != syscall.S_IFCHR {
		t.NA("%s is no device here (mode %#o)", os.DevNull, got.Mode)
	}
	same(t, "st_rdev", uint64(got.Rdev), device(1, 3))
}

func statfs(t *suite.T) {
	proc := whole(t, "statfs", func(into *syscall.Statfs_t) error { return syscall.Statfs("/proc", into) })
	const procMagic = 0x9fa0
	if int64(proc.Type) != procMagic {
		t.Errorf("f_type of /proc is %#x, expected %#x", proc.Type, procMagic)
	}
	same(t, "f_namelen of /proc", int64(proc.Namelen), 255)
	same(t, "f_blocks of /proc", proc.Blocks, 0)
	got := whole(t, "statfs", func(into *syscall.Statfs_t) error { return syscall.Statfs(t.Dir(), into) })
	within(t, "f_bsize", int64(got.Bsize), 512, 1<<24)
	within(t, "f_frsize", int64(got.Frsize), 0, 1<<24)
	within(t, "f_bfree", got.Bfree, 0, got.Blocks)
	within(t, "f_bavail", got.Bavail, 0, got.Bfree)
	within(t, "f_ffree", got.Ffree, 0, got.Files)
	within(t, "f_namelen", int64(got.Namelen), 14, 1024)
}
