// Package gometa reads what the Go linker leaves in every binary for the runtime, stripped or not: functions with
// their files and lines, the inlining tree, module data, type descriptors and itabs.
//
// It follows runtime/symtab.go, cmd/link/internal/ld/pcln.go and internal/abi of Go 1.16 to 1.27. A layout is chosen
// by checks of its structure; what fits none is an error that names the checks which failed.
package gometa

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"seatrial.example/reader/image"
)

// ErrNoGo says that no table of functions was found.
var ErrNoGo = errors.New("no Go function table (pclntab) was found")

// form is the layout of a pclntab, by its magic (internal/abi/symtab.go).
type form uint32

const (
	form12  form = 0xfffffffb // Go 1.2 to 1.15
	form116 form = 0xfffffffa // Go 1.16 and 1.17: a header with offsets
	form118 form = 0xfffffff0 // Go 1.18 and 1.19: entries are offsets from the text
	form120 form = 0xfffffff1 // from Go 1.20 on: records have a start line, the inlining tree is shorter
)

var forms = []form{form120, form118, form116, form12}

const candidateLimit = 64

// pclntab is the table of functions with its parts, which are views into the mapping.
type pclntab struct {
	form     form
	addr     uint64
	order    binary.ByteOrder
	ptr      int
	quantum  uint64
	count    uint64 // of functions
	text     uint64 // textStart; 0 from Go 1.26 on
	functab  []byte
	funcs    []byte // what offsets in functab count from
	funcsAt  uint64 // its address
	names    []byte
	units    []byte // cutab; nil up to Go 1.15
	files    []byte
	pcs      []byte
	oldFiles []byte // Go 1.2 to 1.15: offsets of the names of files
}

// findTables gives the pclntabs that pass the checks of their header: by section, symbol or pattern.
func findTables(m *image.Image) ([]*pclntab, error) {
	failed := ErrNoGo
	try := func(addr uint64) *pclntab {
		t, err := readTable(m, addr)
		if err != nil {
			failed = fmt.Errorf("the Go function table at %#x: %w", addr, err)
			return nil
		}
		return t
	}
	if s := m.Section(".gopclntab", "__gopclntab", ".data.rel.ro.gopclntab"); s != nil {
		if t := try(s.Addr); t != nil {
			return []*pclntab{t}, nil
		}
	}
	var found []*pclntab
	m.EachSymbol(func(s image.Symbol) bool {
		if s.Name == "runtime.pclntab" || s.Name == "_runtime.pclntab" {
			if t := try(s.Addr); t != nil {
				found = append(found, t)
			}
			return false
		}
		return true
	})
	if len(found) > 0 {
		return found, nil
	}
	tried := 0
	for i := range m.Segments {
		s := &m.Segments[i]
		b, err := m.Rest(s.Addr)
		if err != nil {
			continue
		}
		for _, f := range forms {
			magic := make([]byte, 6) // two zeros stand behind it
			m.Order.PutUint32(magic, uint32(f))
			for at := 0; tried < candidateLimit; at++ {
				next := bytes.Index(b[at:], magic)
				if next < 0 {
					break
				}
				at += next
				if at+8 > len(b) || (s.Addr+uint64(at))%4 != 0 || b[at+7] != byte(m.PtrSize) {
					continue
				}
				tried++
				if t := try(s.Addr + uint64(at)); t != nil {
					found = append(found, t)
				}
			}
		}
	}
	if len(found) == 0 {
		return nil, failed
	}
	return found, nil
}

