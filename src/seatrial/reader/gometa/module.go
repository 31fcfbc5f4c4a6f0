package gometa

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"seatrial.example/reader/image"
)

// layout is where the fields of runtime.moduledata stand, in words; 0 for what a release does not have.
type layout struct {
	releases  string
	form      form
	types     int
	typeDescs int // length of the run of descriptors
	etypes    int
	itabs     int // offset of the run of itabs; its size follows
	rodata    int
	gofunc    int
	sections  int // textsectmap
	typelinks int
	itablinks int
}

// Go source: runtime/symtab.go of each release.
var layouts = []layout{
	{releases: "1.27", form: form120, types: 37, typeDescs: 38, etypes: 39, itabs: 40, rodata: 42, gofunc: 43, sections: 45},
	{releases: "1.26", form: form120, types: 37, etypes: 38, rodata: 39, gofunc: 40, sections: 42, typelinks: 45, itablinks: 48},
	{releases: "1.20-1.25", form: form120, types: 37, etypes: 38, rodata: 39, gofunc: 40, sections: 41, typelinks: 44, itablinks: 47},
	{releases: "1.18-1.19", form: form118, types: 35, etypes: 36, rodata: 37, gofunc: 38, sections: 39, typelinks: 42, itablinks: 45},
	{releases: "1.16-1.17", form: form116, types: 35, etypes: 36, sections: 37, typelinks: 40, itablinks: 43},
}

// The fields that have not moved since Go 1.16; slices take three words.
const (
	wordHeader, wordNames, wordUnits, wordFiles, wordPCs, wordFuncs, wordFunctab = 0, 1, 4, 7, 10, 13, 16
	wordMinPC, wordMaxPC, wordText, wordEText                                    = 20, 21, 22, 23
	moduleWords                                                                  = 56 // all that is looked at
)

// module is runtime.moduledata.
type module struct {
	addr        uint64
	text, etext uint64
	layout      *layout // nil where unknown says why
	unknown     error
	types       uint64
	etypes      uint64
	gofunc      uint64
	descs       uint64 // 1.27: length of the run of descriptors
	itabAt      uint64 // 1.27: address of the run of itabs
	itabSize    uint64
	typelinks   words
	itablinks   words
	sections    []textSection
}

// words is a slice in the binary.
type words struct{ addr, count uint64 }

// textSection is runtime.textsect: text that the linker split, for the reach of jumps.
type textSection struct{ start, end, base uint64 }

// address is where an offset from the start of text stands (Go source: moduledata.textAddr).
func (d *module) address(offset uint64) uint64 {
	for i, s := range d.sections {
		if offset >= s.start && (offset < s.end || i == len(d.sections)-1 && offset == s.end) {
			return s.base + offset - s.start
		}
	}
	return d.text + offset
}

// findModule looks for pointers to the table in writable data and takes the first that is module data.
func findModule(m *image.Image, t *pclntab) (*module, error) {
	pattern := make([]byte, m.PtrSize)
	m.PutWord(pattern, t.addr)
	failed := errors.New("no writable data points to it")
	tried := 0
	for i := range m.Segments {
		s := &m.Segments[i]
		b, err := m.Rest(s.Addr)
		if err != nil || !s.Writable() {
			continue
		}
		for at := 0; tried < 4*candidateLimit; at++ {
			next := bytes.Index(b[at:], pattern)
			if next < 0 {
				break
			}
			at += next
			if (s.Addr+uint64(at))%uint64(m.PtrSize) != 0 {
				continue
			}
			tried++
			d, err := readModule(m, t, s.Addr+uint64(at))
			if err == nil {
				return d, nil
			}
			failed = fmt.Errorf("what points to it from %#x is none: %w", s.Addr+uint64(at), err)
		}
	}
	return nil, failed
}

