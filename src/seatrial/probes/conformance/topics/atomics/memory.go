package atomics

import (
	"encoding/binary"
	"runtime"
	"sync/atomic"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "atomics/pointer-publishes",
		Contract: "Who loads an atomic.Pointer sees everything that was written to the value before it was stored.",
		Source:   "The Go Memory Model, \"Atomic Values\"; Go runtime/malloc.go, publicationBarrier",
		Breaks:   "Structures that are replaced as a whole (configuration, routing tables) are read half filled.",
		Needs:    []string{"threads", "weak-memory"},
		Run:      pointerPublishes,
	}, suite.Case{
		ID:       "atomics/value-whole",
		Contract: "atomic.Value gives type and data of the same Store, also the first one.",
		Source:   "Go sync/atomic/value.go: type word and data word are stored one after the other",
		Breaks:   "A value is read with the type of another: crashes far away.",
		Needs:    []string{"threads"},
		Run:      onOneCPUToo(valueWhole),
	}, suite.Case{
		ID:       "atomics/wide-words-whole",
		Contract: "A 64-bit atomic load sees one store as a whole, on 32-bit ports too.",
		Source:   "package sync/atomic, LoadInt64; Go internal/runtime/atomic (LDREXD, CMPXCHG8B, MOVQ)",
		Breaks:   "Times and counters jump by 2^32.",
		Needs:    []string{"threads"},
		Run:      wideWordsWhole,
	}, suite.Case{
		ID:       "atomics/plain-words-whole",
		Contract: "A plain load of up to a machine word sees a value that was stored, not parts of two.",
		Source:   "The Go Memory Model, \"Implementation Restrictions for Programs Containing Data Races\"",
		Breaks:   "Pointers are torn: a data race becomes memory corruption, and the garbage collector follows it.",
		Needs:    []string{"threads"},
		Run:      plainWordsWhole,
	}, suite.Case{
		ID:       "atomics/neighbouring-bytes",
		Contract: "A store to a byte leaves the bytes beside it alone.",
		Source:   "The Go Memory Model; C11 3.14 (memory location); Boehm, Threads Cannot be Implemented as a Library, 4.2",
		Breaks:   "Goroutines that fill different elements of one []byte overwrite each other's.",
		Needs:    []string{"threads"},
		Run:      onOneCPUToo(neighbouringBytes),
	}, suite.Case{
		ID:       "atomics/unaligned-loads-and-stores",
		Contract: "Loads and stores of 2, 4 and 8 bytes at any address give the bytes that are there.",
		Source:   "Go cmd/compile/internal/ssa/memcombine.go: encoding/binary becomes one unaligned access",
		Breaks:   "Parsers of packets and files crash with SIGBUS, or read rotated numbers.",
		Run:      unaligned,
	}, suite.Case{
		ID:       "atomics/wide-words-aligned",
		Contract: "atomic.Int64 and the first word of what is allocated are aligned to 8 bytes, on 32-bit ports too.",
		Source:   "package sync/atomic, \"Bugs\"; Go cmd/compile: types.CalcSize of atomic.align64",
		Breaks:   "64-bit atomics panic, or are not atomic, depending on where a struct came to lie.",
		Run:      wideWordsAligned,
	})
}

type published struct{ fields [8]uint32 }

// allocate is a way for the value to be new memory each time, as zeroed by the allocator.
func allocate(n uint32) *published {
	p := new(published)
	for i := range p.fields {
		p.fields[i] = n
	}
	return p
}

