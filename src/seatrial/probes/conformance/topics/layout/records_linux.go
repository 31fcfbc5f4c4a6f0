package layout

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"

	"seatrial.example/conformance/suite"
)

// longName makes the record of a name that does not end where a word does.
var longName = strings.Repeat("name", 10) + "s"

func dirent(t *suite.T) {
	dir := t.Dir()
	if err := os.WriteFile(filepath.Join(dir, longName), nil, 0o600); err != nil {
		t.Unknown("%v", err)
	}
	opened, err := os.Open(dir)
	if err != nil {
		t.Unknown("%v", err)
	}
	defer opened.Close()
	buffer := make([]byte, 4096)
	n, err := syscall.ReadDirent(int(opened.Fd()), buffer)
	if err != nil {
		t.Fatalf("getdents64: %v", err)
	}
	types := map[string]byte{}
	var shape syscall.Dirent
	for records := buffer[:n]; len(records) > 0; {
		length := int(binary.NativeEndian.Uint16(records[unsafe.Offsetof(shape.Reclen):]))
		start := int(unsafe.Offsetof(shape.Name))
		if length <= start || length > len(records) || length%8 != 0 {
			t.Fatalf("d_reclen is %d, with %d bytes left", length, len(records))
		}
		name, _, ended := bytes.Cut(records[start:length], []byte{0})
		if !ended {
			t.Fatalf("d_name has no NUL: %q", name)
		}
		inode := binary.NativeEndian.Uint64(records[unsafe.Offsetof(shape.Ino):])
		var stat syscall.Stat_t
		if err := syscall.Lstat(filepath.Join(dir, string(name)), &stat); err != nil {
			t.Fatalf("the name %q: %v", name, err)
		}
		if string(name) != ".." { // its number may be that of what is mounted over it
			same(t, "d_ino of "+string(name), inode, uint64(stat.Ino))
		}
		types[string(name)] = records[unsafe.Offsetof(shape.Type)]
		records = records[length:]
	}
	same(t, "the number of names", len(types), 3)
	if kind := types[longName]; kind != syscall.DT_REG && kind != syscall.DT_UNKNOWN {
		t.Errorf("d_type of a file is %d, expected %d", kind, syscall.DT_REG)
	}
	if kind := types["."]; kind != syscall.DT_DIR && kind != syscall.DT_UNKNOWN {
		t.Errorf("d_type of a folder is %d, expected %d", kind, syscall.DT_DIR)
	}
}

func inotifyEvent(t *suite.T) {
	dir := t.Dir()
	fd, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	if err != nil {
		refused(t, "inotify_init1", err)
	}
	defer syscall.Close(fd)
	watch, err := syscall.InotifyAddWatch(fd, dir, syscall.IN_CREATE|syscall.IN_MOVED_FROM|syscall.IN_MOVED_TO)
	if err != nil {
		refused(t, "inotify_add_watch", err)
	}
	if err := os.Mkdir(filepath.Join(dir, longName), 0o700); err != nil {
		t.Unknown("%v", err)
	}
	if err := os.Rename(filepath.Join(dir, longName), filepath.Join(dir, "b")); err != nil {
		t.Unknown("%v", err)
	}
	buffer := make([]byte, 4111) // a size of its own, by which a fault knows the call
	n, err := syscall.Read(fd, buffer)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	var cookies []uint32
	wanted := []struct {
		mask uint32
		name string
	}{
		{syscall.IN_CREATE | syscall.IN_ISDIR, longName},
		{syscall.IN_MOVED_FROM | syscall.IN_ISDIR, longName},
		{syscall.IN_MOVED_TO | syscall.IN_ISDIR, "b"},
	}
	for _, want := range wanted {
		if n < syscall.SizeofInotifyEvent {
			t.Fatalf("%d bytes are left for the event %#x", n, want.mask)
		}
		event := *(*syscall.InotifyEvent)(unsafe.Pointer(&buffer[0]))
		end := syscall.SizeofInotifyEvent + int(event.Len)
		if end > n || event.Len%4 != 0 {
			t.Fatalf("len is %d, with %d bytes left", event.Len, n)
		}
		same(t, "wd", int(event.Wd), watch)
		same(t, "mask", event.Mask, want.mask)
		same(t, "name", strings.TrimRight(string(buffer[syscall.SizeofInotifyEvent:end]), "\x00"), want.name)
		cookies = append(cookies, event.Cookie)
		buffer, n = buffer[end:], n-end
	}
	if n != 0 {
		t.Errorf("%d bytes are left behind the last event", n)
	}
	if cookies[0] != 0 || cookies[1] == 0 || cookies[1] != cookies[2] {
		t.Errorf("the cookies are %d, expected 0 and a number that both names of the moved folder share", cookies)
	}
}

