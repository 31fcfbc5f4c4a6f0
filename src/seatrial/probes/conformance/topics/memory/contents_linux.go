package memory

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "memory/anonymous-is-zero",
		Contract: "New anonymous memory reads as zero, also where it replaces memory that was written to.",
		Source:   "mmap(2), MAP_ANONYMOUS; Go runtime/mem.go: what sysMap gives is zeroed (needzero)",
		Breaks:   "Go does not clear fresh spans: new variables hold garbage, or another user's data.",
		Run:      anonymousIsZero,
	}, suite.Case{
		ID:       "memory/file-tail-is-zero",
		Contract: "What a mapping has of a file's last page past the file's end reads as zero.",
		Source:   "mmap(2), NOTES: the remaining bytes of the partial page are zeroed",
		Breaks:   "Readers that look for a terminator past the end of a mapped file (symbol tables, C strings) read garbage.",
		Run:      tailIsZero,
	}, suite.Case{
		ID:       "memory/fault-address",
		Contract: "A fault names the address that was accessed, to the byte (s390x: to the page).",
		Source:   "sigaction(2), si_addr; Go runtime/signal_unix.go, sigpanic; runtime.Error with Addr, debug.SetPanicOnFault",
		Breaks:   "Go tells a nil dereference from a wild pointer by it; programs with mapped files cannot tell which one failed.",
		Run:      faultAddress,
	}, suite.Case{
		ID:       "memory/page-size-agrees",
		Contract: "The page size that the kernel tells (AT_PAGESZ), that of os.Getpagesize, and the unit of mprotect are the same.",
		Source:   "getauxval(3), AT_PAGESZ; mprotect(2); Go runtime/os_linux.go, sysauxv (physPageSize)",
		Breaks:   "A kernel with pages of 64 KiB and a program that thinks of 4 KiB: the scavenger discards live memory or fails.",
		Run:      pageSizeAgrees,
	}, suite.Case{
		ID:       "memory/bad-arguments-refused",
		Contract: "Lengths of 0, addresses within a page, and mappings without a type are refused with EINVAL.",
		Source:   "mmap(2), munmap(2), mprotect(2), ERRORS",
		Breaks:   "Mistakes in arithmetic with page sizes stay unseen, and hit the wrong pages.",
		Run:      badArguments,
	}, suite.Case{
		ID:       "memory/holes-refused",
		Contract: "mprotect, msync and mincore of a span with a hole in it say ENOMEM.",
		Source:   "mprotect(2), msync(2), mincore(2), ERRORS, ENOMEM",
		Breaks:   "Programs believe memory that they do not have to be protected or saved.",
		Run:      holesRefused,
	}, suite.Case{
		ID:       "memory/memfd-shared",
		Contract: "Two mappings of one memfd show the same memory at two addresses.",
		Source:   "memfd_create(2), mmap(2), MAP_SHARED",
		Breaks:   "Ring buffers that are mapped twice, shared memory with compositors and with child processes do not work.",
		Run:      memfdShared,
	}, suite.Case{
		ID:       "memory/memfd-sealed",
		Contract: "A memfd that is sealed against writing and resizing can be read, and not written, cut or mapped writable (EPERM).",
		Source:   "fcntl(2), F_ADD_SEALS; memfd_create(2)",
		Breaks:   "runc (CVE-2019-5736) and others pass on a program or data in it, trusting that nobody can change it.",
		Run:      memfdSealed,
	}, suite.Case{
		ID:       "memory/random-bytes-at-start",
		Contract: "Each program gets 16 random bytes from the kernel at its start (AT_RANDOM), others each time.",
		Source:   "getauxval(3), AT_RANDOM; Go runtime/os_linux.go, sysauxv (startupRand), and rand.go, randinit",
		Breaks:   "The seeds of maps and of math/rand are the same in each process: hash flooding becomes possible.",
		Needs:    []string{"self-exec"},
		Run:      randomAtStart,
	}, suite.Case{
		ID:       "memory/names-of-mappings",
		Contract: "prctl gives a mapping a name that /proc/self/maps shows, or says EINVAL where the kernel has no such names.",
		Source:   "PR_SET_VMA(2const); Go runtime/set_vma_name_linux.go",
		Breaks:   "Since Go 1.25 the runtime names its memory so: memory of Go and of C cannot be told apart in maps.",
		Run:      namesOfMappings,
	})
	suite.Helper("memory-random-bytes", printRandom)
}

