package memory

import (
	"syscall"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "memory/madvise-dontneed-zeroes",
		Contract: "Anonymous pages that were given back with MADV_DONTNEED read as zero at once, their neighbours stay.",
		Source:   "madvise(2), MADV_DONTNEED; Go runtime/mem_linux.go, sysUnusedOS",
		Breaks:   "The runtime counts on scavenged memory being zero: new variables hold garbage.",
		Run:      dontNeedZeroes,
	}, suite.Case{
		ID:       "memory/madvise-dontneed-releases",
		Contract: "Pages given back with MADV_DONTNEED are out of memory when the call returns.",
		Source:   "madvise(2), MADV_DONTNEED; Go runtime/mgcscavenge.go",
		Breaks:   "debug.FreeOSMemory and GOMEMLIMIT have no effect: containers are killed for memory that Go freed.",
		Run:      dontNeedReleases,
	}, suite.Case{
		ID:       "memory/madvise-free",
		Contract: "MADV_FREE is done (a page is then as it was or zero, and stays when written anew) or refused with EINVAL.",
		Source:   "madvise(2), MADV_FREE; Go runtime/mem_linux.go, sysUnusedOS: on EINVAL it takes MADV_DONTNEED",
		Breaks:   "With GODEBUG=madvdontneed=0 freed memory is never given back, or live data are lost.",
		Run:      adviceFreed,
	}, suite.Case{
		ID:       "memory/madvise-huge-pages",
		Contract: "MADV_HUGEPAGE and MADV_NOHUGEPAGE are done, or refused with EINVAL, and change no data.",
		Source:   "madvise(2), MADV_HUGEPAGE; Go runtime/mem_linux.go, sysHugePageOS and sysNoHugePageOS",
		Breaks:   "The runtime asks for huge pages for large heaps: a kernel that answers wrongly costs memory or data.",
		Run:      adviceHugePages,
	}, suite.Case{
		ID:       "memory/madvise-populate",
		Contract: "MADV_POPULATE_WRITE puts all pages into memory before it returns, or is refused with EINVAL (before Linux 5.14).",
		Source:   "madvise(2), MADV_POPULATE_WRITE",
		Breaks:   "Programs that want no faults later (databases, trading, control loops) get them all the same.",
		Run:      advicePopulate,
	})
}

// lonely is a writable span between two pages without rights: no neighbour's huge page reaches into it.
func lonely(t *suite.T, pages int) (s span, unmap func()) {
	all := mapped(t, pages+2, syscall.PROT_NONE, anonymous, noFile)
	s = all.pages(1, pages)
	if errno := s.protect(readWrite); errno != 0 {
		t.Fatalf("mprotect: %v", errno)
	}
	s.advise(adviceNoHuge) // refused where there are none
	return s, func() { all.unmap() }
}

func dontNeedZeroes(t *suite.T) {
	s, unmap := lonely(t, 55)
	defer unmap()
	s.fill('a')
	given := s.pages(20, 13)
	if errno := given.advise(syscall.MADV_DONTNEED); errno != 0 {
		t.Fatalf("madvise: %v", errno)
	}
	if at := given.different(0); at >= 0 {
		t.Errorf("offset %d of what was given back has %#x, expected 0", at, given.bytes()[at])
	}
	for _, kept := range []span{s.pages(0, 20), s.pages(33, 22)} {
		if at := kept.different('a'); at >= 0 {
			t.Errorf("a neighbour lost its data: %#x, expected 0x61", kept.bytes()[at])
		}
	}
}

func dontNeedReleases(t *suite.T) {
	s, unmap := lonely(t, 57)
	defer unmap()
	s.fill('a')
	if errno := s.pages(10, 15).advise(syscall.MADV_DONTNEED); errno != 0 {
		t.Fatalf("madvise: %v", errno)
	}
	resident, errno := mincore(s)
	if errno != 0 {
		t.Fatalf("mincore: %v", errno)
	}
	if left := howMany(resident[10:25]); left != 0 {
		t.Errorf("%d of 15 pages that were given back are still in memory", left)
	}
}

func adviceFreed(t *suite.T) {
	s, unmap := lonely(t, 59)
	defer unmap()
	s.fill('a')
	errno := s.advise(adviceFree)
	t.Value("done", errno == 0)
	if errno != 0 && errno != syscall.EINVAL {
		t.Fatalf("madvise: %v, expected success or EINVAL", errno)
	}
	s.pages(7, 2).fill('b')
	for i := range 59 {
		content := s.pages(i, 1)
		first := load(content.at(0))
		switch {
		case i == 7 || i == 8:
			if content.different('b') >= 0 {
				t.Errorf("page %d, written anew, lost its data", i)
			}
		case first != 0 && first != 'a' || content.different(first) >= 0:
			t.Errorf("page %d is neither as it was nor zero", i)
		case errno != 0 && first == 0:
			t.Errorf("page %d is zero though the advice was refused", i)
		}
	}
}

func adviceHugePages(t *suite.T) {
	const length = 1061 << 12 // more than 4 MiB: with a huge page in it where the size is 2 MiB
	s := mapped(t, length/page, readWrite, anonymous, noFile)
	defer s.unmap()
	s.fill('a')
	for name, advice := range byName(map[string]uintptr{"MADV_HUGEPAGE": adviceHuge, "MADV_NOHUGEPAGE": adviceNoHuge}) {
		if errno := s.advise(advice); errno != 0 && errno != syscall.EINVAL {
			t.Errorf("%s: %v, expected success or EINVAL", name, errno)
		}
	}
	if at := s.different('a'); at >= 0 {
		t.Errorf("offset %d has %#x afterwards, expected 0x61", at, s.bytes()[at])
	}
}

func advicePopulate(t *suite.T) {
	s, unmap := lonely(t, 63)
	defer unmap()
	switch errno := s.advise(advicePopulateWrite); errno {
	case 0:
	case syscall.EINVAL:
		t.NA("this kernel has no MADV_POPULATE_WRITE: it is older than 5.14")
	default:
		t.Fatalf("madvise: %v, expected success or EINVAL", errno)
	}
	resident, errno := mincore(s)
	if errno != 0 || howMany(resident) != 63 {
		t.Errorf("%d of 63 pages are in memory (%v)", howMany(resident), errno)
	}
}
