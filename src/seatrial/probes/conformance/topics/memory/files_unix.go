//go:build darwin || freebsd || linux

package memory

import (
	"bytes"
	"os"
	"strings"
	"syscall"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "memory/file-shared-visible",
		Contract: "What is written through a shared mapping of a file is read from the file, and the other way round.",
		Source:   "mmap(2), MAP_SHARED; POSIX.1-2017, mmap()",
		Breaks:   "Databases that map their files (bbolt, LMDB bindings, badger) read other data than they wrote.",
		Run:      fileShared,
	}, suite.Case{
		ID:       "memory/file-private-copied-on-write",
		Contract: "What is written to a private mapping of a file is seen there only: the file stays as it was.",
		Source:   "mmap(2), MAP_PRIVATE",
		Breaks:   "The data of a program lie in such a mapping: its variables would be written into its own executable.",
		Run:      filePrivate,
	}, suite.Case{
		ID:       "memory/file-offset-in-pages",
		Contract: "A file is mapped from an offset that is a multiple of the page size, and from no other (EINVAL).",
		Source:   "mmap(2), ERRORS, EINVAL; sysconf(3), PAGESIZE",
		Breaks:   "Readers of mapped files (debug/elf users, databases) that round to os.Getpagesize see shifted data.",
		Run:      fileOffset,
	}, suite.Case{
		ID:       "memory/file-mapping-outlives-descriptor",
		Contract: "A mapping keeps its file: the descriptor may be closed and the name removed.",
		Source:   "mmap(2): after mmap has returned the descriptor can be closed; munmap(2)",
		Breaks:   "Libraries that map, close and read on (memory-mapped readers of all kinds) crash.",
		Run:      outlivesDescriptor,
	}, suite.Case{
		ID:       "memory/shared-write-needs-write-access",
		Contract: "A file that was opened for reading cannot be mapped shared and writable (EACCES).",
		Source:   "mmap(2), ERRORS, EACCES",
		Breaks:   "A program that opened a file read-only, to be safe, can change it by mistake.",
		Run:      needsWriteAccess,
	}, suite.Case{
		ID:       "memory/truncated-file-sigbus",
		Contract: "Reading a mapped page that lies past the end of a file that was cut short raises SIGBUS.",
		Source:   "mmap(2), SIGBUS; Go runtime/signal_unix.go, sigpanic, and debug.SetPanicOnFault",
		Breaks:   "Programs read stale data in place of a fault that they could catch; crash reports name the wrong cause.",
		Needs:    []string{"self-exec"},
		Run:      truncated,
	})
	suite.Helper("memory-past-the-end", pastTheEnd)
}

func fileShared(t *suite.T) {
	f := file(t, 5, 'a')
	defer f.Close()
	s := mapped(t, 5, readWrite, syscall.MAP_SHARED, int(f.Fd()))
	defer s.unmap()
	s.bytes()[page+1] = 'b'
	got := make([]byte, 3)
	if _, err := f.ReadAt(got, int64(page)); err != nil || string(got) != "aba" {
		t.Errorf("written to the mapping, read from the file: %q (%v), expected \"aba\"", got, err)
	}
	if _, err := f.WriteAt([]byte("cd"), int64(3*page)); err != nil {
		t.Fatalf("write: %v", err)
	}
	if got := s.bytes()[3*page-1 : 3*page+3]; string(got) != "acda" {
		t.Errorf("written to the file, read from the mapping: %q, expected \"acda\"", got)
	}
}

func filePrivate(t *suite.T) {
	f := file(t, 7, 'a')
	defer f.Close()
	s := mapped(t, 7, readWrite, syscall.MAP_PRIVATE, int(f.Fd()))
	defer s.unmap()
	for i := range 7 {
		s.bytes()[i*page+i] = 'b'
	}
	content, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatalf("reading the file: %v", err)
	}
	if changed := bytes.IndexByte(content, 'b'); changed >= 0 {
		t.Errorf("a write to the mapping is in the file, at offset %d", changed)
	}
	for i := range 7 {
		if got := string(s.bytes()[i*page+i : i*page+i+2]); got != "ba" {
			t.Errorf("page %d of the mapping has %q after the write, expected \"ba\"", i, got)
		}
	}
}

