//go:build unix

package files

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/files/codes"
)

func init() {
	suite.Register(suite.Case{
		ID:       "files/error-kinds-of-folders",
		Contract: "A file as a folder is ENOTDIR, a folder as a file EISDIR, links in a circle ELOOP, a pipe's position ESPIPE.",
		Source:   "open(2), readlink(2), lseek(2), ERRORS",
		Breaks:   "Programs that decide by these errors (archivers, servers of files) do the wrong thing.",
		Run:      errorKinds,
	}, suite.Case{
		ID:       "files/rename-seen-whole",
		Contract: "Who opens a name that is being renamed over gets the old file or the new one, never none or a part.",
		Source:   "rename(2): there is no point at which another process will find it missing",
		Breaks:   "Configuration and state files vanish now and then for their readers.",
		Run:      renameSeenWhole,
	}, suite.Case{
		ID:       "files/rename-folders",
		Contract: "Renaming over a full folder, a folder over a file, a file over a folder, or a folder into itself is refused.",
		Source:   "rename(2), ENOTEMPTY, ENOTDIR, EISDIR, EINVAL",
		Breaks:   "Caches and deployments that swap folders lose what was there.",
		Run:      renameFolders,
	}, suite.Case{
		ID:       "files/open-after-unlink",
		Contract: "A file that was removed or renamed over stays readable and writable for those who have it open.",
		Source:   "unlink(2); rename(2): open file descriptors for newpath are unaffected",
		Breaks:   "Upgrades of running programs, log rotation and temporary files break.",
		Run:      openAfterUnlink,
	}, suite.Case{
		ID:       "files/hard-links",
		Contract: "A hard link is the same file, counted; a taken name is refused; the file stays until its last name goes.",
		Source:   "link(2), EEXIST; stat(2), st_nlink",
		Breaks:   "Caches that share files by links (Go's module and build caches, container layers) lose or copy data.",
		Run:      hardLinks,
	}, suite.Case{
		ID:       "files/symbolic-links",
		Contract: "A symbolic link gives back its text byte for byte, long ones too, and is followed only where it should be.",
		Source:   "symlink(7), readlink(2)",
		Breaks:   "Deployments by link (current -> release), Go toolchains and containers point elsewhere.",
		Run:      symbolicLinks,
	}, suite.Case{
		ID:       "files/longest-name",
		Contract: "A name as long as the file system allows works; one byte more is ENAMETOOLONG, as is a path of PATH_MAX.",
		Source:   "pathconf(3), NAME_MAX; path_resolution(7), ENAMETOOLONG",
		Breaks:   "Names are cut without a word: two files become one.",
		Run:      longestName,
	}, suite.Case{
		ID:       "files/deep-tree",
		Contract: "A tree deeper than PATH_MAX can be made, walked and removed step by step from open folders.",
		Source:   "openat(2), mkdirat(2), unlinkat(2); Go os.RemoveAll, os.Root",
		Breaks:   "os.RemoveAll leaves trees behind: caches and containers cannot be cleaned.",
		Run:      deepTree,
	}, suite.Case{
		ID:       "files/folder-read-while-changing",
		Contract: "Reading a folder in pieces gives each name exactly once, though names read before are removed meanwhile.",
		Source:   "POSIX.1-2017, readdir(); getdents64(2); Go os.File.ReadDir",
		Breaks:   "Removing a tree while reading it leaves files; listings hold doubles or lack files.",
		Run:      readWhileChanging,
	})
}

func errorKinds(t *suite.T) {
	dir := t.Dir()
	file := put(t, filepath.Join(dir, "file"), "")
	works(t, "linking a circle", errors.Join(os.Symlink("b", filepath.Join(dir, "a")), os.Symlink("a", filepath.Join(dir, "b"))))
	want := func(what string, err error, want syscall.Errno) {
		if !errors.Is(err, want) {
			t.Errorf("%s: %s; %s was expected", what, codes.Describe(err), codes.Name(want))
		}
	}
	_, err := os.Open(filepath.Join(file, "below"))
	want("opening below a file", err, syscall.ENOTDIR)
	_, err = os.OpenFile(dir, os.O_WRONLY, 0)
	want("writing to a folder", err, syscall.EISDIR)
	_, err = os.Open(filepath.Join(dir, "a"))
	want("opening links in a circle", err, syscall.ELOOP)
	_, err = os.Readlink(file)
	want("reading a file as a link", err, syscall.EINVAL)
	reading, writing, err := os.Pipe()
	works(t, "a pipe", err)
	defer reading.Close()
	defer writing.Close()
	_, err = reading.Seek(0, io.SeekCurrent)
	want("a pipe's position", err, syscall.ESPIPE)
}

