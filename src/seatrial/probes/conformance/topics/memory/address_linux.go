package memory

import (
	"math/bits"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "memory/address-hint-followed",
		Contract: "A mapping is made at the address that was asked for, when that is free.",
		Source:   "mmap(2), addr; Go runtime/malloc.go, mallocinit (arenaHints) and sysAlloc",
		Breaks:   "The heap is scattered: the runtime tries hint after hint, and on 64-bit ports loses its compact arenas.",
		Run:      hintFollowed,
	}, suite.Case{
		ID:       "memory/address-hint-taken",
		Contract: "A hint to memory in use gives another place: the mapping that is there stays.",
		Source:   "mmap(2), addr: without MAP_FIXED a hint; Go runtime/mem_linux.go, sysReserveOS",
		Breaks:   "The heap grows over somebody else's memory (a C library's, a shared object's).",
		Run:      hintTaken,
	}, suite.Case{
		ID:       "memory/addresses-below-limit",
		Contract: "Addresses that nobody asked for lie below the limit that Go's pointers are made for (48 bits, on some ports less).",
		Source:   "Go runtime/malloc.go, heapAddrBits, and tagptr_64bit.go, addrBits; Linux x86/x86_64/5level-paging.rst",
		Breaks:   "The runtime packs pointers with counters into 64 bits: \"taggedPointerPack\" throws, or lock-free stacks are corrupted.",
		Run:      belowLimit,
	}, suite.Case{
		ID:       "memory/fixed-maps-there-only",
		Contract: "MAP_FIXED puts memory precisely where it is asked for: the pages on both sides stay as they are.",
		Source:   "mmap(2), MAP_FIXED; Go runtime/mem_linux.go, sysMapOS",
		Breaks:   "The runtime commits its reservations so: heap metadata would be wiped, or be missing.",
		Run:      fixedThereOnly,
	}, suite.Case{
		ID:       "memory/fixed-noreplace",
		Contract: "MAP_FIXED_NOREPLACE over a mapping is refused with EEXIST (before Linux 4.17: gives another place), and leaves it as it was.",
		Source:   "mmap(2), MAP_FIXED_NOREPLACE",
		Breaks:   "Sanitizers, loaders and JITs that claim an address range destroy what is there.",
		Run:      fixedNoReplace,
	}, suite.Case{
		ID:       "memory/large-reservation",
		Contract: "Address space without rights can be reserved in bulk: 64 GiB in one piece on 64-bit ports, 256 MiB on others.",
		Source:   "mmap(2), PROT_NONE; Linux mm/overcommit-accounting.rst: private mappings that are not writable cost nothing",
		Breaks:   "Go's page summaries and arenas, and WebAssembly runtimes, cannot start: \"failed to reserve page summary memory\".",
		Run:      largeReservation,
	}, suite.Case{
		ID:       "memory/no-growth-below",
		Contract: "A mapping does not grow downwards by itself: the byte below it faults.",
		Source:   "mmap(2), MAP_GROWSDOWN, which only main stacks have",
		Breaks:   "Overflows of thread stacks run on into free address space, and later into the heap.",
		Run:      noGrowthBelow,
	}, suite.Case{
		ID:       "memory/program-break-stays",
		Contract: "The program break stays where it is, however much a Go program allocates, and brk(0) only asks.",
		Source:   "brk(2); Go runtime/mem_linux.go: all memory comes from mmap",
		Breaks:   "C libraries in the same process, whose malloc owns the break, find it moved.",
		Run:      breakStays,
	})
}

// unasked is where nothing of a Go program is: free, in the way of none of its arenas' hints.
func unasked(t *suite.T, pages int) span {
	if bits.UintSize == 64 {
		start := uintptr(0x21)
		return span{start << 32, pages * page} // 132 GiB: also within the 256 GiB of RISC-V's Sv39
	}
	// A wide hole: the kernel would choose its upper end, and the hint is to its middle.
	hole := mapped(t, 2048, syscall.PROT_NONE, anonymous, noFile)
	hole.unmap()
	return hole.pages(1024, pages)
}

func hintFollowed(t *suite.T) {
	const tries = 5 // another thread may be given the same place meanwhile
	var place, got span
	for range tries {
		place = unasked(t, 25)
		start, err := mmap(place.start, uintptr(place.length), readWrite, anonymous, noFile, 0)
		if err != nil {
			t.Fatalf("mmap with a hint: %v", err)
		}
		got = span{start, place.length}
		got.fill('a')
		got.unmap()
		if start == place.start {
			return
		}
	}
	t.Fatalf("asked for memory at %#x, where nothing is, and got it at %#x", place.start, got.start)
}

func hintTaken(t *suite.T) {
	first := mapped(t, 27, readWrite, anonymous, noFile)
	defer first.unmap()
	first.fill('a')
	start, err := mmap(first.start, uintptr(15*page), readWrite, anonymous, noFile, 0)
	if err != nil {
		t.Fatalf("mmap with a hint to memory in use: %v", err)
	}
	second := span{start, 15 * page}
	if start < first.start+uintptr(first.length) && first.start < start+uintptr(second.length) {
		t.Fatalf("it lies over the mapping that was there")
	}
	defer second.unmap()
	second.fill('b')
	if at := first.different('a'); at >= 0 {
		t.Errorf("the mapping that was there has %#x at offset %d, expected 0x61", first.bytes()[at], at)
	}
}