func pointerPublishes(t *suite.T) {
	var current atomic.Pointer[published]
	current.Store(allocate(1))
	const values, looks = 20_000, 1000
	var over atomic.Bool
	var looked atomic.Int64
	torn := make(chan published, 1)
	go func() {
		defer close(torn)
		defer looked.Store(looks)
		for !over.Load() {
			if p := current.Load(); *p != *allocate(p.fields[7]) || p.fields[0] == 0 {
				torn <- *p
				return
			}
			looked.Add(1)
			runtime.Gosched()
		}
	}()
	for n := uint32(0); n < values || looked.Load() < looks; n++ {
		if suite.Planted("atomics-published-early") {
			p := new(published)
			current.Store(p)
			runtime.Gosched()
			*p = *allocate(n + 1)
			continue
		}
		current.Store(allocate(n + 1))
	}
	over.Store(true)
	if p, found := <-torn; found {
		t.Fatalf("a reader saw %v; all fields were the same when it was published", p.fields)
	}
}

// lateData is an atomic.Value whose type can be seen before its data.
type lateData struct{ value atomic.Pointer[any] }

func (v *lateData) Store(value any) {
	var zero any = ""
	v.value.Store(&zero)
	runtime.Gosched()
	v.value.Store(&value)
}

func (v *lateData) Load() any {
	if p := v.value.Load(); p != nil {
		return *p
	}
	return nil
}

func valueWhole(t *suite.T) {
	wrong := make(chan any, contenders)
	for range 300 {
		var value interface {
			Store(any)
			Load() any
		} = new(atomic.Value)
		if suite.Planted("atomics-published-early") {
			value = new(lateData)
		}
		together(func(who int) {
			for range 8 {
				if who%2 == 0 {
					value.Store("value " + string(rune('a'+who)))
				} else if seen := value.Load(); seen != nil && seen != "value a" && seen != "value c" {
					select {
					case wrong <- seen:
					default:
					}
				}
			}
		})
	}
	select {
	case seen := <-wrong:
		t.Fatalf("loaded %#v, which nobody stored", seen)
	default:
	}
}

// halves makes a number of which both halves are the same.
func halves(n uint32) uint64 { return uint64(n)<<32 | uint64(n) }

// writersAndReaders runs two writers and two readers, until each has had its turns: all run for as long as any does.
func writersAndReaders(first, second func(i int), read func()) {
	var busy atomic.Int32
	busy.Store(contenders)
	together(func(who int) {
		for i := 0; i < turns || busy.Load() > 0; i++ {
			switch who {
			case 0:
				first(i)
			case 1:
				second(i)
			default:
				read()
			}
			if i == turns {
				busy.Add(-1)
			}
			if i%16 == 0 {
				runtime.Gosched()
			}
		}
	})
}

func wideWordsWhole(t *suite.T) {
	var word atomic.Uint64
	var torn atomic.Uint64
	half := func(v uint64) {
		if suite.Planted("atomics-torn") {
			word.Store(v & 0xffffffff)
			runtime.Gosched()
		}
	}
	writersAndReaders(func(i int) {
		half(halves(uint32(i)))
		word.Store(halves(uint32(i)))
	}, func(i int) {
		half(halves(^uint32(i)))
		word.Swap(halves(^uint32(i)))
	}, func() {
		if v := word.Load(); v>>32 != v&0xffffffff {
			torn.Store(v)
		}
	})
	if v := torn.Load(); v != 0 {
		t.Fatalf("loaded %#x: one half of one store and one of another", v)
	}
}

// Plain accesses that the compiler neither joins nor leaves out.

//go:noinline
func plainStore(p *uintptr, v uintptr) { *p = v }

//go:noinline
func plainLoad(p *uintptr) uintptr { return *p }

func plainWordsWhole(t *suite.T) {
	const all = ^uintptr(0)
	var word uintptr
	var torn atomic.Uintptr
	half := func() {
		if suite.Planted("atomics-torn") {
			plainStore(&word, all>>16)
			runtime.Gosched()
		}
	}
	writersAndReaders(func(int) {
		half()
		plainStore(&word, all)
	}, func(int) {
		half()
		plainStore(&word, 0)
	}, func() {
		if v := plainLoad(&word); v != 0 && v != all {
			torn.Store(v)
		}
	})
	if v := torn.Load(); v != 0 {
		t.Fatalf("loaded %#x; only 0 and %#x were stored", v, all)
	}
}

