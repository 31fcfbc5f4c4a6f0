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
		Contract: "msync(MS_SYNC) of a mapped file succeeds, and the file has what was written.",
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
	if _, _, errno := syscall.Syscall(syscall.SYS_MSYNC, s.start, uintptr(s.length), syncNow); errno != 0 {
		t.Errorf("msync: %v", errno)
	}
	got := make([]byte, 1)
	if _, err := f.ReadAt(got, int64(4*page-1)); err != nil || got[0] != 'b' {
		t.Errorf("the file has %q (%v), expected \"b\"", got, err)
	}
}

func hugePages(t *suite.T) {
	const length = 1 << 25 // of each common size a multiple: 64 KiB to 32 MiB
	start, err := mmap(0, length, readWrite, anonymous|hugeFlag(), noFile, 0)
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
