package memory

import (
	"errors"
	"os"
	"syscall"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "memory/virtualalloc-commit",
		Contract: "Of reserved memory that part can be used which was committed, and it reads as zero; the rest faults.",
		Source:   "VirtualAlloc (Microsoft, Win32), MEM_RESERVE and MEM_COMMIT; Go runtime/mem_windows.go, sysUsedOS",
		Breaks:   "The heap grows by committing: new variables hold garbage, or the runtime dies where it may write.",
		Run:      commits,
	}, suite.Case{
		ID:       "memory/virtualalloc-decommit",
		Contract: "Decommitted memory faults, and reads as zero when it is committed again; its neighbours stay.",
		Source:   "VirtualFree (Microsoft, Win32), MEM_DECOMMIT; Go runtime/mem_windows.go, sysUnusedOS",
		Breaks:   "The scavenger gives memory back so: its pages come back with garbage, or live data are lost.",
		Run:      decommits,
	}, suite.Case{
		ID:       "memory/virtualalloc-granularity",
		Contract: "Reservations begin at multiples of the allocation granularity, and the page size is that of os.Getpagesize.",
		Source:   "SYSTEM_INFO (Microsoft, Win32); Go runtime/os_windows.go, getPageSize",
		Breaks:   "The runtime rounds by these: it commits or frees parts of pages in use.",
		Run:      granularity,
	}, suite.Case{
		ID:       "memory/virtualalloc-at-address",
		Contract: "A reservation at a taken address fails with ERROR_INVALID_ADDRESS; at a free one it is made there.",
		Source:   "VirtualAlloc (Microsoft, Win32), lpAddress; Go runtime/malloc.go, sysAlloc (arenaHints)",
		Breaks:   "The heap is placed by hints: arenas overlap other memory, or are scattered.",
		Run:      allocatesAt,
	}, suite.Case{
		ID:       "memory/virtualfree-whole-only",
		Contract: "MEM_RELEASE frees a whole reservation, and refuses a part of one with ERROR_INVALID_PARAMETER.",
		Source:   "VirtualFree (Microsoft, Win32), MEM_RELEASE; Go runtime/malloc.go, sysReserveAligned (case windows)",
		Breaks:   "The runtime aligns reservations by freeing all and asking again: it would lose or leak them.",
		Run:      freesWhole,
	}, suite.Case{
		ID:       "memory/virtualprotect-none-and-back",
		Contract: "Pages without access fault, have their content when access is given back, and the former protection is told.",
		Source:   "VirtualProtect (Microsoft, Win32), PAGE_NOACCESS",
		Breaks:   "Allocators that guard freed or secret memory (memguard) lose data or guard nothing.",
		Run:      protectsAndBack,
	}, suite.Case{
		ID:       "memory/virtualprotect-read-only",
		Contract: "Of read-only memory each page can be read, and a write faults at the address of the write.",
		Source:   "VirtualProtect (Microsoft, Win32), PAGE_READONLY; EXCEPTION_RECORD, ExceptionInformation",
		Breaks:   "Constants can be overwritten; debug.SetPanicOnFault tells of no address.",
		Run:      protectsReadOnly,
	}, suite.Case{
		ID:       "memory/virtualalloc-large-reservation",
		Contract: "64 GiB of address space can be reserved in one piece, and pages in it committed.",
		Source:   "VirtualAlloc (Microsoft, Win32), MEM_RESERVE: no storage is taken; Go runtime/mpagealloc_64bit.go, sysInit",
		Breaks:   "Go's page summaries cannot be set up: \"failed to reserve page summary memory\".",
		Run:      reservesMuch,
	}, suite.Case{
		ID:       "memory/file-view-shared",
		Contract: "What is written through a view of a file is read through another view, and from the file after a flush.",
		Source:   "MapViewOfFile, FlushViewOfFile (Microsoft, Win32)",
		Breaks:   "Databases that map their files (bbolt, badger) read other data than they wrote.",
		Run:      viewShared,
	})
}

// winnt.h.
const (
	commit, reserve    = 0x1000, 0x2000 // MEM_
	decommit, release  = 0x4000, 0x8000
	noAccess, readOnly = 1, 2 // PAGE_
	readWrite          = 4
)

const invalidParameter, invalidAddress = syscall.Errno(87), syscall.Errno(487) // winerror.h

var (
	kernel32       = syscall.NewLazyDLL("kernel32.dll")
	virtualAlloc   = kernel32.NewProc("VirtualAlloc")
	virtualFree    = kernel32.NewProc("VirtualFree")
	virtualProtect = kernel32.NewProc("VirtualProtect")
	getSystemInfo  = kernel32.NewProc("GetSystemInfo")
)