// readTable reads and checks the header of a pclntab.
func readTable(m *image.Image, addr uint64) (*pclntab, error) {
	b, err := m.Rest(addr)
	if err != nil {
		return nil, err
	}
	word := m.PtrSize
	if len(b) < 8+9*word {
		return nil, errors.New("the header goes beyond its segment")
	}
	t := &pclntab{form: form(m.Order.Uint32(b)), addr: addr, order: m.Order, ptr: word, quantum: uint64(b[6])}
	switch {
	case b[4] != 0 || b[5] != 0:
		return nil, errors.New("the bytes behind the magic are not 0")
	case t.quantum != 1 && t.quantum != 2 && t.quantum != 4:
		return nil, fmt.Errorf("instructions in units of %d bytes", t.quantum)
	case int(b[7]) != word:
		return nil, fmt.Errorf("words of %d bytes in a file of %d-byte words", b[7], word)
	}
	words := func(i int) uint64 { return m.Word(b[8+i*word:]) }
	t.count = words(0)
	entry := uint64(2 * word)
	switch t.form {
	case form12:
		if t.functab, err = part(b, uint64(8+word), t.count, entry, uint64(word)); err != nil {
			return nil, fmt.Errorf("functab: %w", err)
		}
		t.funcs, t.names, t.pcs, t.funcsAt = b, b, b, addr
		at := uint64(m.Order.Uint32(b[8+word+len(t.functab):][:4]))
		if at+4 < at || at+4 > uint64(len(b)) {
			return nil, errors.New("the table of files lies outside")
		}
		n := uint64(m.Order.Uint32(b[at:]))
		if t.oldFiles, err = part(b, at, n, 4, 0); err != nil {
			return nil, fmt.Errorf("the table of files: %w", err)
		}
		t.files = b
		return t, t.check()
	case form116, form118, form120:
		at := 2
		if t.form != form116 {
			t.text, at, entry = words(2), 3, 8
		}
		for i, sub := range []*[]byte{&t.names, &t.units, &t.files, &t.pcs, &t.funcs} {
			start, end := words(at+i), uint64(len(b))
			if i < 4 {
				end = words(at + i + 1)
			}
			if start > end || end > uint64(len(b)) {
				return nil, fmt.Errorf("part %d of the table (%#x to %#x) lies outside", i, start, end)
			}
			*sub, t.funcsAt = b[start:end:end], addr+start
		}
		if t.functab, err = part(t.funcs, 0, t.count, entry, entry/2); err != nil {
			return nil, fmt.Errorf("functab: %w", err)
		}
		return t, t.check()
	}
	return nil, fmt.Errorf("the magic %#x is of no Go release that is known", uint32(t.form))
}

// part is count entries and a rest at an offset of b.
func part(b []byte, at, count, entry, rest uint64) ([]byte, error) {
	size := uint64(len(b))
	if at > size || count > (size-at)/entry || count*entry+rest > size-at {
		return nil, fmt.Errorf("%d entries of %d bytes at %#x do not fit into %d bytes", count, entry, at, size)
	}
	return b[at : at+count*entry+rest], nil
}

// check looks at the ends of functab: entries must ascend and their records must lie inside.
func (t *pclntab) check() error {
	if t.count == 0 {
		return errors.New("it counts no function")
	}
	last := ^uint64(0)
	for i := range min(t.count, 16) {
		entry, _ := t.entry(i)
		if last != ^uint64(0) && entry <= last {
			return errors.New("the functions are not in order")
		}
		last = entry
		if t.record(i).b == nil {
			return fmt.Errorf("the record of function %d lies outside", i)
		}
	}
	return nil
}

// entry is the address of a function as functab has it, and the offset of its record; for i = count the end of all.
func (t *pclntab) entry(i uint64) (pc, record uint64) {
	if t.form == form118 || t.form == form120 {
		b := t.functab[i*8:]
		pc = uint64(t.order.Uint32(b))
		if len(b) >= 8 {
			record = uint64(t.order.Uint32(b[4:]))
		}
		return pc, record
	}
	b := t.functab[i*2*uint64(t.ptr):]
	pc = t.word(b)
	if len(b) >= 2*t.ptr {
		record = t.word(b[t.ptr:])
	}
	return pc, record
}

func (t *pclntab) word(b []byte) uint64 {
	if t.ptr == 8 {
		return t.order.Uint64(b)
	}
	return uint64(t.order.Uint32(b))
}

// record is runtime._func, from its field `name` on.
type record struct {
	t    *pclntab
	b    []byte
	addr uint64 // of b in memory
}

// The fields of runtime._func behind the entry, in words of 4 bytes.
const (
	fieldName, fieldPCFile, fieldPCLine, fieldPCData = 0, 4, 5, 6
	fieldUnit, fieldStartLine                        = 7, 8
)

func (t *pclntab) record(i uint64) record {
	_, at := t.entry(i)
	skip := uint64(t.ptr)
	if t.form == form118 || t.form == form120 {
		skip = 4
	}
	if size := t.size(); at > uint64(len(t.funcs)) || skip+size > uint64(len(t.funcs))-at {
		return record{}
	}
	return record{t, t.funcs[at+skip:], t.funcsAt + at + skip}
}

// size is that of a record without its entry and its tables.
func (t *pclntab) size() uint64 {
	switch t.form {
	case form12:
		return 32
	case form120:
		return 40
	}
	return 36
}

func (r record) field(i int) uint32 { return r.t.order.Uint32(r.b[4*i:]) }

// flags gives funcID, flag and the number of funcdata tables: the last four bytes.
func (r record) flags() (id, flag, tables byte) {
	end := r.b[r.t.size()-4:]
	return end[0], end[1], end[3]
}
