package guards

import (
	"encoding/binary"
	"sort"
	"sync"

	"seatrial.example/reader/code"
	"seatrial.example/reader/image"
)

// site is a place in the code that names an address: a direct call or jump to a function, or an access to data.
type site struct {
	pc, addr uint64
}

// index lists what the code of a binary refers to. Some of it may not be real: bytes that look like an instruction.
// Whoever uses it decodes the function.
type index struct {
	calls []site // to the begin of functions
	data  []site // in what the loader maps for writing

	written *pages // of that, what is written
	taken   *pages // and what has its address taken
}

// access is what an instruction does with an address that it names.
type access uint8

const (
	reads access = iota
	writes
	takes
)

// pages is a set of addresses.
type pages struct {
	first uint64
	of    []*[512]uint64
}

func newPages(m *image.Image) *pages {
	low, high := ^uint64(0), uint64(0)
	for _, s := range m.Segments {
		if s.MemSize > 0 {
			low, high = min(low, s.Addr), max(high, s.Addr+s.MemSize)
		}
	}
	if low > high || high-low > 1<<36 {
		return &pages{}
	}
	return &pages{first: low >> 15, of: make([]*[512]uint64, high>>15-low>>15+1)}
}

func (p *pages) add(addr uint64) {
	n := addr>>15 - p.first
	if n >= uint64(len(p.of)) {
		return
	}
	if p.of[n] == nil {
		p.of[n] = new([512]uint64)
	}
	p.of[n][addr>>6&511] |= 1 << (addr & 63)
}

func (p *pages) has(addr uint64) bool {
	n := addr>>15 - p.first
	return n < uint64(len(p.of)) && p.of[n] != nil && p.of[n][addr>>6&511]>>(addr&63)&1 != 0
}

func entriesOf(l *code.List) *pages {
	p := newPages(l.Image)
	for i := range l.Funcs {
		p.add(l.Funcs[i].Entry)
	}
	return p
}

// scanner finds sites in a piece of code.
type scanner func(body []byte, addr uint64, call func(pc, target uint64), data func(pc, target uint64, how access))

var scanners = map[string]scanner{"amd64": scanAMD64, "arm64": scanARM64, "loong64": scanLOONG64, "riscv64": scanRISCV64}

// writable is where variables are.
type writable struct {
	ranges []image.Range
}

func writableOf(m *image.Image) writable {
	var w writable
	for _, s := range m.Segments {
		if s.Writable() {
			w.ranges = append(w.ranges, image.Range{Start: s.Addr, End: s.Addr + max(s.MemSize, s.FileSize)})
		}
	}
	return w
}

func (w writable) has(addr uint64) bool {
	for i := range w.ranges {
		if r := &w.ranges[i]; addr-r.Start < r.End-r.Start {
			return true
		}
	}
	return false
}

const piece = 1 << 20

// indexOf goes over all the code once, for calls of `entries` and for what refers to what is writable; with `only`, for
// what refers to one of those addresses.
func indexOf(l *code.List, w writable, entries, only *pages) *index {
	scan := scanners[l.Image.GOARCH]
	if scan == nil {
		return &index{}
	}
	var pieces []image.Range
	for _, r := range l.Image.Code() {
		for at := r.Start; at < r.End; at += piece {
			pieces = append(pieces, image.Range{Start: at, End: min(at+piece, r.End)})
		}
	}
	type found struct {
		calls, data []site
		other       []site // of data, what is not only read
		how         []access
	}
	parts := make([]found, len(pieces))
	var wait sync.WaitGroup
	slots := make(chan struct{}, 4)
	for i, r := range pieces {
		wait.Add(1)
		slots <- struct{}{}
		body := codeAt(l.Image, r)
		go func() {
			defer func() { <-slots; wait.Done() }()
			part := &parts[i]
			scan(body, r.Start, func(pc, target uint64) {
				if pc < r.End && entries.has(target) {
					part.calls = append(part.calls, site{pc, target})
				}
			}, func(pc, target uint64, how access) {
				if pc < r.End && (only == nil && w.has(target) || only != nil && only.has(target)) {
					part.data = append(part.data, site{pc, target})
					if how != reads {
						part.other = append(part.other, site{pc, target})
						part.how = append(part.how, how)
					}
				}
			})
		}()
	}
	wait.Wait()
	out := &index{written: newPages(l.Image), taken: newPages(l.Image)}
	for i := range parts {
		out.calls = append(out.calls, parts[i].calls...)
		out.data = append(out.data, parts[i].data...)
		for n, s := range parts[i].other {
			if parts[i].how[n] == takes {
				out.taken.add(s.addr)
			} else {
				out.written.add(s.addr)
			}
		}
	}
	return out
}

const widestStruct = 256 // bytes from where an address is taken to a field that is written by way of it

// neverWritten tells of a variable of one byte that nothing is seen to change.
func (x *index) neverWritten(addr uint64) bool {
	if x.written.has(addr) {
		return false
	}
	for n := range uint64(widestStruct) {
		if x.taken.has(addr - n) {
			return false
		}
	}
	return true
}

// codeAt is a piece of code with a little of what follows, for an instruction that begins in it.
func codeAt(m *image.Image, r image.Range) []byte {
	for extra := uint64(64); ; extra /= 4 {
		if body, err := m.Bytes(r.Start, r.End-r.Start+extra); err == nil {
			return body
		}
		if extra == 0 {
			return nil
		}
	}
}

// functions are those that hold sites whose address is wanted.
func functions(l *code.List, sites []site, wanted func(addr uint64) bool) []int {
	var found []int
	last := -1
	for _, s := range sites {
		if !wanted(s.addr) {
			continue
		}
		if last >= 0 && s.pc >= l.Funcs[last].Entry && s.pc < l.Funcs[last].End {
			continue
		}
		if i := l.At(s.pc); i >= 0 {
			last = i
			found = append(found, i)
		}
	}
	sort.Ints(found)
	kept := found[:0]
	for i, n := range found {
		if i == 0 || n != found[i-1] {
			kept = append(kept, n)
		}
	}
	return kept
}

// pointersTo finds the words of data that hold one of the addresses.
func pointersTo(m *image.Image, wanted *pages) []site {
	var found []site
	size := uint64(m.PtrSize)
	for _, s := range m.Segments {
		if s.Executable() {
			continue
		}
		start := (s.Addr + size - 1) &^ (size - 1)
		data, err := m.Rest(start)
		if err != nil {
			continue
		}
		for ; uint64(len(data)) >= size; data, start = data[size:], start+size {
			var v uint64
			if size == 8 {
				v = binary.LittleEndian.Uint64(data)
			} else {
				v = uint64(binary.LittleEndian.Uint32(data))
			}
			if v != 0 && wanted.has(v) {
				found = append(found, site{start, v})
			}
		}
	}
	return found
}