func belowLimit(t *suite.T) {
	text, ok := t.Expected("address-bits")
	width, err := strconv.Atoi(text)
	if !ok || err != nil {
		t.Unknown("no row says how many bits an address has on this port")
	}
	if width >= bits.UintSize {
		t.NA("each address of %d bits is below the limit", bits.UintSize)
	}
	onStack := byte(0)
	places := map[string]uintptr{
		"a goroutine's stack": uintptr(unsafe.Pointer(&onStack)),
		"the heap":            uintptr(unsafe.Pointer(unsafe.SliceData(make([]byte, page)))),
		"the data":            uintptr(unsafe.Pointer(&page)),
	}
	for _, prot := range []int{syscall.PROT_NONE, syscall.PROT_READ, readWrite} {
		start, err := mmap(0, uintptr(31*page), prot, anonymous, noFile, 0)
		if err != nil {
			t.Fatalf("mmap: %v", err)
		}
		defer span{start, 31 * page}.unmap()
		places["a mapping of protection "+strconv.Itoa(prot)] = start
	}
	for name, address := range places {
		if bits.Len64(uint64(address)) > width {
			t.Errorf("%s is at %#x, which takes more than %d bits", name, address, width)
		}
	}
}

func fixedThereOnly(t *suite.T) {
	s := mapped(t, 33, syscall.PROT_NONE, anonymous, noFile)
	defer s.unmap()
	start, err := mmap(s.start+uintptr(8*page), uintptr(5*page), readWrite, anonymous|syscall.MAP_FIXED, noFile, 0)
	if err != nil || start != s.start+uintptr(8*page) {
		t.Fatalf("asked for memory at %#x, got %#x (%v)", s.start+uintptr(8*page), start, err)
	}
	for i := range 33 {
		inside := i >= 8 && i < 13
		if got := writeRefused(s.at(i * page)); got == inside {
			t.Errorf("page %d of a reservation, with 8 to 12 committed: a write faults: %v, expected %v", i, got, !inside)
		}
	}
}

const fixedNoReplaceFlag = 0x100000 // MAP_FIXED_NOREPLACE, asm-generic/mman-common.h; mips has the same

func fixedNoReplace(t *suite.T) {
	s := mapped(t, 35, readWrite, anonymous, noFile)
	defer s.unmap()
	s.fill('a')
	start, err := mmap(s.start+uintptr(page), uintptr(33*page), readWrite, anonymous|fixedNoReplaceFlag, noFile, 0)
	switch {
	case err == nil && (start >= s.start+uintptr(s.length) || start+uintptr(33*page) <= s.start):
		t.Value("refused", false) // the kernel does not know the flag, and took the address for a hint
		span{start, 33 * page}.unmap()
	case err == syscall.EEXIST:
		t.Value("refused", true)
	default:
		t.Errorf("it gave %#x, %v, expected EEXIST or another place", start, err)
	}
	if at := s.different('a'); at >= 0 {
		t.Errorf("the mapping that was there has %#x at offset %d, expected 0x61", s.bytes()[at], at)
	}
}

func largeReservation(t *suite.T) {
	width := 28
	if bits.UintSize == 64 {
		width = 36
	}
	length := uintptr(1) << width
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_AS, &limit); err != nil {
		t.Fatalf("getrlimit: %v", err)
	}
	if uint64(length) > limit.Cur/2 {
		t.NA("RLIMIT_AS leaves this process %d bytes of address space", limit.Cur)
	}
	start, err := mmap(0, length, syscall.PROT_NONE, anonymous, noFile, 0)
	if err != nil {
		t.Fatalf("reserving %d bytes: %v", length, err)
	}
	s := span{start, int(length)}
	defer s.unmap()
	for _, place := range []int{0, s.length / 2, s.length - page} {
		piece := span{s.start + uintptr(place), page}
		if errno := piece.protect(readWrite); errno != 0 {
			t.Fatalf("committing a page at offset %d: %v", place, errno)
		}
		if address, yes := refused(func() { piece.fill('a') }); yes {
			t.Fatalf("writing to the committed page at offset %d: fault at %#x", place, address)
		}
	}
}

func noGrowthBelow(t *suite.T) {
	const tries = 5 // another thread may be given what lies below meanwhile
	for range tries {
		if belowRefused(t) {
			return
		}
	}
	t.Errorf("a read of the byte below a mapping does not fault")
}

func belowRefused(t *suite.T) bool {
	// A hole to grow into: the upper pages of a free place, mapped alone.
	around := mapped(t, 4099, syscall.PROT_NONE, anonymous, noFile)
	around.unmap()
	at := around.start + uintptr(4062*page)
	start, err := mmap(at, uintptr(37*page), readWrite, anonymous, noFile, 0)
	if err != nil {
		t.Fatalf("mmap: %v", err)
	}
	s := span{start, 37 * page}
	defer s.unmap()
	s.fill('a')
	return readRefused(s.at(-1))
}

func breakStays(t *suite.T) {
	ask := func() uintptr {
		now, _, _ := syscall.RawSyscall(syscall.SYS_BRK, 0, 0, 0)
		return now
	}
	before := ask()
	big := make([][]byte, 64)
	for i := range big {
		big[i] = make([]byte, 1<<18)
		big[i][i] = 1
	}
	if after := ask(); after != before {
		t.Errorf("the break moved by %d while the program allocated 16 MiB", int(after-before))
	}
	runtime.KeepAlive(big)
	if before == 0 {
		t.Errorf("brk(0) gives 0 on a machine with pages of %d", os.Getpagesize())
	}
}
