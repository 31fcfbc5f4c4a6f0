// Package code lists all the functions of a binary: Go's by their table, the others by symbols, and where there are none
// by what is called.
package code

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"

	"seatrial.example/reader/gometa"
	"seatrial.example/reader/image"
	"seatrial.example/reader/steps"
)

// Func is a function of Go or of C.
type Func struct {
	gometa.Func
	C       bool // outside Go's text, or put there by Go's linker
	Unnamed bool // its begin is where something calls or points to, or the begin of the range
}

// List holds the functions sorted by Entry.
type List struct {
	Image   *image.Image
	Machine *steps.Machine // nil for an architecture whose code is not followed
	Funcs   []Func

	entries func() *Addresses
	calls   func() [][]Site
}

const longest = 1 << 20 // bytes of one function that are looked at

// latest is the list that was made last: most wants ask for it.
var latest struct {
	sync.Mutex
	meta *gometa.Meta
	list *List
}

// Of lists the functions of a binary; the metadata is nil for one without Go. The list is not to be changed: the wants
// share it.
func Of(m *image.Image, t *gometa.Meta) *List {
	latest.Lock()
	defer latest.Unlock()
	if latest.list == nil || latest.list.Image != m || latest.meta != t {
		latest.list = nil // making one may end in a panic
		latest.list, latest.meta = list(m, t), t
	}
	return latest.list
}

func list(m *image.Image, t *gometa.Meta) *List {
	l := &List{Image: m, Machine: steps.For(m.GOARCH)}
	// Where one want ends in a fault, those that ask again do too.
	l.entries, l.calls = sync.OnceValue(l.findEntries), sync.OnceValue(l.findCalls)
	var ours, others []gometa.Func
	if t != nil {
		ours, others = t.Funcs(), t.OutsideGo()
	} else {
		others = gometa.Outside(m, nil)
	}
	// gometa says so of a range that no symbol names.
	unnamed := func(f gometa.Func) bool { return strings.HasPrefix(f.Name, "C code at 0x") }
	var pieces []Func
	if l.Machine != nil {
		pieces = l.split(others, unnamed)
	}
	for _, f := range others {
		f.Name = plainName(m, f.Name)
		if is := unnamed(f); !is || l.Machine == nil {
			pieces = append(pieces, Func{Func: f, C: true, Unnamed: is})
		}
	}
	slices.SortStableFunc(pieces, func(a, b Func) int { return cmp.Compare(a.Entry, b.Entry) })
	l.Funcs = make([]Func, 0, len(ours)+len(pieces))
	for _, f := range ours {
		for len(pieces) > 0 && pieces[0].Entry < f.Entry {
			l.Funcs, pieces = append(l.Funcs, pieces[0]), pieces[1:]
		}
		f.Name = strings.TrimSuffix(f.Name, ".abi0")
		c := f.OfC()
		if c {
			f.Package = ""
		}
		l.Funcs = append(l.Funcs, Func{Func: f, C: c})
	}
	l.Funcs = append(l.Funcs, pieces...)
	for i := range len(l.Funcs) - 1 { // no byte of code is looked at twice, whatever the tables say
		l.Funcs[i].End = min(l.Funcs[i].End, l.Funcs[i+1].Entry)
	}
	return l
}

// plainName is C's name of a function: Mach-O, and PE for 386, put a line before it.
func plainName(m *image.Image, name string) string {
	if m.Format == "macho" || m.Format == "pe" && m.GOARCH == "386" {
		return strings.TrimPrefix(name, "_")
	}
	return name
}

// split cuts ranges of C code without names where they are called, or where data point to.
func (l *List) split(others []gometa.Func, unnamed func(gometa.Func) bool) []Func {
	var ranges []gometa.Func
	for _, f := range others {
		if unnamed(f) {
			ranges = append(ranges, f)
		}
	}
	if len(ranges) == 0 {
		return nil
	}
	sort.Slice(ranges, func(i, j int) bool { return ranges[i].Entry < ranges[j].Entry })
	inside := func(addr uint64) bool {
		i := sort.Search(len(ranges), func(i int) bool { return ranges[i].Entry > addr }) - 1
		return i >= 0 && addr < ranges[i].End
	}
	var begins []uint64
	for _, f := range others {
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
	var pieces []Func
	next := 0
	for _, r := range ranges {
		for next < len(begins) && begins[next] <= r.Entry {
			next++
		}
		at := r.Entry
		for ; next < len(begins) && begins[next] < r.End; next++ {
			pieces = append(pieces, piece(r, at, begins[next]))
			at = begins[next]
		}
		pieces = append(pieces, piece(r, at, r.End))
	}
	return pieces
}

func piece(of gometa.Func, start, end uint64) Func {
	of.Name, of.Entry, of.End = fmt.Sprintf("C code at %#x", start), start, end
	return Func{Func: of, C: true, Unnamed: true}
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
func (l *List) Body(i int) []byte { return l.body(l.Funcs[i].Func) }

func (l *List) body(f gometa.Func) []byte {
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