func renameSeenWhole(t *suite.T) {
	dir := t.Dir()
	texts := []string{strings.Repeat("a", 3000), strings.Repeat("b", 5000)}
	target := put(t, filepath.Join(dir, "target"), texts[0])
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				got, err := os.ReadFile(target)
				if err != nil || string(got) != texts[0] && string(got) != texts[1] {
					t.Errorf("a reader got %d bytes, %s; 3000 or 5000 were expected", len(got), codes.Describe(err))
					return
				}
			}
		})
	}
	for i := range 15 {
		if err := os.Rename(put(t, filepath.Join(dir, "new"), texts[i%2]), target); err != nil {
			t.Errorf("renaming: %s", codes.Describe(err))
			break
		}
	}
	close(done)
	readers.Wait()
}

func renameFolders(t *suite.T) {
	dir := t.Dir()
	full, empty, file := filepath.Join(dir, "full"), filepath.Join(dir, "empty"), filepath.Join(dir, "file")
	works(t, "making folders", errors.Join(os.Mkdir(full, 0o700), os.Mkdir(empty, 0o700)))
	inner := put(t, filepath.Join(full, "inner"), "inner")
	put(t, file, "file")
	for _, row := range []struct {
		from, to string
		want     []error
	}{
		{empty, full, []error{syscall.ENOTEMPTY, syscall.EEXIST}},
		{empty, file, []error{syscall.ENOTDIR}},
		{file, full, []error{syscall.EISDIR}},
		{full, filepath.Join(full, "self"), []error{syscall.EINVAL}},
	} {
		err := syscall.Rename(row.from, row.to)
		if err == nil || err != row.want[0] && err != row.want[len(row.want)-1] {
			t.Errorf("renaming %s to %s: %s; %s was expected", filepath.Base(row.from), filepath.Base(row.to),
				codes.Describe(err), codes.Describe(row.want[0]))
		}
	}
	holds(t, inner, "inner")
	holds(t, file, "file")
	works(t, "renaming a full folder over an empty one", syscall.Rename(full, empty))
	holds(t, filepath.Join(empty, "inner"), "inner")
}

func openAfterUnlink(t *suite.T) {
	dir := t.Dir()
	for _, way := range []string{"removed", "renamed over"} {
		path := put(t, filepath.Join(dir, "file"), "old text")
		file := opened(t, path, os.O_RDWR)
		defer file.Close()
		if way == "removed" {
			works(t, "removing", os.Remove(path))
		} else {
			works(t, "renaming over", os.Rename(put(t, path+"2", "new text"), path))
		}
		got := make([]byte, 8)
		if _, err := file.ReadAt(got, 0); err != nil || string(got) != "old text" {
			t.Errorf("%s: reading gives %q, %s; \"old text\" was expected", way, got, codes.Describe(err))
		}
		if _, err := file.WriteAt([]byte("OLD"), 0); err != nil {
			t.Errorf("%s: writing: %s", way, codes.Describe(err))
		}
		var seen syscall.Stat_t
		works(t, "fstat", syscall.Fstat(int(file.Fd()), &seen))
		if seen.Nlink != 0 {
			t.Errorf("%s: it is said to have %d names; none was expected", way, seen.Nlink)
		}
	}
	holds(t, filepath.Join(dir, "file"), "new text")
}

func hardLinks(t *suite.T) {
	dir := t.Dir()
	first, second := put(t, filepath.Join(dir, "first"), "text"), filepath.Join(dir, "second")
	if err := os.Link(first, second); errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOTSUP) {
		t.NA("the file system has no hard links: %s", codes.Describe(err))
	} else {
		works(t, "linking", err)
	}
	sameFile(t, "the second name", second, first)
	var seen syscall.Stat_t
	if err := syscall.Stat(first, &seen); err != nil || seen.Nlink != 2 {
		t.Errorf("%d names are counted (%s); 2 were expected", seen.Nlink, codes.Describe(err))
	}
	fails(t, "linking to a taken name", os.Link(first, second), codes.Exist)
	works(t, "removing the first name", os.Remove(first))
	holds(t, second, "text")
}