func allocate(at, length, kind, protection uintptr) (span, error) {
	if at != 0 && kind == reserve && suite.Planted("memory-address-not-followed") {
		at = 0
	}
	if length > 1<<32 && suite.Planted("memory-no-large-reservations") {
		return span{}, syscall.ENOMEM
	}
	start, _, err := virtualAlloc.Call(at, length, kind, protection)
	if start == 0 {
		return span{}, err
	}
	s := span{start, int(length)}
	if kind&commit != 0 && suite.Planted("memory-commit-not-zeroed") {
		*s.at(s.length - 1) = 42
	}
	return s, nil
}

func allocated(t *suite.T, length, kind, protection uintptr) span {
	s, err := allocate(0, length, kind, protection)
	if err != nil {
		t.Fatalf("VirtualAlloc of %d bytes, type %#x: %v", length, kind, err)
	}
	return s
}

func (s span) free(kind uintptr) error {
	length := uintptr(s.length)
	if kind == release {
		length = 0
	}
	return s.freePart(length, kind)
}

func (s span) freePart(length, kind uintptr) error {
	if kind == decommit && suite.Planted("memory-decommit-not-done") {
		return nil
	}
	if kind == release && suite.Planted("memory-part-released") {
		length = 0
	}
	if done, _, err := virtualFree.Call(s.start, length, kind); done == 0 {
		return err
	}
	return nil
}

func (s span) protect(protection uintptr) (former uint32, err error) {
	if suite.Planted("memory-virtualprotect-not-done") {
		return readWrite, nil
	}
	if done, _, err := virtualProtect.Call(s.start, uintptr(s.length), protection, uintptr(unsafe.Pointer(&former))); done == 0 {
		return 0, err
	}
	return former, nil
}

const reserved = 1 << 26 // as large as an arena of Go

func commits(t *suite.T) {
	s := allocated(t, reserved, reserve, readWrite)
	defer s.free(release)
	piece, err := allocate(s.start+uintptr(8*page), uintptr(5*page), commit, readWrite)
	if err != nil || piece.start != s.start+uintptr(8*page) {
		t.Fatalf("committing 5 pages: %v, at the place asked for: %v", err, piece.start == s.start+uintptr(8*page))
	}
	if at := piece.different(0); at >= 0 {
		t.Errorf("offset %d has %#x, expected 0", at, piece.bytes()[at])
	}
	for i := range 20 {
		inside := i >= 8 && i < 13
		if got := writeRefused(s.at(i * page)); got == inside {
			t.Errorf("page %d of a reservation, with 8 to 12 committed: a write faults: %v, expected %v", i, got, !inside)
		}
	}
}

func decommits(t *suite.T) {
	s := allocated(t, uintptr(32*page), reserve|commit, readWrite)
	defer s.free(release)
	s.fill('a')
	part := s.pages(8, 16)
	if err := part.free(decommit); err != nil {
		t.Fatalf("VirtualFree, MEM_DECOMMIT: %v", err)
	}
	if !readRefused(part.at(0)) || !readRefused(part.at(part.length-1)) {
		t.Errorf("decommitted memory can be read")
	}
	if _, err := allocate(part.start, uintptr(part.length), commit, readWrite); err != nil {
		t.Fatalf("committing again: %v", err)
	}
	if at := part.different(0); at >= 0 {
		t.Errorf("committed again, offset %d has %#x, expected 0", at, part.bytes()[at])
	}
	for _, kept := range []span{s.pages(0, 8), s.pages(24, 8)} {
		if at := kept.different('a'); at >= 0 {
			t.Errorf("a neighbour lost its data: %#x, expected 0x61", kept.bytes()[at])
		}
	}
}

// systemInfo is a SYSTEM_INFO.
type systemInfo struct {
	architecture    uint32
	pageSize        uint32
	lowest, highest uintptr
	processors      uintptr
	count, kind     uint32
	granularity     uint32
	level, revision uint16
}

func granularity(t *suite.T) {
	var told systemInfo
	getSystemInfo.Call(uintptr(unsafe.Pointer(&told)))
	if suite.Planted("memory-page-size-doubled") {
		told.pageSize *= 2
	}
	t.Value("page size", told.pageSize)
	t.Value("granularity", told.granularity)
	if int(told.pageSize) != os.Getpagesize() {
		t.Errorf("GetSystemInfo tells of pages of %d bytes, os.Getpagesize says %d", told.pageSize, os.Getpagesize())
	}
	for range 3 {
		s := allocated(t, uintptr(page), reserve|commit, readWrite)
		defer s.free(release)
		if s.start%uintptr(told.granularity) != 0 {
			t.Errorf("a reservation begins %d bytes after a multiple of %d", s.start%uintptr(told.granularity), told.granularity)
		}
	}
}