//go:noinline
func plainStoreByte(row []byte, i int, v byte) {
	if suite.Planted("atomics-torn") {
		before := row[i^1]
		if v%4 == 0 {
			runtime.Gosched()
		}
		row[i^1] = before
	}
	row[i] = v
}

func neighbouringBytes(t *suite.T) {
	row := make([]byte, contenders)
	var lost atomic.Int64
	together(func(who int) {
		for i := range turns {
			plainStoreByte(row, who, byte(i))
			if i%16 == 0 {
				runtime.Gosched()
			}
			if row[who] != byte(i) {
				lost.Add(1)
			}
		}
	})
	if n := lost.Load(); n > 0 {
		t.Fatalf("%d of %d stores to a byte were undone by stores beside it", n, contenders*turns)
	}
}

func unaligned(t *suite.T) {
	from := make([]byte, 2*4096+64)
	for i := range from {
		from[i] = byte(i*7 + i>>8)
	}
	to := make([]byte, 16)
	for i := range len(from) - 8 {
		here := from[i:]
		if suite.Planted("atomics-rotated") {
			here = from[i&^3:]
		}
		var want uint64
		for k := range 8 {
			want |= uint64(from[i+k]) << (8 * k)
		}
		two, four, eight := binary.LittleEndian.Uint16(here), binary.LittleEndian.Uint32(here), binary.LittleEndian.Uint64(here)
		if two != uint16(want) || four != uint32(want) || eight != want || binary.BigEndian.Uint64(here) != swapped(want) {
			t.Fatalf("at offset %d: %#x, %#x and %#x, expected the low bytes of %#x", i, two, four, eight, want)
		}
		binary.LittleEndian.PutUint64(to[i%8:], want)
		binary.BigEndian.PutUint32(to[i%8+2:], uint32(want))
		if got := binary.LittleEndian.Uint64(to[i%8:]); got != want&^0xffffffff0000|swapped(want)>>32<<16&0xffffffff0000 {
			t.Fatalf("stored at offset %d: %#x, with the four bytes at offset %d turned around, gave %#x", i%8, want, i%8+2, got)
		}
	}
}

// swapped is the number with its bytes the other way round.
func swapped(n uint64) (out uint64) {
	for range 8 {
		out, n = out<<8|n&0xff, n>>8
	}
	return out
}

var globalWide struct {
	narrow uint32
	wide   atomic.Int64
}

func wideWordsAligned(t *suite.T) {
	check := func(what string, address unsafe.Pointer) {
		if suite.Planted("atomics-misplaced") {
			address = unsafe.Add(address, 4)
		}
		if uintptr(address)%8 != 0 {
			t.Errorf("%s is at an address that ends in %#x", what, uintptr(address)%16)
		}
	}
	check("an atomic.Int64 after an int32 in a global", unsafe.Pointer(&globalWide.wide))
	type mixed struct {
		_     uint32
		word  atomic.Uint64
		_     uint16
		inner struct {
			_    byte
			word atomic.Int64
		}
	}
	type odd struct {
		first uint64
		_     uint32
	}
	for range 50 {
		m := new(mixed)
		check("an atomic.Uint64 after a uint32 in a struct", unsafe.Pointer(&m.word))
		check("an atomic.Int64 in a struct within a struct", unsafe.Pointer(&m.inner.word))
		several := make([]mixed, 3)
		check("an atomic.Uint64 in the third of a slice", unsafe.Pointer(&several[2].word))
		check("the first word of an allocated struct", unsafe.Pointer(&new(odd).first))
		check("the first word of an allocated slice", unsafe.Pointer(&make([]uint64, 3)[0]))
		m.word.Store(1 << 40)
		m.inner.word.Store(-1 << 40)
		if m.word.Add(1) != 1<<40+1 || m.inner.word.Add(1) != -1<<40+1 {
			t.Errorf("adding to them gave %#x and %#x", m.word.Load(), m.inner.word.Load())
		}
	}
}