func symbolicLinks(t *suite.T) {
	dir := t.Dir()
	put(t, filepath.Join(dir, "file"), "text")
	longest := 4095 // PATH_MAX less the NUL
	if runtime.GOOS != "linux" {
		longest = 1000
	}
	for i, text := range []string{"file", "a\xff\n b", strings.Repeat("long/", 1000)[:longest]} {
		path := filepath.Join(dir, fmt.Sprint("link", i))
		err := os.Symlink(text, path)
		if i > 0 && errors.Is(err, syscall.EILSEQ) || i > 1 && errors.Is(err, syscall.ENAMETOOLONG) {
			continue // APFS wants text, XFS at most 1023 bytes
		}
		works(t, "making a link", err)
		if got, err := os.Readlink(path); got != text {
			t.Errorf("a link to %.20q of %d bytes gives %.20q of %d bytes (%s)", text, len(text), got, len(got), codes.Describe(err))
		}
	}
	holds(t, filepath.Join(dir, "link0"), "text")
	if info, err := os.Lstat(filepath.Join(dir, "link0")); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("lstat of a link: %v, %s; a link was expected", info, codes.Describe(err))
	}
	works(t, "linking to nothing", os.Symlink("absent", filepath.Join(dir, "dangling")))
	_, err := os.Stat(filepath.Join(dir, "dangling"))
	fails(t, "stat through a link to nothing", err, codes.NotExist)
	works(t, "removing a link", os.Remove(filepath.Join(dir, "link0")))
	holds(t, filepath.Join(dir, "file"), "text")
}

func longestName(t *suite.T) {
	dir := t.Dir()
	longest := longestNameOf(dir)
	t.Value("name-max", longest)
	put(t, filepath.Join(dir, strings.Repeat("n", longest)), "")
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != 1 || len(names[0].Name()) != longest {
		t.Errorf("a name of %d bytes is listed as %v (%s)", longest, names, codes.Describe(err))
	}
	for what, path := range map[string]string{
		"a name one byte too long": filepath.Join(dir, strings.Repeat("n", longest+1)),
		"a path of 4096 bytes":     dir + strings.Repeat("/.", 2048),
	} {
		if _, err := os.Stat(path); !errors.Is(err, syscall.ENAMETOOLONG) {
			t.Errorf("%s: %s; ENAMETOOLONG was expected", what, codes.Describe(err))
		}
	}
}

func deepTree(t *suite.T) {
	dir := filepath.Join(t.Dir(), "top")
	works(t, "making a folder", os.Mkdir(dir, 0o700))
	root, err := os.OpenRoot(dir)
	works(t, "opening it", err)
	const steps = 24
	name := strings.Repeat("d", 200)
	for i := range steps {
		if err := root.Mkdir(name, 0o700); err != nil {
			t.Fatalf("making folder %d: %s", i, codes.Describe(err))
		}
		next, err := root.OpenRoot(name)
		if err != nil {
			t.Fatalf("opening folder %d: %s", i, codes.Describe(err))
		}
		root.Close()
		root = next
	}
	works(t, "a file at the bottom", root.WriteFile("file", []byte("deep"), 0o600))
	root.Close()
	works(t, "os.RemoveAll", os.RemoveAll(dir))
	_, err = os.Lstat(dir)
	fails(t, "stat of the top after os.RemoveAll", err, codes.NotExist)
}

func readWhileChanging(t *suite.T) {
	const count = 120
	dir := t.Dir()
	for i := range count { // long names: several calls of the kernel's are needed
		put(t, filepath.Join(dir, fmt.Sprintf("%03d%s", i, strings.Repeat("n", 150))), "")
	}
	folder := opened(t, dir, os.O_RDONLY)
	defer folder.Close()
	seen := map[string]int{}
	for {
		names, err := folder.Readdirnames(10)
		for _, name := range names {
			seen[name]++
			works(t, "removing a name", os.Remove(filepath.Join(dir, name)))
		}
		if err == io.EOF {
			break
		}
		works(t, "reading the folder", err)
	}
	for name, times := range seen {
		if times != 1 {
			t.Errorf("%.3s came %d times", name, times)
		}
	}
	if len(seen) != count {
		t.Fatalf("%d names of %d came", len(seen), count)
	}
}
