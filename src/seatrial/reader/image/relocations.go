package image

import "slices"

// RelocationTable is where relocations stand (ELF REL and RELA): those that the loader processes, or an object file's.
type RelocationTable struct {
	Offset   uint64   `json:"offset"`
	Size     uint64   `json:"size"`
	Addend   bool     `json:"addend"`   // RELA
	Relative []uint32 `json:"relative"` // the types that add the load address
	Symbolic []uint32 `json:"symbolic"` // the types that store the address of a symbol
	Distance []uint32 `json:"distance"` // the types that store how far a symbol is, in 4 bytes
	Mips64   bool     `json:"mips64"`   // r_info is made of fields
	Table    int      `json:"table"`    // index of the symbol table that they name; -1 for none
	Object   bool     `json:"object"`   // of an object file: offsets count from Base
	Base     uint64   `json:"base"`     // address of the section that they change
}

// EachBound visits the words that the loader fills with the address of a symbol that is defined elsewhere.
func (m *Image) EachBound(visit func(addr uint64, name string)) {
	for addr, name := range m.bindings {
		visit(addr, name)
	}
}

// relocate stores what the loader would store if it loaded the file at the address it was linked for: with RELA the
// words in the file may be 0. What is damaged is left as it is.
func (m *Image) relocate() {
	m.bindings = make(map[uint64]string)
	word := uint64(m.PtrSize)
	for _, table := range m.relocations {
		symbols := m.numbered(table.Table)
		for entries, step := m.entries(table); uint64(len(entries)) >= step; entries = entries[step:] {
			addr := table.Base + m.Word(entries)
			number, kind := m.info(m.Word(entries[word:]), table.Mips64)
			addend := uint64(0)
			if table.Addend {
				addend = m.Word(entries[2*word:])
			} else if table.Object {
				addend, _ = m.Pointer(addr)
			}
			switch {
			case number == 0 && slices.Contains(table.Relative, kind):
				if table.Addend {
					m.store(addr, addend)
				}
			case number != 0 && slices.Contains(table.Symbolic, kind):
				symbol, ok := symbols(number)
				if !ok {
					continue
				}
				if symbol.Kind == Import {
					m.bindings[addr] = symbol.Name
				} else if table.Addend || table.Object {
					m.store(addr, symbol.Addr+addend)
				}
			case number != 0 && slices.Contains(table.Distance, kind):
				if symbol, ok := symbols(number); (ok || symbol.Addr != 0) && symbol.Kind != Import {
					if b, err := m.Bytes(addr, 4); err == nil {
						m.Order.PutUint32(b, uint32(symbol.Addr+addend-addr))
					}
				}
			}
		}
	}
}

// entries gives a table's entries and the bytes of each.
func (m *Image) entries(table RelocationTable) ([]byte, uint64) {
	step := 2 * uint64(m.PtrSize)
	if table.Addend {
		step += uint64(m.PtrSize)
	}
	entries, err := m.File(table.Offset, table.Size)
	if err != nil {
		return nil, step
	}
	return entries, step
}

// Relocation is a place that the loader changes, or the linker of an object file.
type Relocation struct {
	Addr   uint64
	Type   uint32
	Symbol string // "" for none
	Addend uint64 // of RELA
}

// EachRelocation visits the relocations of the types that are asked for by a place and a type.
func (m *Image) EachRelocation(wanted func(addr uint64, kind uint32) bool, visit func(Relocation)) {
	word := uint64(m.PtrSize)
	for _, table := range m.relocations {
		symbols := m.numbered(table.Table)
		for entries, step := m.entries(table); uint64(len(entries)) >= step; entries = entries[step:] {
			r := Relocation{Addr: table.Base + m.Word(entries)}
			var number uint64
			if number, r.Type = m.info(m.Word(entries[word:]), table.Mips64); !wanted(r.Addr, r.Type) {
				continue
			}
			if table.Addend {
				r.Addend = m.Word(entries[2*word:])
			}
			if number != 0 {
				symbol, _ := symbols(number)
				r.Symbol = symbol.Name
			}
			visit(r)
		}
	}
}

// info splits r_info into the number of the symbol and the type.
func (m *Image) info(info uint64, mips64 bool) (number uint64, kind uint32) {
	switch {
	case m.PtrSize == 4:
		return info >> 8, uint32(info & 0xff)
	case mips64 && m.Order.Uint16([]byte{1, 0}) == 1: // little endian: r_sym, r_ssym, r_type3, r_type2, r_type
		return info & 0xffffffff, uint32(info >> 56)
	case mips64:
		return info >> 32, uint32(info & 0xff)
	}
	return info >> 32, uint32(info)
}

func (m *Image) store(addr, value uint64) {
	b, err := m.Bytes(addr, uint64(m.PtrSize))
	if err != nil {
		return
	}
	m.PutWord(b, value)
}

// numbered gives the symbols of an ELF table by their number.
func (m *Image) numbered(index int) func(number uint64) (Symbol, bool) {
	none := func(uint64) (Symbol, bool) { return Symbol{}, false }
	if index < 0 || index >= len(m.tables) || m.tables[index].Form != "elf" {
		return none
	}
	table := m.tables[index]
	size := uint64(16)
	if m.PtrSize == 8 {
		size = 24
	}
	names, err := m.File(table.Names, table.Size)
	if err != nil || table.Count > m.Size()/size {
		return none
	}
	entries, err := m.File(table.Offset, table.Count*size)
	if err != nil {
		return none
	}
	return func(number uint64) (Symbol, bool) {
		if number >= table.Count {
			return Symbol{}, false
		}
		symbol, _ := m.elfSymbol(entries[number*size:(number+1)*size], names) // a section has no name
		return symbol, true
	}
}