func allocatesAt(t *suite.T) {
	first := allocated(t, reserved, reserve, readWrite)
	second, err := allocate(first.start, reserved, reserve, readWrite)
	if !errors.Is(err, invalidAddress) {
		t.Errorf("at a taken address: %v, expected ERROR_INVALID_ADDRESS", err)
	}
	if err == nil {
		second.free(release)
	}
	first.free(release)
	const tries = 5 // another thread may be given the same place meanwhile
	for range tries {
		if second, err = allocate(first.start, reserved, reserve, readWrite); err == nil {
			second.free(release)
			if second.start == first.start {
				return
			}
		}
	}
	t.Errorf("at an address that was freed: %v, in its place: %v", err, second.start == first.start)
}

func freesWhole(t *suite.T) {
	s := allocated(t, reserved, reserve, readWrite)
	if err := s.freePart(reserved/2, release); !errors.Is(err, invalidParameter) {
		t.Fatalf("releasing half: %v, expected ERROR_INVALID_PARAMETER", err)
	}
	if err := s.free(release); err != nil {
		t.Errorf("releasing the whole: %v", err)
	}
}

func protectsAndBack(t *suite.T) {
	s := allocated(t, uintptr(16*page), reserve|commit, readWrite)
	defer s.free(release)
	s.fill('a')
	part := s.pages(4, 8)
	if former, err := part.protect(noAccess); err != nil || former != readWrite {
		t.Fatalf("VirtualProtect: %v, former protection %#x, expected %#x", err, former, readWrite)
	}
	for i := range 16 {
		inside := i >= 4 && i < 12
		if got := readRefused(s.at(i * page)); got != inside {
			t.Errorf("page %d, with 4 to 11 without access: a read faults: %v, expected %v", i, got, inside)
		}
	}
	if former, err := part.protect(readWrite); err != nil || former != noAccess {
		t.Fatalf("VirtualProtect back: %v, former protection %#x, expected %#x", err, former, noAccess)
	}
	if at := s.different('a'); at >= 0 {
		t.Errorf("offset %d has %#x afterwards, expected 0x61", at, s.bytes()[at])
	}
}

func protectsReadOnly(t *suite.T) {
	s := allocated(t, uintptr(4*page), reserve|commit, readWrite)
	defer s.free(release)
	s.fill('a')
	if _, err := s.protect(readOnly); err != nil {
		t.Fatalf("VirtualProtect: %v", err)
	}
	for i := range 4 {
		place := i*page + 123
		if readRefused(s.at(place)) {
			t.Fatalf("page %d: a read faults", i)
		}
		address, yes := refused(func() { store(s.at(place), 1) })
		if !yes || address != s.start+uintptr(place) {
			t.Errorf("page %d: a write faults: %v, at its address: %v", i, yes, address == s.start+uintptr(place))
		}
	}
	if at := s.different('a'); at >= 0 {
		t.Errorf("offset %d has %#x, expected 0x61 as before", at, s.bytes()[at])
	}
}

func reservesMuch(t *suite.T) {
	const length = 1 << 36
	s := allocated(t, length, reserve, readWrite)
	defer s.free(release)
	for _, place := range []uintptr{0, length / 2, length - uintptr(page)} {
		piece, err := allocate(s.start+place, uintptr(page), commit, readWrite)
		if err != nil {
			t.Fatalf("committing a page at offset %d: %v", place, err)
		}
		if _, yes := refused(func() { piece.fill('a') }); yes {
			t.Fatalf("writing to the committed page at offset %d faults", place)
		}
	}
}

func viewShared(t *suite.T) {
	const pages = 4
	f := file(t, pages, 'a')
	defer f.Close()
	mapping, err := syscall.CreateFileMapping(syscall.Handle(f.Fd()), nil, syscall.PAGE_READWRITE, 0, uint32(pages*page), nil)
	if err != nil {
		t.Fatalf("CreateFileMapping: %v", err)
	}
	defer syscall.CloseHandle(mapping)
	kind := uint32(syscall.FILE_MAP_WRITE)
	if suite.Planted("memory-view-not-shared") {
		kind = syscall.FILE_MAP_COPY
	}
	var views [2]span
	for i := range views {
		start, err := syscall.MapViewOfFile(mapping, kind, 0, 0, 0)
		if err != nil {
			t.Fatalf("MapViewOfFile: %v", err)
		}
		defer syscall.UnmapViewOfFile(start)
		views[i] = span{start, pages * page}
	}
	for i := range pages {
		store(views[0].at(i*page+i), 'b')
		if got := load(views[1].at(i*page + i)); got != 'b' {
			t.Errorf("page %d: 'b' written through one view, %q read through the other", i, got)
		}
	}
	if err := syscall.FlushViewOfFile(views[0].start, uintptr(pages*page)); err != nil {
		t.Errorf("FlushViewOfFile: %v", err)
	}
	got := make([]byte, 3)
	if _, err := f.ReadAt(got, int64(page)); err != nil || string(got) != "aba" {
		t.Errorf("the file has %q (%v), expected \"aba\"", got, err)
	}
}
