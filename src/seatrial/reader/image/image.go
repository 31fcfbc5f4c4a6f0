// Package image gives access to a mapped binary by address: segments, sections and symbols as the caller describes them.
//
// The containers (ELF, PE, Mach-O, ar) are read by seatrial.formats in Python, which says where everything is; here
// nothing is believed before it was compared with the size of the file.
package image

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"sort"
)

// ErrOutside says that an address or an offset lies in no part of the file.
var ErrOutside = errors.New("outside the file")

// Segment is a part of the file that the loader maps at Addr.
type Segment struct {
	Name     string `json:"name"`
	Addr     uint64 `json:"address"`
	Offset   uint64 `json:"offset"`
	FileSize uint64 `json:"file_size"`
	MemSize  uint64 `json:"memory_size"`
	Flags    string `json:"flags"` // some of "rwx"
}

// Writable tells whether the loader maps the segment for writing.
func (s *Segment) Writable() bool { return has(s.Flags, 'w') }

// Executable tells whether the loader maps the segment for execution.
func (s *Segment) Executable() bool { return has(s.Flags, 'x') }

// Section is a part of the file with a name.
type Section struct {
	Name       string `json:"name"`
	Addr       uint64 `json:"address"`
	Offset     uint64 `json:"offset"`
	Size       uint64 `json:"size"`        // in the file; 0 for .bss and its like
	MemSize    uint64 `json:"memory_size"` // when mapped
	Flags      string `json:"flags"`       // some of "rwx" where it is mapped, else ""
	Compressed bool   `json:"compressed"`  // ELF SHF_COMPRESSED
}

// Executable tells whether the section holds code.
func (s *Section) Executable() bool { return has(s.Flags, 'x') }

func has(flags string, letter byte) bool {
	for i := range len(flags) {
		if flags[i] == letter {
			return true
		}
	}
	return false
}

// Image is one binary: a file, or one member of a universal file or an archive.
type Image struct {
	GOOS, GOARCH string
	Format       string // elf, pe, macho
	PtrSize      int
	Order        binary.ByteOrder
	Base         uint64 // PE image base; 0 elsewhere
	Sections     []Section
	Segments     []Segment

	data        []byte
	byAddr      []Segment // with bytes in the file, sorted by Addr
	tables      []SymbolTable
	object      bool // ELF ET_REL, whose symbols count from their sections
	bindings    map[uint64]string
	relocations []RelocationTable
}

// Description is what the caller knows of the file.
type Description struct {
	GOOS         string            `json:"goos"`
	GOARCH       string            `json:"goarch"`
	Format       string            `json:"format"`
	Bits         int               `json:"bits"`
	Endian       string            `json:"endian"`
	Object       bool              `json:"object"`
	Base         uint64            `json:"base"`
	Segments     []Segment         `json:"segments"`
	Sections     []Section         `json:"sections"`
	SymbolTables []SymbolTable     `json:"symbol_tables"`
	Relocations  []RelocationTable `json:"relocations"`
	Slots        map[uint64]string `json:"slots"` // words that the loader fills, where no relocation tells of them
}

// New makes an image of data, whose pages must be private to the process: relocations are applied to them.
func New(data []byte, about Description) (*Image, error) {
	m := &Image{
		GOOS: about.GOOS, GOARCH: about.GOARCH, Format: about.Format, Base: about.Base,
		Sections: about.Sections, Segments: about.Segments, data: data, tables: about.SymbolTables,
		object: about.Object, relocations: about.Relocations,
	}
	switch about.Bits {
	case 32, 64:
		m.PtrSize = about.Bits / 8
	default:
		return nil, fmt.Errorf("words of %d bits", about.Bits)
	}
	switch about.Endian {
	case "little":
		m.Order = binary.LittleEndian
	case "big":
		m.Order = binary.BigEndian
	default:
		return nil, fmt.Errorf("byte order %q", about.Endian)
	}
	for _, s := range m.Segments {
		if s.FileSize = min(s.FileSize, s.MemSize); s.FileSize == 0 || s.Offset >= uint64(len(data)) {
			continue
		}
		s.FileSize = min(s.FileSize, uint64(len(data))-s.Offset)
		if s.Addr+s.FileSize < s.Addr {
			continue
		}
		m.byAddr = append(m.byAddr, s)
	}
	sort.SliceStable(m.byAddr, func(i, j int) bool { return m.byAddr[i].Addr < m.byAddr[j].Addr })
	m.relocate()
	maps.Copy(m.bindings, about.Slots)
	return m, nil
}

// find gives the bytes of the file from addr to the end of its segment.
func (m *Image) find(addr uint64) []byte {
	i := sort.Search(len(m.byAddr), func(i int) bool { return m.byAddr[i].Addr > addr }) - 1
	if i < 0 || addr-m.byAddr[i].Addr >= m.byAddr[i].FileSize {
		return nil
	}
	s := &m.byAddr[i]
	return m.data[s.Offset+(addr-s.Addr) : s.Offset+s.FileSize]
}

