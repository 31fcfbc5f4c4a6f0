// Package dwarf reads debugging information, DWARF 2 to 5, as far as it tells who made which function and type.
//
// Units are found by their headers; the entries of a unit are walked only when something in it is asked for. Sections
// may be compressed (ELF SHF_COMPRESSED, or the older .zdebug form with "ZLIB" and a length before the data).
package dwarf

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"seatrial.example/reader/image"
)

// ErrNone says that a binary has no debugging information.
var ErrNone = errors.New("there is no debugging information (DWARF): it was stripped")

const (
	elfCompressZlib = 1
	growthLimit     = 1032 // what deflate can make of one byte
	sectionNameSize = 16   // of Mach-O
)

// Data is the debugging information of one binary.
type Data struct {
	order                       binary.ByteOrder
	info, abbrev, str, lineStr  []byte
	offsets, addr, ranges, line []byte
	rangeLists                  []byte
	units                       []Unit
	tables                      map[uint64]*table
}

// Open reads the sections and the headers of the units. ErrNone where there are none.
func Open(m *image.Image) (*Data, error) {
	if m.Object() {
		return nil, errors.New("the debugging information of an object file is not linked")
	}
	d := &Data{order: m.Order, tables: map[uint64]*table{}}
	wanted := []struct {
		name string
		into *[]byte
	}{
		{"info", &d.info}, {"abbrev", &d.abbrev}, {"str", &d.str}, {"line_str", &d.lineStr}, {"str_offsets", &d.offsets},
		{"addr", &d.addr}, {"ranges", &d.ranges}, {"rnglists", &d.rangeLists}, {"line", &d.line},
	}
	errs := make([]error, len(wanted))
	var group sync.WaitGroup
	left := budget(m.Size())
	for i, w := range wanted {
		s, old := find(m, w.name)
		if s == nil {
			continue
		}
		raw, err := m.Raw(s)
		if err != nil {
			return nil, fmt.Errorf("section %s: %w", s.Name, err)
		}
		data, size, err := compressed(m, raw, s.Compressed, old)
		if err != nil {
			return nil, fmt.Errorf("section %s: %w", s.Name, err)
		}
		if data == nil {
			*w.into = raw
			continue
		}
		if size > left {
			return nil, fmt.Errorf("section %s: %d bytes when unpacked, more than a file of this size may have", s.Name, size)
		}
		left -= size
		group.Go(func() {
			if *w.into, errs[i] = unpack(data, size); errs[i] != nil {
				errs[i] = fmt.Errorf("section %s: %w", s.Name, errs[i])
			}
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if len(d.info) == 0 {
		return nil, ErrNone
	}
	return d, d.readUnits()
}

// budget is how many bytes all sections of a file may have when unpacked.
func budget(size uint64) uint64 { return 8*size + 16<<20 }

// find gives the section of a name in any of its spellings, and whether it has the older form of compression.
func find(m *image.Image, name string) (s *image.Section, old bool) {
	spelled := func(prefix string) string {
		full := prefix + name
		if strings.HasPrefix(full, "__") {
			full = full[:min(len(full), sectionNameSize)]
		}
		return full
	}
	if s := m.Section(spelled(".debug_"), spelled("__debug_")); s != nil {
		return s, false
	}
	return m.Section(spelled(".zdebug_"), spelled("__zdebug_")), true
}

// compressed gives the packed bytes of a section and their size when unpacked; nil for one that is not compressed.
func compressed(m *image.Image, raw []byte, elf, old bool) ([]byte, uint64, error) {
	var data []byte
	var size uint64
	switch {
	case elf:
		header := 12
		if m.PtrSize == 8 {
			header = 24
		}
		if len(raw) < header {
			return nil, 0, errors.New("its compression header is cut off")
		}
		if kind := m.Order.Uint32(raw); kind != elfCompressZlib {
			return nil, 0, fmt.Errorf("compression %d is not read (zlib is 1, zstd is 2)", kind)
		}
		data, size = raw[header:], m.Word(raw[m.PtrSize:])
	case old && len(raw) >= 12 && string(raw[:4]) == "ZLIB":
		data, size = raw[12:], binary.BigEndian.Uint64(raw[4:])
	default:
		return nil, 0, nil
	}
	if size > uint64(len(data)+1)*growthLimit {
		return nil, 0, fmt.Errorf("%d bytes cannot unpack to %d", len(data), size)
	}
	return data, size, nil
}

func unpack(data []byte, size uint64) ([]byte, error) {
	reader, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	out := make([]byte, size)
	if _, err := io.ReadFull(reader, out); err != nil {
		return nil, err
	}
	return out, nil
}
