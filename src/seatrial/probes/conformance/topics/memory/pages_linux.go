package memory

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

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
	}, suite.Case{
		ID:       "memory/mincore",
		Contract: "mincore says of each page whether it is in memory: of fresh ones no, of those touched yes.",
		Source:   "mincore(2)",
		Breaks:   "Caches that read what is resident first, and all checks of scavenging, are misled.",
		Run:      tellsResidency,
	}, suite.Case{
		ID:       "memory/mlock-within-limit",
		Contract: "mlock within RLIMIT_MEMLOCK succeeds, and the pages are in memory.",
		Source:   "mlock(2); getrlimit(2), RLIMIT_MEMLOCK",
		Breaks:   "Keepers of secrets (Vault, memguard, agents) refuse to start, or have their keys swapped out.",
		Run:      lockWithinLimit,
	}, suite.Case{
		ID:       "memory/msync",
		Contract: "msync(MS_SYNC) of a mapped file succeeds, and says ENOMEM of a hole.",
		Source:   "msync(2)",
		Breaks:   "Databases with mapped files cannot make data durable, or believe that they did.",
		Run:      syncs,
	}, suite.Case{
		ID:       "memory/huge-pages-none-left",
		Contract: "MAP_HUGETLB gives zeroed memory, or ENOMEM when no huge page is free (EINVAL or ENOSYS when none are configured).",
		Source:   "mmap(2), MAP_HUGETLB; Linux admin-guide/mm/hugetlbpage.rst",
		Breaks:   "Programs that fall back to small pages (DPDK bindings, caches) do not see that they must.",
		Run:      hugePages,
	}, suite.Case{
		ID:       "memory/map-sync-refused",
		Contract: "MAP_SYNC with MAP_SHARED_VALIDATE on a file that is not of persistent memory is refused with EOPNOTSUPP.",
		Source:   "mmap(2), MAP_SYNC and MAP_SHARED_VALIDATE (before Linux 4.15: EINVAL)",
		Breaks:   "Programs for persistent memory believe that a store is durable when it is in a cache.",
		Run:      mapSync,
	}, suite.Case{
		ID:       "memory/mremap-grows",
		Contract: "mremap makes a mapping longer and keeps its content; the new part reads as zero.",
		Source:   "mremap(2), MREMAP_MAYMOVE",
		Breaks:   "Growing mapped files and buffers (bbolt on Linux, realloc of C libraries) lose data or crash.",
		Run:      remapGrows,
	}, suite.Case{
		ID:       "memory/mremap-needs-leave-to-move",
		Contract: "Without MREMAP_MAYMOVE a mapping with a neighbour cannot grow (ENOMEM), and both stay as they are.",
		Source:   "mremap(2), ERRORS, ENOMEM",
		Breaks:   "Pointers into a mapping that was not to move are left dangling.",
		Run:      remapInPlace,
	}, suite.Case{
		ID:       "memory/huge-page-size-told",
		Contract: "The size of transparent huge pages is a power of two and of several pages; it is told at each start of Go.",
		Source:   "Linux admin-guide/mm/transhuge.rst, hpage_pmd_size; Go runtime/os_linux.go, getHugePageSize",
		Breaks:   "The scavenger breaks up huge pages, or keeps memory that it should give back.",
		Run:      hugePageSize,
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
	s := mapped(t, 1061, readWrite, anonymous, noFile) // more than 4 MiB: with a huge page in it where the size is 2 MiB
	defer s.unmap()
	s.fill('a')
	for name, advice := range map[string]uintptr{"MADV_HUGEPAGE": adviceHuge, "MADV_NOHUGEPAGE": adviceNoHuge} {
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

func tellsResidency(t *suite.T) {
	s, unmap := lonely(t, 65)
	defer unmap()
	touched := map[int]bool{1: true, 30: true, 64: true}
	for i := range touched {
		store(s.at(i*page), 1)
	}
	resident, errno := mincore(s)
	if errno != 0 {
		t.Fatalf("mincore: %v", errno)
	}
	for i, yes := range resident {
		if yes != touched[i] {
			t.Errorf("page %d: in memory: %v, touched: %v", i, yes, touched[i])
		}
	}
}

func lockWithinLimit(t *suite.T) {
	const limitLocked, pages = 8, 3 // RLIMIT_MEMLOCK, asm-generic/resource.h
	number := uintptr(limitLocked)
	if onMIPS() {
		number++
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(int(number), &limit); err != nil {
		t.Fatalf("getrlimit: %v", err)
	}
	s, unmap := lonely(t, 67)
	defer unmap()
	if limit.Cur < uint64(pages*page) {
		t.NA("RLIMIT_MEMLOCK is %d bytes, less than %d pages", limit.Cur, pages)
	}
	locked := s.pages(5, pages)
	if _, _, errno := syscall.Syscall(syscall.SYS_MLOCK, locked.start, uintptr(locked.length), 0); errno != 0 {
		t.Fatalf("mlock of %d bytes, with a limit of %d: %v", locked.length, limit.Cur, errno)
	}
	if resident, errno := mincore(locked); errno != 0 || howMany(resident) != pages {
		t.Errorf("%d of %d locked pages are in memory (%v)", howMany(resident), pages, errno)
	}
	if _, _, errno := syscall.Syscall(syscall.SYS_MUNLOCK, locked.start, uintptr(locked.length), 0); errno != 0 {
		t.Errorf("munlock: %v", errno)
	}
}

func syncs(t *suite.T) {
	f := file(t, 69, 'a')
	defer f.Close()
	s := mapped(t, 69, readWrite, syscall.MAP_SHARED, int(f.Fd()))
	defer s.unmap()
	s.pages(3, 1).fill('b')
	sync := func() syscall.Errno {
		_, _, errno := syscall.Syscall(syscall.SYS_MSYNC, s.start, uintptr(s.length), lockSync)
		return errno
	}
	if errno := sync(); errno != 0 {
		t.Errorf("msync: %v", errno)
	}
	if errno := s.pages(40, 1).unmap(); errno != 0 {
		t.Fatalf("munmap: %v", errno)
	}
	if errno := sync(); errno != syscall.ENOMEM {
		t.Errorf("msync over a hole: %v, expected ENOMEM", errno)
	}
}

func hugePages(t *suite.T) {
	const length = 1 << 25 // of each common size a multiple: 64 KiB to 32 MiB
	start, err := mmap(0, length, readWrite, anonymous|syscall.MAP_HUGETLB, noFile, 0)
	t.Value("given", err == nil)
	switch err {
	case nil:
		s := span{start, length}
		defer s.unmap()
		if at := (span{start, page}).different(0); at >= 0 {
			t.Errorf("offset %d has %#x, expected 0", at, s.bytes()[at])
		}
	case syscall.ENOMEM, syscall.EINVAL, syscall.ENOSYS:
	default:
		t.Errorf("it gave %v, expected memory, ENOMEM, EINVAL or ENOSYS", err)
	}
}

func mapSync(t *suite.T) {
	if onMIPS() {
		t.NA("mips has no MAP_SYNC")
	}
	f := file(t, 1, 'a')
	defer f.Close()
	start, err := mmap(0, uintptr(71*page), readWrite, sharedValidate|synchronous, int(f.Fd()), 0)
	switch {
	case err == nil:
		defer span{start, 71 * page}.unmap()
		if persistent(t, start) {
			t.NA("the file lies on a file system of persistent memory")
		}
		t.Errorf("it was mapped, expected EOPNOTSUPP")
	case err == syscall.EINVAL:
		t.NA("this kernel has no MAP_SHARED_VALIDATE: it is older than 4.15")
	case err != syscall.EOPNOTSUPP:
		t.Errorf("it gave %v, expected EOPNOTSUPP", err)
	}
}

// persistent says whether the kernel took the mapping for a synchronous one: flag sf of its row in smaps.
func persistent(t *suite.T, start uintptr) bool {
	smaps, _ := readWhole("/proc/self/smaps")
	_, row, found := strings.Cut(smaps, "\n"+strconv.FormatUint(uint64(start), 16)+"-")
	_, flags, told := strings.Cut(row, "VmFlags:")
	if !found || !told {
		t.Unknown("/proc/self/smaps does not tell the flags of mappings")
	}
	flags, _, _ = strings.Cut(flags, "\n")
	return strings.Contains(flags, " sf")
}

func remap(s span, length int, flags uintptr) (span, syscall.Errno) {
	start, _, errno := syscall.Syscall6(syscall.SYS_MREMAP, s.start, uintptr(s.length), uintptr(length), flags, 0, 0)
	return span{start, length}, errno
}

func remapGrows(t *suite.T) {
	s := mapped(t, 73, readWrite, anonymous, noFile)
	s.fill('a')
	grown, errno := remap(s, 517*page, mayMove)
	if errno != 0 {
		s.unmap()
		t.Fatalf("mremap from 73 to 517 pages: %v", errno)
	}
	defer grown.unmap()
	if address, yes := refused(func() { load(grown.at(517*page - 1)) }); yes {
		t.Fatalf("the new part faults at offset %d", address-grown.start)
	}
	if at := grown.pages(0, 73).different('a'); at >= 0 {
		t.Errorf("offset %d has %#x, expected 0x61 as before", at, grown.bytes()[at])
	}
	if at := grown.pages(73, 444).different(0); at >= 0 {
		t.Errorf("offset %d of the new part has %#x, expected 0", at, grown.bytes()[at])
	}
}

func remapInPlace(t *suite.T) {
	s := mapped(t, 75, readWrite, anonymous, noFile)
	defer s.unmap()
	s.fill('a')
	part := s.pages(0, 38)
	moved, errno := remap(part, 77*page, 0)
	if errno != syscall.ENOMEM {
		t.Errorf("mremap without leave to move: %v, moved: %v, expected ENOMEM", errno, moved.start != part.start)
	}
	if address, yes := refused(func() {
		if at := s.different('a'); at >= 0 {
			t.Errorf("offset %d has %#x, expected 0x61 as before", at, s.bytes()[at])
		}
	}); yes {
		t.Errorf("offset %d faults, where data were", address-s.start)
	}
}

// readWhole reads as the runtime does before it has package os.
func readWhole(name string) (string, error) {
	fd, err := syscall.Open(name, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	defer syscall.Close(fd)
	var all []byte
	for buffer := make([]byte, 8193); ; {
		count, err := syscall.Read(fd, buffer)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || count == 0 {
			return string(all), err
		}
		all = append(all, buffer[:count]...)
	}
}

func hugePageSize(t *suite.T) {
	text, err := readWhole("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size")
	if errors.Is(err, fs.ErrNotExist) {
		t.NA("this kernel has no transparent huge pages, or no /sys is mounted")
	}
	if err != nil {
		t.Fatalf("hpage_pmd_size: %v", err)
	}
	size, err := strconv.ParseUint(strings.TrimSpace(text), 10, int(8*unsafe.Sizeof(uintptr(0))))
	if err != nil {
		t.Fatalf("hpage_pmd_size holds %q", text)
	}
	t.Value("bytes", size)
	if size&(size-1) != 0 || size < 2*uint64(page) {
		t.Errorf("hpage_pmd_size is %d, with pages of %d bytes", size, page)
	}
}