func flock(t *suite.T) {
	name := filepath.Join(t.Dir(), "locked")
	var files [2]*os.File
	for i := range files {
		file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Unknown("%v", err)
		}
		defer file.Close()
		files[i] = file
	}
	const setOpenFileLock = 37 // F_OFD_SETLK: its owner is the open file, so that one process is enough here
	const start, length = 5<<32 + 7, 3<<32 + 1
	lock := syscall.Flock_t{Type: syscall.F_WRLCK, Start: start, Len: length}
	if err := syscall.FcntlFlock(files[0].Fd(), setOpenFileLock, &lock); err != nil {
		t.NA("F_OFD_SETLK: %v (Linux 3.15 has it)", err)
	}
	got := whole(t, "flock", func(into *syscall.Flock_t) error {
		into.Type, into.Whence, into.Start, into.Len, into.Pid = syscall.F_RDLCK, 0, start+length-1, 100, 0
		return syscall.FcntlFlock(files[1].Fd(), syscall.F_GETLK, into)
	})
	same(t, "l_type", got.Type, syscall.F_WRLCK)
	same(t, "l_whence", got.Whence, 0)
	same(t, "l_start", got.Start, start)
	same(t, "l_len", got.Len, length)
	same(t, "l_pid", got.Pid, -1)
}

func iovec(t *suite.T) {
	var ends [2]int
	if err := syscall.Pipe2(ends[:], syscall.O_NONBLOCK|syscall.O_CLOEXEC); err != nil {
		t.Unknown("pipe2: %v", err)
	}
	defer syscall.Close(ends[0])
	defer syscall.Close(ends[1])
	vectors := func(parts ...[]byte) []syscall.Iovec {
		list := make([]syscall.Iovec, len(parts))
		for i, part := range parts {
			list[i].Base = &part[0]
			list[i].SetLen(len(part))
		}
		return list
	}
	out := vectors([]byte("one"), []byte("two2"), []byte("three"))
	if n, err := number6(syscall.SYS_WRITEV, uintptr(ends[1]), at(&out[0]), 3); err != nil || n != 12 {
		t.Fatalf("writev of 12 bytes: %d, %v", int(n), err)
	}
	first, second := make([]byte, 5), make([]byte, 10)
	in := vectors(first, second)
	if n, err := number6(syscall.SYS_READV, uintptr(ends[0]), at(&in[0]), 2); err != nil || n != 12 {
		t.Errorf("readv of 12 bytes: %d, %v", int(n), err)
	}
	same(t, "the first part", string(first), "onetw")
	same(t, "the second part", string(second), "o2three\x00\x00\x00")
}

func fdSet(t *suite.T) {
	var ends [2]int
	if err := syscall.Pipe2(ends[:], syscall.O_CLOEXEC); err != nil {
		t.Unknown("pipe2: %v", err)
	}
	defer syscall.Close(ends[0])
	defer syscall.Close(ends[1])
	const duplicate, beyondOneWord = syscall.F_DUPFD_CLOEXEC, 70
	var high [2]int
	for i, end := range ends {
		fd, err := number6(syscall.SYS_FCNTL, uintptr(end), duplicate, uintptr(beyondOneWord+i*40))
		if err != nil {
			t.Unknown("F_DUPFD_CLOEXEC: %v", err)
		}
		high[i] = int(fd)
		defer syscall.Close(high[i])
	}
	set := new(syscall.FdSet)
	bits := int(unsafe.Sizeof(set.Bits[0])) * 8
	for _, fd := range high {
		set.Bits[fd/bits] |= 1 << (fd % bits)
	}
	now := new(syscall.Timespec)
	n, err := number6(syscall.SYS_PSELECT6, uintptr(high[1]+1), 0, at(set), 0, at(now))
	if err != nil || n != 1 {
		t.Errorf("pselect6 found %d descriptors that can be written (%v), expected one", int(n), err)
	}
	for _, fd := range high {
		ready := set.Bits[fd/bits]>>(fd%bits)&1 == 1
		same(t, "the bit of a pipe's end", ready, fd == high[1])
	}
}
