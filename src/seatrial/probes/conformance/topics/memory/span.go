package memory

import (
	"iter"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"unsafe"

	"seatrial.example/conformance/suite"
)

// page is what the runtime was told: the smallest piece of memory that has rights of its own.
var page = os.Getpagesize()

// A span is a piece of address space that a case has mapped. The cases map odd numbers of pages, each its own: by
// them the rules of faults.toml know the calls apart from each other's and from the runtime's.
type span struct {
	start  uintptr
	length int
}

// pages are a part of the span, as a span.
func (s span) pages(first, count int) span { return span{s.start + uintptr(first*page), count * page} }

func (s span) at(offset int) *byte {
	address := s.start + uintptr(offset)
	return *(**byte)(unsafe.Pointer(&address))
}

func (s span) bytes() []byte { return unsafe.Slice(s.at(0), s.length) }

func (s span) fill(value byte) {
	for i := range s.bytes() {
		s.bytes()[i] = value
	}
}

// different is the offset of the first byte that is not the value, -1 if all are.
func (s span) different(value byte) int {
	for i, b := range s.bytes() {
		if b != value {
			return i
		}
	}
	return -1
}

// refused does something with memory, and says at which address the processor refused it, as far as Go was told:
// without an address it takes each fault for that of a nil pointer.
func refused(deed func()) (address uintptr, yes bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch fault := recover().(type) {
		case nil:
		case interface{ Addr() uintptr }:
			address, yes = fault.Addr(), true
		case runtime.Error:
			yes = true
		default:
			panic(fault)
		}
	}()
	deed()
	return
}

//go:noinline
func load(from *byte) byte { return *from }

//go:noinline
func store(to *byte, value byte) { *to = value }

func readRefused(from *byte) bool {
	_, yes := refused(func() { load(from) })
	return yes
}

func writeRefused(to *byte) bool {
	_, yes := refused(func() { store(to, 1) })
	return yes
}

// byName goes through a table in an order that is the same each time: the first line of a failure is what runs are
// compared by.
func byName[V any](table map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, name := range slices.Sorted(maps.Keys(table)) {
			if !yield(name, table[name]) {
				return
			}
		}
	}
}

// file is a new file of some pages, each byte with the value.
func file(t *suite.T, pages int, value byte) *os.File {
	f, err := os.OpenFile(t.Dir()+"/mapped", os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		t.Fatalf("a new file: %v", err)
	}
	content := make([]byte, pages*page)
	for i := range content {
		content[i] = value
	}
	if _, err := f.Write(content); err != nil {
		t.Fatalf("writing the file: %v", err)
	}
	return f
}