func fileOffset(t *suite.T) {
	f := file(t, 3, 'a')
	defer f.Close()
	if _, err := f.WriteAt([]byte("second"), int64(page)); err != nil {
		t.Fatalf("write: %v", err)
	}
	start, err := mmap(0, uintptr(page), syscall.PROT_READ, syscall.MAP_SHARED, int(f.Fd()), int64(page))
	if err != nil {
		t.Fatalf("mapping from offset %d, the page size: %v", page, err)
	}
	s := span{start, page}
	defer s.unmap()
	if got := string(s.bytes()[:7]); got != "seconda" {
		t.Errorf("the second page of the file begins with %q, expected \"seconda\"", got)
	}
	for _, offset := range []int{512, page / 2, page + 1} {
		if start, err := mmap(0, uintptr(page), syscall.PROT_READ, syscall.MAP_SHARED, int(f.Fd()), int64(offset)); err != syscall.EINVAL {
			t.Errorf("mapping from offset %d, with pages of %d: %v, expected EINVAL", offset, page, err)
			if err == nil {
				span{start, page}.unmap()
			}
		}
	}
}

func outlivesDescriptor(t *suite.T) {
	f := file(t, 9, 'a')
	s := mapped(t, 9, readWrite, syscall.MAP_SHARED, int(f.Fd()))
	defer s.unmap()
	if err := f.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		t.Fatalf("remove: %v", err)
	}
	address, failed := refused(func() {
		s.bytes()[4*page] = 'b'
		if at := s.pages(0, 4).different('a'); at >= 0 {
			t.Errorf("offset %d has %q, expected 'a'", at, s.bytes()[at])
		}
	})
	if failed {
		t.Errorf("a fault at offset %d of the mapping", address-s.start)
	}
}

func needsWriteAccess(t *suite.T) {
	f := file(t, 1, 'a')
	f.Close()
	reader, err := os.Open(f.Name())
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer reader.Close()
	start, err := mmap(0, uintptr(11*page), readWrite, syscall.MAP_SHARED, int(reader.Fd()), 0)
	if err != syscall.EACCES {
		t.Errorf("mapped shared and writable: %v, expected EACCES", err)
	}
	if err == nil {
		span{start, 11 * page}.unmap()
	}
	s := mapped(t, 11, readWrite, syscall.MAP_PRIVATE, int(reader.Fd()))
	s.unmap()
}

func truncated(t *suite.T) {
	f := file(t, 3, 'a')
	defer f.Close()
	command := t.Self("memory-past-the-end", f.Name())
	var said strings.Builder
	command.Stderr = &said
	out, err := command.Output()
	if string(out) != "cut" {
		t.Fatalf("the helper did not come to its fault: %v, it said %q", err, firstLines(said.String()))
	}
	if err == nil {
		t.Fatalf("the page past the end was read, expected SIGBUS")
	}
	if !strings.Contains(said.String(), "[signal SIGBUS") {
		t.Fatalf("expected a crash by SIGBUS, the helper said %q", firstLines(said.String()))
	}
}

func firstLines(text string) string {
	lines := strings.SplitN(text, "\n", 4)
	return strings.Join(lines[:min(3, len(lines))], "\n")
}

// pastTheEnd maps a file, cuts it after its first page and reads the last.
func pastTheEnd(args []string) int {
	f, err := os.OpenFile(args[0], os.O_RDWR, 0)
	if err != nil {
		return 3
	}
	start, err := mmap(0, uintptr(3*page), readWrite, syscall.MAP_SHARED, int(f.Fd()), 0)
	if err != nil || f.Truncate(int64(page)) != nil {
		return 4
	}
	s := span{start, 3 * page}
	load(s.at(page - 1))
	os.Stdout.WriteString("cut")
	load(s.at(2 * page))
	return 0
}