func anonymousIsZero(t *suite.T) {
	s := mapped(t, 39, readWrite, anonymous, noFile)
	defer s.unmap()
	for round := range 3 {
		if at := s.different(0); at >= 0 {
			t.Fatalf("mapping %d has %#x at offset %d, expected 0", round+1, s.bytes()[at], at)
		}
		s.fill(0xff)
		if _, err := mmap(s.start, uintptr(s.length), readWrite, anonymous|syscall.MAP_FIXED, noFile, 0); err != nil {
			t.Fatalf("mmap over it: %v", err)
		}
	}
}

func tailIsZero(t *suite.T) {
	f := file(t, 2, 'a')
	defer f.Close()
	if err := f.Truncate(int64(page + 10)); err != nil {
		t.Fatalf("truncate: %v", err)
	}
	s := mapped(t, 41, syscall.PROT_NONE, anonymous, noFile)
	defer s.unmap()
	if _, err := mmap(s.start, uintptr(2*page), readWrite, syscall.MAP_PRIVATE|syscall.MAP_FIXED, int(f.Fd()), 0); err != nil {
		t.Fatalf("mmap: %v", err)
	}
	for i, b := range s.bytes()[:2*page] {
		want := byte('a')
		if i >= page+10 {
			want = 0
		}
		if b != want {
			t.Fatalf("the file has %d bytes; offset %d of the mapping has %#x, expected %#x", page+10, i, b, want)
		}
	}
}

func faultAddress(t *suite.T) {
	text, _ := t.Expected("fault-address-unit")
	unit, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("this is a mistake in the table: fault-address-unit is %q", text)
	}
	s := mapped(t, 43, syscall.PROT_NONE, anonymous, noFile)
	defer s.unmap()
	for _, offset := range []int{0, 1, 1234, page - 1, page, 42*page + 77} {
		for name, deed := range byName(map[string]func(){
			"read": func() { load(s.at(offset)) }, "write": func() { store(s.at(offset), 1) },
		}) {
			address, yes := refused(deed)
			off := int64(address) - int64(s.start) - int64(offset)
			switch {
			case !yes:
				t.Errorf("a %s at offset %d without rights did not fault", name, offset)
			case address == 0:
				t.Errorf("a %s at offset %d: Go was told no address, and took the fault for that of a nil pointer", name, offset)
			case address&^uintptr(unit-1) != (s.start+uintptr(offset))&^uintptr(unit-1):
				t.Errorf("a %s at offset %d: the address told is %d bytes off", name, offset, off)
			}
		}
	}
}

func pageSizeAgrees(t *suite.T) {
	const auxPageSize = 6 // AT_PAGESZ, linux/auxvec.h
	told := int(auxiliary(auxPageSize))
	t.Value("bytes", told)
	if told != os.Getpagesize() || told != syscall.Getpagesize() {
		t.Fatalf("the kernel tells of pages of %d bytes, os.Getpagesize says %d", told, os.Getpagesize())
	}
	s := mapped(t, 45, readWrite, anonymous, noFile)
	defer s.unmap()
	// One byte takes the whole page it is in, and no more.
	if _, _, errno := syscall.Syscall(syscall.SYS_MPROTECT, s.start+uintptr(told), 1, syscall.PROT_NONE); errno != 0 {
		t.Fatalf("mprotect of one byte: %v", errno)
	}
	for i, offset := range []int{told - 1, told, 2*told - 1, 2 * told} {
		want := i == 1 || i == 2
		if got := readRefused(s.at(offset)); got != want {
			t.Errorf("without rights from %d to %d: a read at %d faults: %v, expected %v", told, 2*told-1, offset, got, want)
		}
	}
}

