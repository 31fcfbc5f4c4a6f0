// Package code lists all the functions of a binary: Go's by their table, the others by symbols, and where there are none
// by what is called.
package code

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"seatrial.example/reader/gometa"
	"seatrial.example/reader/image"
	"seatrial.example/reader/steps"
)

// Func is a function of Go or of C.
type Func struct {
	gometa.Func
	C       bool // outside Go's text
	Unnamed bool // its begin is where something calls or points to, or the begin of the range
}

// List holds the functions sorted by Entry.
type List struct {
	Image   *image.Image
	Machine *steps.Machine // nil for an architecture whose code is not followed
	Funcs   []Func
}

const longest = 1 << 20 // bytes of one function that are looked at

// Of lists the functions of a binary; the metadata is nil for one without Go.
func Of(m *image.Image, t *gometa.Meta) *List {
	l := &List{Image: m, Machine: steps.For(m.GOARCH)}
	var ours, others []gometa.Func
	if t != nil {
		ours, others = t.Funcs(), t.OutsideGo()
	} else {
		others = gometa.Outside(m, nil)
	}
	l.Funcs = make([]Func, 0, len(ours)+len(others))
	for _, f := range ours {
		f.Name = strings.TrimSuffix(f.Name, ".abi0")
		l.Funcs = append(l.Funcs, Func{Func: f})
	}
	unnamed := map[int]bool{}
	for _, f := range others {
		// gometa says so of a range that no symbol names.
		if strings.HasPrefix(f.Name, "C code at 0x") {
			unnamed[len(l.Funcs)] = true
		}
		l.Funcs = append(l.Funcs, Func{Func: f, C: true, Unnamed: unnamed[len(l.Funcs)]})
	}
	if len(unnamed) > 0 && l.Machine != nil {
		l.split()
	}
	sort.SliceStable(l.Funcs, func(i, j int) bool { return l.Funcs[i].Entry < l.Funcs[j].Entry })
	for i := range len(l.Funcs) - 1 { // no byte of code is looked at twice, whatever the tables say
		l.Funcs[i].End = min(l.Funcs[i].End, l.Funcs[i+1].Entry)
	}
	return l
}

// split cuts ranges of C code without names where they are called, or where data point to.
func (l *List) split() {
	var ranges []Func
	kept := l.Funcs[:0:0]
	for _, f := range l.Funcs {
		if f.Unnamed {
			ranges = append(ranges, f)
		} else {
			kept = append(kept, f)
		}
	}
	sort.Slice(ranges, func(i, j int) bool { return ranges[i].Entry < ranges[j].Entry })
	inside := func(addr uint64) bool {
		i := sort.Search(len(ranges), func(i int) bool { return ranges[i].Entry > addr }) - 1
		return i >= 0 && addr < ranges[i].End
	}
	var begins []uint64
	for _, f := range l.Funcs {
		if !f.C {
			continue
		}
		body := l.body(f)
		for at := 0; at+4 <= len(body); at += l.Machine.Aligned {
			if target, size := l.Machine.CallMayBe(body[at:], f.Entry+uint64(at)); size > 0 && inside(target) {
				begins = append(begins, target)
			}
		}
	}
	for _, value := range l.Pointers(inside) {
		begins = append(begins, value)
	}
	slices.Sort(begins)
	begins = slices.Compact(begins)
	next := 0
	for _, r := range ranges {
		for next < len(begins) && begins[next] <= r.Entry {
			next++
		}
		at := r.Entry
		for ; next < len(begins) && begins[next] < r.End; next++ {
			kept = append(kept, piece(r, at, begins[next]))
			at = begins[next]
		}
		kept = append(kept, piece(r, at, r.End))
	}
	l.Funcs = kept
}

func piece(of Func, start, end uint64) Func {
	of.Name, of.Entry, of.End = fmt.Sprintf("C code at %#x", start), start, end
	return of
}

// Pointers gives the words of writable data that hold an address that is asked for, by where they stand: constants of
// other kinds are addresses by chance.
func (l *List) Pointers(wanted func(uint64) bool) map[uint64]uint64 {
	found := map[uint64]uint64{}
	word := uint64(l.Image.PtrSize)
	for _, s := range l.Image.Segments {
		if s.Executable() || !s.Writable() {
			continue
		}
		start := (s.Addr + word - 1) &^ (word - 1)
		data, err := l.Image.Rest(start)
		if err != nil {
			continue
		}
		for ; uint64(len(data)) >= word; data, start = data[word:], start+word {
			if value := l.Image.Word(data); value != 0 && wanted(value) {
				found[start] = value
			}
		}
	}
	return found
}

// Body is the code of a function; of a very long one the begin.
func (l *List) Body(i int) []byte { return l.body(l.Funcs[i]) }

func (l *List) body(f Func) []byte {
	body, err := l.Image.Bytes(f.Entry, min(f.End-f.Entry, longest))
	if err != nil {
		return nil
	}
	return body
}

// At is the index of the function that holds an address; -1 for none.
func (l *List) At(pc uint64) int {
	i := sort.Search(len(l.Funcs), func(i int) bool { return l.Funcs[i].Entry > pc }) - 1
	if i < 0 || pc >= l.Funcs[i].End {
		return -1
	}
	return i
}

// Name names what is at an address, for people.
func (l *List) Name(addr uint64) string {
	if i := l.At(addr); i >= 0 {
		return l.Funcs[i].Name
	}
	return fmt.Sprintf("%#x", addr)
}

// Place is where something is done in the program.
type Place struct {
	PC       uint64 `json:"pc"`
	Function string `json:"function"`
	Package  string `json:"package"`
	File     string `json:"file"`
	Line     int    `json:"line"` // of the function
	C        bool   `json:"c"`
}

// Place tells of an address in a function.
func (l *List) Place(i int, pc uint64) Place {
	f := &l.Funcs[i]
	return Place{PC: pc, Function: f.Name, Package: f.Package, File: f.File, Line: f.Line, C: f.C}
}