// readModule checks the fields that all releases share, then looks for the one layout that fits the others.
func readModule(m *image.Image, t *pclntab, addr uint64) (*module, error) {
	word := uint64(m.PtrSize)
	b, err := m.Bytes(addr, moduleWords*word)
	if err != nil {
		return nil, err
	}
	w := func(i int) uint64 { return m.Word(b[uint64(i)*word:]) }
	d := &module{addr: addr}
	for _, i := range []int{wordNames, wordUnits, wordFiles, wordPCs, wordFuncs, wordFunctab} {
		if w(i+1) != w(i+2) {
			return nil, fmt.Errorf("length and capacity differ in word %d", i+1)
		}
	}
	if w(wordNames)-t.addr >= uint64(len(t.names)+len(t.units)+len(t.files)+len(t.pcs))+uint64(len(t.funcs)) {
		return nil, errors.New("its names of functions are not in the table")
	}
	if n := w(wordFunctab + 1); n != t.count && n != t.count+1 {
		return nil, fmt.Errorf("it counts %d functions, the table %d", n, t.count)
	}
	d.text, d.etext = w(wordText), w(wordEText)
	if low, high := w(wordMinPC), w(wordMaxPC); d.text > low || low >= high || high > d.etext {
		return nil, fmt.Errorf("text from %#x to %#x, functions from %#x to %#x", d.text, d.etext, low, high)
	}
	if !m.Mapped(d.text) {
		return nil, fmt.Errorf("its text at %#x is not in the file", d.text)
	}
	var failures []string
	for i := range layouts {
		l := &layouts[i]
		if l.form != t.form {
			continue
		}
		if err := d.fits(m, l, w); err != nil {
			failures = append(failures, fmt.Sprintf("Go %s: %v", l.releases, err))
			continue
		}
		if d.layout != nil {
			failures = append(failures, fmt.Sprintf("both Go %s and %s fit", d.layout.releases, l.releases))
			d.layout = nil
			break
		}
		d.layout = l
	}
	if d.layout == nil {
		d.unknown = fmt.Errorf("the layout of the module data at %#x is not known: %s", addr, strings.Join(failures, "; "))
		return d, nil
	}
	return d, d.fill(m, d.layout, w)
}

func slice(w func(int) uint64, at int) (words, error) {
	s := words{w(at), w(at + 1)}
	if s.count != w(at+2) {
		return s, fmt.Errorf("length %d and capacity %d in word %d", s.count, w(at+2), at)
	}
	return s, nil
}

// fits checks one layout (see facts on Go's metadata: ranges of types, tables of links or runs of descriptors).
func (d *module) fits(m *image.Image, l *layout, w func(int) uint64) error {
	types, etypes := w(l.types), w(l.etypes)
	if etypes <= types || etypes-types >= 1<<32 {
		return fmt.Errorf("types from %#x to %#x", types, etypes)
	}
	if !m.Mapped(types) || !m.Mapped(etypes-1) {
		return fmt.Errorf("types from %#x to %#x are not in the file", types, etypes)
	}
	sections, err := slice(w, l.sections)
	if err != nil {
		return fmt.Errorf("textsectmap: %w", err)
	}
	if sections.count == 0 || sections.count > 1<<12 {
		return fmt.Errorf("textsectmap: %d entries", sections.count)
	}
	if l.rodata != 0 && !m.Mapped(w(l.rodata)) {
		return fmt.Errorf("rodata at %#x is not in the file", w(l.rodata))
	}
	span := etypes - types
	if l.typeDescs != 0 {
		descs, offset, size := w(l.typeDescs), w(l.itabs), w(l.itabs+1)
		if descs < uint64(m.PtrSize) || descs > span || offset > span || size > span-offset || offset < descs {
			return fmt.Errorf("descriptors %d bytes, itabs %d bytes from %#x in %d bytes of types", descs, size, offset, span)
		}
		return nil
	}
	typelinks, err := slice(w, l.typelinks)
	if err != nil {
		return fmt.Errorf("typelinks: %w", err)
	}
	itablinks, err := slice(w, l.itablinks)
	if err != nil {
		return fmt.Errorf("itablinks: %w", err)
	}
	raw, err := m.Bytes(typelinks.addr, min(typelinks.count, 1<<28)*4)
	if err != nil {
		return fmt.Errorf("typelinks: %w", err)
	}
	for ; len(raw) >= 4; raw = raw[4:] {
		if offset := uint64(m.Order.Uint32(raw)); offset >= span {
			return fmt.Errorf("typelinks: offset %#x in %d bytes of types", offset, span)
		}
	}
	if _, err := m.Bytes(itablinks.addr, min(itablinks.count, 1<<28)*uint64(m.PtrSize)); itablinks.count > 0 && err != nil {
		return fmt.Errorf("itablinks: %w", err)
	}
	return nil
}

// fill takes the fields of the layout that fits.
func (d *module) fill(m *image.Image, l *layout, w func(int) uint64) error {
	d.types, d.etypes = w(l.types), w(l.etypes)
	if l.gofunc != 0 {
		d.gofunc = w(l.gofunc)
	}
	if l.typeDescs != 0 {
		d.descs, d.itabAt, d.itabSize = w(l.typeDescs), d.types+w(l.itabs), w(l.itabs+1)
	} else {
		d.typelinks, _ = slice(w, l.typelinks)
		d.itablinks, _ = slice(w, l.itablinks)
	}
	sections, _ := slice(w, l.sections)
	if sections.count < 2 {
		return nil
	}
	word := uint64(m.PtrSize)
	raw, err := m.Bytes(sections.addr, sections.count*3*word)
	if err != nil {
		return fmt.Errorf("textsectmap: %w", err)
	}
	for ; uint64(len(raw)) >= 3*word; raw = raw[3*word:] {
		d.sections = append(d.sections, textSection{m.Word(raw), m.Word(raw[word:]), m.Word(raw[2*word:])})
	}
	return nil
}