func badArguments(t *suite.T) {
	s := mapped(t, 47, readWrite, anonymous, noFile)
	defer s.unmap()
	within := s.start + uintptr(page/2)
	for _, wrong := range []struct {
		name             string
		call, a, b, last uintptr
	}{
		{"munmap from within a page", syscall.SYS_MUNMAP, within, uintptr(page), 0},
		{"munmap of nothing", syscall.SYS_MUNMAP, s.start, 0, 0},
		{"mprotect from within a page", syscall.SYS_MPROTECT, within, uintptr(page), syscall.PROT_NONE},
		{"madvise from within a page", syscall.SYS_MADVISE, within, uintptr(page), syscall.MADV_NORMAL},
	} {
		if _, _, errno := syscall.Syscall(wrong.call, wrong.a, wrong.b, wrong.last); errno != syscall.EINVAL {
			t.Errorf("%s: %v, expected EINVAL", wrong.name, errno)
		}
	}
	for name, wrong := range byName(map[string]struct{ length, flags int }{
		"mmap of nothing":     {0, anonymous},
		"mmap without a type": {page, syscall.MAP_ANON},
	}) {
		if start, err := mmap(0, uintptr(wrong.length), readWrite, wrong.flags, noFile, 0); err != syscall.EINVAL {
			t.Errorf("%s: %#x, %v, expected EINVAL", name, start, err)
		}
	}
}

func holesRefused(t *suite.T) {
	s := mapped(t, 29, readWrite, anonymous, noFile)
	defer s.unmap()
	if errno := s.pages(14, 1).unmap(); errno != 0 {
		t.Fatalf("munmap: %v", errno)
	}
	_, listed := mincore(s)
	_, _, synced := syscall.Syscall(syscall.SYS_MSYNC, s.start, uintptr(s.length), syncNow)
	for name, errno := range byName(map[string]syscall.Errno{
		"mprotect": s.protect(readWrite), "mincore": listed, "msync": synced,
	}) {
		if errno != syscall.ENOMEM {
			t.Errorf("%s over a hole: %v, expected ENOMEM", name, errno)
		}
	}
}

func memfd(t *suite.T, pages int) *os.File {
	const closeOnExec, allowSealing = 1, 2
	number, ok := map[string]uintptr{
		"386": 356, "amd64": 319, "arm": 385, "arm64": 279, "loong64": 279, "riscv64": 279, "ppc64": 360, "ppc64le": 360,
		"s390x": 350, "mips": 4354, "mipsle": 4354, "mips64": 5314, "mips64le": 5314,
	}[runtime.GOARCH]
	if !ok {
		t.Unknown("the number of memfd_create on this port is in no table")
	}
	name := append([]byte("seatrial"), 0)
	fd, _, errno := syscall.Syscall(number, uintptr(unsafe.Pointer(&name[0])), closeOnExec|allowSealing, 0)
	if errno == syscall.ENOSYS {
		t.NA("the kernel has no memfd_create: it is older than 3.17")
	}
	if errno != 0 {
		t.Fatalf("memfd_create: %v", errno)
	}
	f := os.NewFile(fd, "memfd")
	if err := f.Truncate(int64(pages * page)); err != nil {
		t.Fatalf("ftruncate of a memfd: %v", err)
	}
	return f
}

func memfdShared(t *suite.T) {
	f := memfd(t, 49)
	defer f.Close()
	first := mapped(t, 49, readWrite, syscall.MAP_SHARED, int(f.Fd()))
	defer first.unmap()
	second := mapped(t, 49, readWrite, syscall.MAP_SHARED, int(f.Fd()))
	defer second.unmap()
	if at := first.different(0); at >= 0 {
		t.Errorf("a new memfd has %#x at offset %d, expected 0", first.bytes()[at], at)
	}
	for i := range 49 {
		store(first.at(i*page+i), byte(i+1))
		if got := load(second.at(i*page + i)); got != byte(i+1) {
			t.Fatalf("page %d: %d written through one mapping, %d read through the other", i, i+1, got)
		}
	}
}

