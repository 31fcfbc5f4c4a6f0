package image

import "slices"

// RelocationTable is where relocations stand that the loader processes (ELF REL and RELA).
type RelocationTable struct {
	Offset   uint64   `json:"offset"`
	Size     uint64   `json:"size"`
	Addend   bool     `json:"addend"`   // RELA
	Relative []uint32 `json:"relative"` // the types that add the load address
	Symbolic []uint32 `json:"symbolic"` // the types that store the address of a symbol
	Mips64   bool     `json:"mips64"`   // r_info is made of fields
}

// Bound names the symbol whose address the loader stores at addr: a slot of the GOT or a pointer in data.
func (m *Image) Bound(addr uint64) (string, bool) {
	name, ok := m.bindings[addr]
	return name, ok
}

// relocate stores what the loader would store if it loaded the file at the address it was linked for: with RELA the
// words in the file may be 0. What is damaged is left as it is.
func (m *Image) relocate(tables []RelocationTable) {
	symbols := m.dynamicSymbols()
	m.bindings = make(map[uint64]string)
	word := uint64(m.PtrSize)
	for _, table := range tables {
		entries, err := m.File(table.Offset, table.Size)
		if err != nil {
			continue
		}
		step := 2 * word
		if table.Addend {
			step += word
		}
		for ; uint64(len(entries)) >= step; entries = entries[step:] {
			addr := m.Word(entries)
			number, kind := m.info(m.Word(entries[word:]), table.Mips64)
			addend := uint64(0)
			if table.Addend {
				addend = m.Word(entries[2*word:])
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
				m.bindings[addr] = symbol.Name
				if symbol.Kind != Import && table.Addend {
					m.store(addr, symbol.Addr+addend)
				}
			}
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

// dynamicSymbols gives the symbols of the loader's table by their number.
func (m *Image) dynamicSymbols() func(number uint64) (Symbol, bool) {
	none := func(uint64) (Symbol, bool) { return Symbol{}, false }
	i := slices.IndexFunc(m.tables, func(t SymbolTable) bool { return t.Dynamic && t.Form == "elf" })
	if i < 0 {
		return none
	}
	table := m.tables[i]
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
		return m.elfSymbol(entries[number*size:(number+1)*size], names)
	}
}
