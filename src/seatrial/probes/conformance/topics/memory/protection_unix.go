//go:build darwin || freebsd || linux

package memory

import (
	"syscall"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "memory/guard-page",
		Contract: "The first byte past a mapping that ends at a page without rights can be neither read nor written.",
		Source:   "mmap(2), PROT_NONE; Go runtime/mem_linux.go, sysFault and sysReserve",
		Breaks:   "Overruns of C thread stacks and of mapped buffers go on silently into other memory.",
		Run:      guardPage,
	}, suite.Case{
		ID:       "memory/mprotect-none-and-back",
		Contract: "Pages that mprotect takes all rights from fault, and have their content when they get the rights back.",
		Source:   "mprotect(2)",
		Breaks:   "Allocators that protect freed or secret memory (memguard, debug.SetPanicOnFault users) lose data or guard nothing.",
		Run:      noneAndBack,
	}, suite.Case{
		ID:       "memory/mprotect-read-only",
		Contract: "Of memory that mprotect makes read-only, each page can be read, and a write faults and changes nothing.",
		Source:   "mprotect(2), PROT_READ",
		Breaks:   "Constants and relocated tables (RELRO) can be overwritten by a stray pointer.",
		Run:      readOnly,
	}, suite.Case{
		ID:       "memory/read-only-mapping",
		Contract: "A mapping that was made with PROT_READ refuses writes from the start.",
		Source:   "mmap(2), PROT_READ and SIGSEGV",
		Breaks:   "Databases that map read-only to be safe from stray writes (bbolt) have their files destroyed by them.",
		Run:      mappedReadOnly,
	}, suite.Case{
		ID:       "memory/munmap-middle",
		Contract: "munmap of the middle of a mapping leaves the pages on both sides, and nothing between them.",
		Source:   "munmap(2): part of a mapping may be unmapped, its pages fault afterwards",
		Breaks:   "The runtime trims aligned reservations in this way (sysReserveAligned): it would lose or leak heap.",
		Run:      unmapMiddle,
	})
}

func guardPage(t *suite.T) {
	s := mapped(t, 13, syscall.PROT_NONE, anonymous, noFile)
	defer s.unmap()
	if errno := s.pages(1, 2).protect(readWrite); errno != 0 {
		t.Fatalf("mprotect of two pages of a reservation: %v", errno)
	}
	s.pages(1, 2).fill('a')
	for name, offset := range byName(map[string]int{"before the first byte": page - 1, "past the last byte": 3 * page}) {
		if !readRefused(s.at(offset)) {
			t.Errorf("a read %s did not fault", name)
		}
		if !writeRefused(s.at(offset)) {
			t.Errorf("a write %s did not fault", name)
		}
	}
}

func noneAndBack(t *suite.T) {
	s := mapped(t, 17, readWrite, anonymous, noFile)
	defer s.unmap()
	s.fill('a')
	part := s.pages(1, 15)
	if errno := part.protect(syscall.PROT_NONE); errno != 0 {
		t.Fatalf("mprotect to none: %v", errno)
	}
	for i := range 17 {
		inside := i >= 1 && i < 16
		if got := readRefused(s.at(i * page)); got != inside {
			t.Errorf("page %d, with pages 1 to 15 without rights: a read faults: %v, expected %v", i, got, inside)
		}
	}
	if errno := part.protect(readWrite); errno != 0 {
		t.Fatalf("mprotect back to read and write: %v", errno)
	}
	if at := s.different('a'); at >= 0 {
		t.Errorf("offset %d has %#x afterwards, expected 0x61", at, s.bytes()[at])
	}
}

func readOnly(t *suite.T) {
	s := mapped(t, 19, readWrite, anonymous, noFile)
	defer s.unmap()
	s.fill('a')
	if errno := s.protect(syscall.PROT_READ); errno != 0 {
		t.Fatalf("mprotect to read-only: %v", errno)
	}
	refusesWrites(t, s, 19)
}

func mappedReadOnly(t *suite.T) {
	f := file(t, 21, 'a')
	defer f.Close()
	s := mapped(t, 21, syscall.PROT_READ, syscall.MAP_SHARED, int(f.Fd()))
	defer s.unmap()
	refusesWrites(t, s, 21)
}

func refusesWrites(t *suite.T, s span, pages int) {
	for i := range pages {
		if readRefused(s.at(i * page)) {
			t.Fatalf("page %d: a read faults", i)
		}
		if !writeRefused(s.at(i*page + 100)) {
			t.Errorf("page %d: a write does not fault", i)
		}
	}
	if at := s.different('a'); at >= 0 {
		t.Errorf("offset %d has %#x, expected 0x61 as before", at, s.bytes()[at])
	}
}

func unmapMiddle(t *suite.T) {
	s := mapped(t, 23, readWrite, anonymous, noFile)
	s.fill('a')
	if errno := s.pages(8, 7).unmap(); errno != 0 {
		t.Fatalf("munmap of 7 of 23 pages: %v", errno)
	}
	defer s.pages(0, 8).unmap()
	defer s.pages(15, 8).unmap()
	for i := range 23 {
		// Another thread may be given this hole: then a page can be read, but has no content of ours.
		inside, kept := i >= 8 && i < 15, false
		_, faults := refused(func() { kept = load(s.at(i*page)) == 'a' && load(s.at(i*page+page-1)) == 'a' })
		if kept == inside || faults && !inside {
			t.Errorf("page %d of 23, with 8 to 14 unmapped: a read faults: %v, the content is there: %v", i, faults, kept)
		}
	}
}