// Bytes gives size bytes at an address: a view into the mapping, not to be written. ErrOutside where the file has none.
func (m *Image) Bytes(addr, size uint64) ([]byte, error) {
	b := m.find(addr)
	if uint64(len(b)) < size || b == nil {
		return nil, fmt.Errorf("%d bytes at address %#x: %w", size, addr, ErrOutside)
	}
	return b[:size:size], nil
}

// Rest gives the bytes from an address to the end of what the file has of its segment.
func (m *Image) Rest(addr uint64) ([]byte, error) {
	b := m.find(addr)
	if b == nil {
		return nil, fmt.Errorf("address %#x: %w", addr, ErrOutside)
	}
	return b[:len(b):len(b)], nil
}

// Pointer reads the word of the machine at an address.
func (m *Image) Pointer(addr uint64) (uint64, error) {
	b, err := m.Bytes(addr, uint64(m.PtrSize))
	if err != nil {
		return 0, err
	}
	return m.Word(b), nil
}

// Word reads the first word of the machine in b, which must hold one.
func (m *Image) Word(b []byte) uint64 {
	if m.PtrSize == 8 {
		return m.Order.Uint64(b)
	}
	return uint64(m.Order.Uint32(b))
}

// PutWord writes a word of the machine to b, which must have room for it.
func (m *Image) PutWord(b []byte, value uint64) {
	if m.PtrSize == 8 {
		m.Order.PutUint64(b, value)
	} else {
		m.Order.PutUint32(b, uint32(value))
	}
}

// Mapped tells whether an address lies in a segment, with bytes in the file or without.
func (m *Image) Mapped(addr uint64) bool {
	for i := range m.Segments {
		if s := &m.Segments[i]; addr-s.Addr < max(s.MemSize, s.FileSize) {
			return true
		}
	}
	return false
}

// ExecutableAt tells whether an address lies in a segment that holds code.
func (m *Image) ExecutableAt(addr uint64) bool {
	for i := range m.Segments {
		if s := &m.Segments[i]; s.Executable() && addr-s.Addr < max(s.MemSize, s.FileSize) {
			return true
		}
	}
	return false
}

// ReadOnlyAt tells whether the file has the address in a segment that is not mapped for writing.
func (m *Image) ReadOnlyAt(addr uint64) bool {
	i := sort.Search(len(m.byAddr), func(i int) bool { return m.byAddr[i].Addr > addr }) - 1
	return i >= 0 && addr-m.byAddr[i].Addr < m.byAddr[i].FileSize && !m.byAddr[i].Writable()
}

// File gives size bytes at an offset of the file.
func (m *Image) File(offset, size uint64) ([]byte, error) {
	if offset > uint64(len(m.data)) || size > uint64(len(m.data))-offset {
		return nil, fmt.Errorf("%d bytes at offset %#x: %w", size, offset, ErrOutside)
	}
	return m.data[offset : offset+size : offset+size], nil
}

// Size is the number of bytes of the file.
func (m *Image) Size() uint64 { return uint64(len(m.data)) }

// Object tells whether the image is an object file, whose debugging information still has relocations.
func (m *Image) Object() bool { return m.object }

// Section gives the first section with one of the names; nil where there is none.
func (m *Image) Section(names ...string) *Section {
	for _, name := range names {
		for i := range m.Sections {
			if m.Sections[i].Name == name {
				return &m.Sections[i]
			}
		}
	}
	return nil
}

// Raw gives the bytes of a section as they stand in the file.
func (m *Image) Raw(s *Section) ([]byte, error) { return m.File(s.Offset, s.Size) }

// Code gives the ranges that hold code, by address: sections, or segments where there are none.
func (m *Image) Code() []Range {
	var ranges []Range
	for i := range m.Sections {
		if s := &m.Sections[i]; s.Executable() && s.Size > 0 {
			ranges = append(ranges, Range{s.Addr, s.Addr + s.Size, s.Name})
		}
	}
	if len(ranges) == 0 {
		for i := range m.byAddr {
			if s := &m.byAddr[i]; s.Executable() {
				ranges = append(ranges, Range{s.Addr, s.Addr + s.FileSize, s.Name})
			}
		}
	}
	sort.Slice(ranges, func(i, j int) bool { return ranges[i].Start < ranges[j].Start })
	kept := ranges[:0]
	end := uint64(0)
	for _, r := range ranges {
		r.Start = max(r.Start, end)
		if rest, err := m.Rest(r.Start); err != nil {
			continue // the file does not have it
		} else if r.Start < r.End {
			r.End = r.Start + min(r.End-r.Start, uint64(len(rest)))
			kept = append(kept, r)
			end = r.End
		}
	}
	return kept
}

// Range is a range of addresses.
type Range struct {
	Start, End uint64
	Name       string // of the section or segment
}
