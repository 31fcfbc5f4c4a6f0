package code

import (
	"encoding/binary"
	"slices"
	"strings"

	"seatrial.example/reader/image"
)

// ofLinkers is how segments of Mach-O and PE begin that hold what linkers and debuggers know, and no data of the program.
var ofLinkers = []string{"__LINKEDIT", "__DWARF", ".debug", ".zdebug", ".symtab"}

// PointersTo finds the words of data that hold one of the addresses.
func PointersTo(m *image.Image, wanted *Addresses) []Site {
	var found []Site
	size := uint64(m.PtrSize)
	var tables []image.Range
	for i := range m.Sections {
		if s := &m.Sections[i]; strings.HasPrefix(s.Name, ".rel") {
			tables = append(tables, image.Range{Start: s.Addr, End: s.Addr + s.MemSize})
		}
	}
	loaders := image.JoinRanges(tables) // tables of relocations name the words that the loader changes
	for _, s := range m.Segments {
		if s.Executable() || slices.ContainsFunc(ofLinkers, func(prefix string) bool { return strings.HasPrefix(s.Name, prefix) }) {
			continue
		}
		start := (s.Addr + size - 1) &^ (size - 1)
		data, err := m.Rest(start)
		if err != nil {
			continue
		}
		usual := size == 8 && m.Order == binary.ByteOrder(binary.LittleEndian) // read without a call: there may be 100 MB
		for ; uint64(len(data)) >= size; data, start = data[size:], start+size {
			var v uint64
			if usual {
				v = binary.LittleEndian.Uint64(data)
			} else {
				v = m.Word(data)
			}
			if v < wanted.low || v > wanted.high || v == 0 || !wanted.Has(v) {
				continue
			}
			if !loaders.Has(start) {
				found = append(found, Site{PC: start, Addr: v})
			}
		}
	}
	return found
}