func memfdSealed(t *suite.T) {
	f := memfd(t, 51)
	defer f.Close()
	const addSeals, shrink, grow, write = 1033, 2, 4, 8 // linux/fcntl.h
	if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, f.Fd(), addSeals, shrink|grow|write); errno != 0 {
		t.Fatalf("F_ADD_SEALS: %v", errno)
	}
	_, written := syscall.Pwrite(int(f.Fd()), []byte("x"), 0)
	start, remapped := mmap(0, uintptr(51*page), readWrite, syscall.MAP_SHARED, int(f.Fd()), 0)
	if remapped == nil {
		span{start, 51 * page}.unmap()
	}
	for deed, err := range byName(map[string]error{
		"a write":                   written,
		"a shared writable mapping": remapped,
		"cutting it":                syscall.Ftruncate(int(f.Fd()), int64(page)),
		"lengthening it":            syscall.Ftruncate(int(f.Fd()), int64(99*page)),
	}) {
		if err != syscall.EPERM {
			t.Errorf("sealed, and then %s: %v, expected EPERM", deed, err)
		}
	}
	s := mapped(t, 51, syscall.PROT_READ, syscall.MAP_PRIVATE, int(f.Fd()))
	defer s.unmap()
	if at := s.different(0); at >= 0 {
		t.Errorf("it has %#x at offset %d, expected 0", s.bytes()[at], at)
	}
}

func randomAtStart(t *suite.T) {
	seen := map[string]bool{}
	for range 2 {
		out, err := t.Self("memory-random-bytes").Output()
		if err != nil || len(out) != 16 {
			t.Fatalf("a program of this kind found no 16 random bytes: %v, %d", err, len(out))
		}
		if string(out) == strings.Repeat(string(out[:1]), 16) {
			t.Errorf("the bytes are %x", out)
		}
		seen[string(out)] = true
	}
	if len(seen) != 2 {
		t.Errorf("two programs were given the same bytes")
	}
}

func printRandom([]string) int {
	const auxRandom = 25 // AT_RANDOM, linux/auxvec.h
	place := auxiliary(auxRandom)
	if place == 0 {
		return 3
	}
	given := span{place, 16}.bytes()
	if suite.Planted("memory-same-random-bytes") {
		given = []byte("0123456789abcdef")
	}
	os.Stdout.Write(given)
	return 0
}

func namesOfMappings(t *suite.T) {
	s := mapped(t, 53, readWrite, anonymous, noFile)
	defer s.unmap()
	const setVMA, anonymousName = 0x53564d41, 0 // PR_SET_VMA, PR_SET_VMA_ANON_NAME, linux/prctl.h
	name := append([]byte("seatrial: a name"), 0)
	_, _, errno := syscall.Syscall6(syscall.SYS_PRCTL, setVMA, anonymousName, s.start, uintptr(s.length),
		uintptr(unsafe.Pointer(&name[0])), 0)
	t.Value("named", errno == 0)
	if errno == syscall.EINVAL {
		return // Go then names nothing
	}
	if errno != 0 {
		t.Fatalf("prctl(PR_SET_VMA): %v, expected success or EINVAL", errno)
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatalf("%v", err)
	}
	for _, line := range strings.Split(string(maps), "\n") {
		if strings.HasPrefix(line, strconv.FormatUint(uint64(s.start), 16)+"-") {
			if !strings.HasSuffix(line, "[anon:seatrial: a name]") {
				t.Fatalf("prctl said yes, and /proc/self/maps has %q", line)
			}
			return
		}
	}
	t.Fatalf("/proc/self/maps has no line of the mapping")
}
