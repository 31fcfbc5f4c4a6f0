package image

import (
	"bytes"
	"unsafe"
)

// Kind is what a symbol stands for.
type Kind uint8

// The kinds of symbols.
const (
	Other Kind = iota
	Func
	Object
	Import // defined elsewhere
	Source // names the source file of the local symbols behind it
)

// Symbol is an entry of a symbol table. Its strings are views into the mapping.
type Symbol struct {
	Name    string
	Addr    uint64
	Size    uint64 // 0 where the format has none
	Kind    Kind
	Dynamic bool // from the table that the loader reads
	Global  bool
	Section int // index in Image.Sections; -1 for none
}

// SymbolTable is where a symbol table and its names stand in the file.
type SymbolTable struct {
	Form    string `json:"form"` // elf, coff, macho
	Offset  uint64 `json:"offset"`
	Count   uint64 `json:"count"`
	Names   uint64 `json:"names_offset"`
	Size    uint64 `json:"names_size"`
	Dynamic bool   `json:"dynamic"`
}

const (
	elfFunc, elfObject, elfIfunc, elfTLS = 2, 1, 10, 6
	elfSource                            = 4
	coffSize, coffFunction               = 18, 0x20
	coffExternal, coffStatic             = 2, 3
)

// EachSymbol calls visit for each symbol, in the order of the tables, until it returns false. A damaged entry is left out.
func (m *Image) EachSymbol(visit func(Symbol) bool) {
	m.EachSymbolAt(nil, visit)
}

// EachSymbolAt calls visit only for the symbols whose kind and address are wanted (nil: all): the names of the others
// are not read.
func (m *Image) EachSymbolAt(wanted func(kind Kind, addr uint64) bool, visit func(Symbol) bool) {
	for _, table := range m.tables {
		if !m.eachOf(table, wanted, visit) {
			return
		}
	}
}

func (m *Image) eachOf(table SymbolTable, wanted func(kind Kind, addr uint64) bool, visit func(Symbol) bool) bool {
	names, err := m.File(table.Names, table.Size)
	if err != nil {
		return true
	}
	size := map[string]uint64{"elf": 16, "coff": coffSize, "macho": 12}[table.Form]
	if m.PtrSize == 8 && table.Form != "coff" {
		size = map[string]uint64{"elf": 24, "macho": 16}[table.Form]
	}
	if size == 0 || table.Offset > m.Size() {
		return true
	}
	count := min(table.Count, (m.Size()-table.Offset)/size)
	entries, err := m.File(table.Offset, count*size)
	if err != nil {
		return true
	}
	read := map[string]func(entry, names []byte) (Symbol, bool){"elf": m.elfSymbol, "macho": m.machoSymbol, "coff": m.coffSymbol}[table.Form]
	for i := uint64(0); i < count; i++ {
		entry := entries[i*size : (i+1)*size]
		if table.Form == "coff" {
			i += uint64(entry[17]) // auxiliary entries
		}
		if wanted != nil {
			if s, _ := read(entry, nil); !wanted(s.Kind, s.Addr) {
				continue
			}
		}
		s, ok := read(entry, names)
		if !ok {
			continue
		}
		s.Dynamic = table.Dynamic
		if !visit(s) {
			return false
		}
	}
	return true
}

func (m *Image) elfSymbol(entry, names []byte) (Symbol, bool) {
	var info, index = byte(0), uint16(0)
	s := Symbol{Section: -1}
	if m.PtrSize == 8 {
		info, index = entry[4], m.Order.Uint16(entry[6:])
		s.Addr, s.Size = m.Order.Uint64(entry[8:]), m.Order.Uint64(entry[16:])
	} else {
		info, index = entry[12], m.Order.Uint16(entry[14:])
		s.Addr, s.Size = uint64(m.Order.Uint32(entry[4:])), uint64(m.Order.Uint32(entry[8:]))
	}
	s.Global = info>>4 != 0
	switch info & 15 {
	case elfFunc, elfIfunc:
		s.Kind = Func
	case elfObject, elfTLS:
		s.Kind = Object
	}
	if info&15 == elfSource {
		s.Kind = Source
	} else if index == 0 {
		s.Kind = Import
	} else if int(index) < len(m.Sections) {
		s.Section = int(index)
		if m.object { // where its section was put
			s.Addr += m.Sections[index].Addr
		}
	}
	s.Name = text(names, uint64(m.Order.Uint32(entry)))
	return s, s.Name != ""
}

func (m *Image) machoSymbol(entry, names []byte) (Symbol, bool) {
	kind, section := entry[4], entry[5]
	s := Symbol{Section: int(section) - 1, Global: kind&1 != 0, Addr: m.Word(entry[8:])}
	if kind&0xe0 != 0 { // a debugging entry
		return s, false
	}
	switch {
	case kind&0x0e == 0:
		s.Kind, s.Section = Import, -1
	case s.Section >= 0 && s.Section < len(m.Sections):
		if m.Sections[s.Section].Executable() {
			s.Kind = Func
		} else {
			s.Kind = Object
		}
	default:
		s.Section = -1
	}
	s.Name = text(names, uint64(m.Order.Uint32(entry)))
	return s, s.Name != ""
}

func (m *Image) coffSymbol(entry, names []byte) (Symbol, bool) {
	value, index := uint64(m.Order.Uint32(entry[8:])), int(int16(m.Order.Uint16(entry[12:])))
	class := entry[16]
	s := Symbol{Section: index - 1, Global: class == coffExternal, Addr: value}
	if class != coffExternal && class != coffStatic {
		return s, false
	}
	switch {
	case index > 0 && index <= len(m.Sections):
		s.Addr += m.Sections[index-1].Addr
		if m.Order.Uint16(entry[14:]) == coffFunction || m.Sections[index-1].Executable() {
			s.Kind = Func
		} else {
			s.Kind = Object
		}
	case index == 0 && value == 0:
		s.Kind, s.Section = Import, -1
	default:
		s.Section = -1
	}
	if m.Order.Uint32(entry) == 0 {
		s.Name = text(names, uint64(m.Order.Uint32(entry[4:])))
	} else {
		s.Name = text(entry[:8], 0)
	}
	return s, s.Name != ""
}

// text is the name at an offset, up to its NUL or the end of the table.
func text(names []byte, at uint64) string {
	if at >= uint64(len(names)) {
		return ""
	}
	raw := names[at:]
	if end := bytes.IndexByte(raw, 0); end >= 0 {
		raw = raw[:end]
	}
	return View(raw)
}

// View is the bytes as a string, without a copy: they must never change.
func View(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b))
}
