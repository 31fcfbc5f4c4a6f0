package files

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/files/codes"
)

func init() {
	suite.Register(suite.Case{
		ID:       "files/rename-replaces",
		Contract: "os.Rename replaces an existing file, also from another folder, and the old name is gone.",
		Source:   "rename(2); Microsoft, MoveFileEx, MOVEFILE_REPLACE_EXISTING; Go os.Rename",
		Breaks:   "Programs that write a file anew and rename it over the old one lose data.",
		Run:      renameReplaces,
	}, suite.Case{
		ID:       "files/truncate-and-grow",
		Contract: "A file that is cut and made longer again holds zeros where the cut-off bytes were.",
		Source:   "ftruncate(2); POSIX.1-2017, ftruncate(); Microsoft, SetEndOfFile and Valid Data Length",
		Breaks:   "Databases and logs read back what was deleted, or another file's bytes.",
		Run:      truncateAndGrow,
	}, suite.Case{
		ID:       "files/large-offsets",
		Contract: "Bytes written past 4 GiB are found there, and the file's size counts them.",
		Source:   "pwrite(2), lseek(2) and 64-bit off_t; syscall(2): 64-bit arguments in pairs of registers on 32-bit ports",
		Breaks:   "Images, archives and databases over 4 GiB are corrupted on 32-bit ports.",
		Run:      largeOffsets,
	}, suite.Case{
		ID:       "files/times-nanoseconds",
		Contract: "os.Chtimes sets a time that os.Stat gives back to the file system's step; a zero time leaves it as it was.",
		Source:   "utimensat(2), UTIME_OMIT; stat(2), st_mtim; Go os.Chtimes",
		Breaks:   "Build tools and synchronizers take files for changed, or miss a change.",
		Run:      timesNanoseconds,
	}, suite.Case{
		ID:       "files/times-past-2038",
		Contract: "A file's time past January 2038 is kept.",
		Source:   "inode(7); Linux Documentation/filesystems/ext4/inodes.rst, i_mtime_extra; Go syscall.Timespec",
		Breaks:   "Certificates, archives and caches with far dates get dates of 1901.",
		Run:      timesPast2038,
	}, suite.Case{
		ID:       "files/root-confinement",
		Contract: "os.Root opens nothing outside of its folder: not through .., an absolute path, or a link that leads out.",
		Source:   "openat(2), O_NOFOLLOW; Go package os, Root",
		Breaks:   "Unpacking an archive overwrites files anywhere.",
		Run:      rootConfinement,
	})
}

func renameReplaces(t *suite.T) {
	dir := t.Dir()
	other := filepath.Join(dir, "other")
	works(t, "making a folder", os.Mkdir(other, 0o700))
	for _, from := range []string{filepath.Join(dir, "new"), filepath.Join(other, "new")} {
		target := put(t, filepath.Join(dir, "target"), "old")
		put(t, from, "new")
		works(t, "renaming over a file", os.Rename(from, target))
		holds(t, target, "new")
		_, err := os.Lstat(from)
		fails(t, "stat of the old name", err, codes.NotExist)
	}
}

func truncateAndGrow(t *suite.T) {
	path := put(t, filepath.Join(t.Dir(), "file"), strings.Repeat("x", 10_000))
	file := opened(t, path, os.O_RDWR)
	defer file.Close()
	works(t, "cutting to 3 bytes", file.Truncate(3))
	works(t, "growing to 9000 bytes", file.Truncate(9000))
	holds(t, path, "xxx"+strings.Repeat("\x00", 8997))
}

func largeOffsets(t *suite.T) {
	const far = 5<<30 + 7
	path := filepath.Join(t.Dir(), "file")
	file := opened(t, path, os.O_RDWR|os.O_CREATE)
	defer os.Remove(path)
	defer file.Close()
	if solid(file) {
		t.NA("files here have no holes: the case would fill 5 GiB")
	}
	if _, err := file.WriteAt([]byte("far"), far); err != nil {
		t.NA("the file system takes no file of 5 GiB: %s", codes.Describe(err))
	}
	info, err := file.Stat()
	works(t, "stat", err)
	if info.Size() != far+3 {
		t.Fatalf("the size is %d; %d was expected", info.Size(), int64(far+3))
	}
	if at, err := file.Seek(-3, 2); err != nil || at != far {
		t.Errorf("seeking to 3 before the end: %d, %s; %d was expected", at, codes.Describe(err), int64(far))
	}
	var got [3]byte
	if _, err := file.Read(got[:]); err != nil || string(got[:]) != "far" {
		t.Errorf("read %q, %s; \"far\" was expected", got, codes.Describe(err))
	}
	if _, err := file.ReadAt(got[:], far-1<<32); err != nil || string(got[:]) != "\x00\x00\x00" {
		t.Errorf("4 GiB before it lies %q, %s; zeros were expected", got, codes.Describe(err))
	}
}

func timesNanoseconds(t *suite.T) {
	path := put(t, filepath.Join(t.Dir(), "file"), "")
	step, _ := t.Expected("file-time-step")
	unit, err := time.ParseDuration(step)
	works(t, "the expected step", err)
	want := time.Unix(1_500_000_000, 123_456_789)
	for _, zero := range []bool{false, true} {
		set := want
		if zero {
			set = time.Time{}
		}
		works(t, "os.Chtimes", os.Chtimes(path, set, set))
		info, err := os.Stat(path)
		works(t, "stat", err)
		if got := info.ModTime(); !got.Truncate(unit).Equal(want.Truncate(unit)) {
			t.Fatalf("the time is %v; %v was expected, to %v", got.UTC(), want.UTC(), unit)
		}
	}
}

func timesPast2038(t *suite.T) {
	path := put(t, filepath.Join(t.Dir(), "file"), "")
	text, _ := t.Expected("last-file-time")
	want, err := time.Parse(time.RFC3339, text)
	works(t, "the expected time", err)
	works(t, "os.Chtimes", os.Chtimes(path, want, want))
	info, err := os.Stat(path)
	works(t, "stat", err)
	t.Value("set", text)
	const lastOf32Bits = 1<<31 - 1
	got := info.ModTime()
	if got.Unix() == lastOf32Bits && !got.Equal(want) {
		t.NA("the file system here keeps no times past 2038 (utimensat(2): it takes its last one instead)")
	}
	if !got.Equal(want) {
		t.Fatalf("the time is %v; %v was expected", got.UTC(), want)
	}
}

func rootConfinement(t *suite.T) {
	dir := t.Dir()
	inside := filepath.Join(dir, "inside")
	works(t, "making a folder", os.MkdirAll(filepath.Join(inside, "sub"), 0o700))
	secret := put(t, filepath.Join(dir, "secret"), "secret")
	put(t, filepath.Join(inside, "file"), "file")
	root, err := os.OpenRoot(inside)
	works(t, "os.OpenRoot", err)
	defer root.Close()
	escapes := []string{"../secret", "sub/../../secret", secret}
	links := map[string]string{"escape-relative": "../secret", "escape-absolute": secret, "escape-folder": ".."}
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(inside, name)); err != nil {
			t.Value("links", "may not be made here")
			break
		}
		escapes = append(escapes, name)
	}
	for _, name := range append(escapes, "escape-folder/secret") {
		if file, err := root.Open(name); err == nil {
			t.Errorf("os.Root of %q opened %q, which is %q", "inside", name, file.Name())
			file.Close()
		}
	}
	file, err := root.Open("sub/../file")
	works(t, "opening what is inside", err)
	file.Close()
}
