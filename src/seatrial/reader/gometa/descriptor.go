package gometa

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"

	"seatrial.example/reader/image"
)

// Kind is reflect.Kind.
type Kind uint8

// The kinds with parts of their own (Go source: internal/abi/type.go).
const (
	Array Kind = iota + 17
	Chan
	Function
	Interface
	Map
	Pointer
	Slice
	String
	Struct
	UnsafePointer
)

const (
	kindBool, kindMask         = 1, 0x1f
	tflagUncommon, tflagStar   = 1, 2
	tflagNamed, tflagAll       = 4, 0x3f
	uncommonSize, methodSize   = 16, 16
	nameEmbedded               = 8
	partLimit                  = 1 << 16 // fields, methods, parameters of one type
	longestName                = 1 << 16
	groupSlots, groupKeys      = 8, 8 // internal/abi/map.go: slots of a group; its control word
	oldMapForm, groupMapForm   = "4p+8", "7p+4"
	stridedMapForm, noMapForms = "10p+4", ""
)

var kindNames = []string{
	"invalid", "bool", "int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "uintptr",
	"float32", "float64", "complex64", "complex128", "array", "chan", "func", "interface", "map", "ptr", "slice", "string",
	"struct", "unsafe.Pointer",
}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[0]
}

var errDescriptor = errors.New("it is no type descriptor")

// descriptor is a type descriptor whose header has been checked (Go source: internal/abi.Type).
type descriptor struct {
	types *Types
	addr  uint64
	b     []byte // to the end of the types
	kind  Kind
	tflag byte
}

func (t *Types) header() uint64 { return 4*t.word + 16 }

// at checks the header of the descriptor at an address (facts on Go's metadata, 2.4, step 5).
func (t *Types) at(addr uint64) (descriptor, error) {
	size := t.header()
	if addr < t.base || addr%t.word != 0 || addr-t.base > uint64(len(t.b)) || uint64(len(t.b))-(addr-t.base) < size {
		return descriptor{}, fmt.Errorf("%w: %#x lies outside the types", errDescriptor, addr)
	}
	b := t.b[addr-t.base:]
	h := b[2*t.word:]
	d := descriptor{t, addr, b, Kind(h[7] & kindMask), h[4]}
	align, fieldAlign := h[5], h[6]
	if d.kind < kindBool || d.kind > UnsafePointer || d.tflag > tflagAll || h[7] >= 0x80 || !power(align) || !power(fieldAlign) {
		return descriptor{}, fmt.Errorf("%w: kind %d, flags %#x, alignment %d and %d at %#x",
			errDescriptor, h[7], d.tflag, align, fieldAlign, addr)
	}
	whole, pointers := t.m.Word(b), t.m.Word(b[t.word:])
	if pointers > whole || whole%uint64(align) != 0 || whole > 1<<56 || pointers%t.word != 0 {
		return descriptor{}, fmt.Errorf("%w: size %d, pointers in %d, alignment %d at %#x",
			errDescriptor, whole, pointers, align, addr)
	}
	return d, nil
}

// power tells whether an alignment is one: a power of two up to 32.
func power(n byte) bool { return n != 0 && n&(n-1) == 0 && n <= 32 }

func (d *descriptor) pointer(at uint64) uint64 {
	if at+d.types.word > uint64(len(d.b)) {
		return 0
	}
	return d.types.m.Word(d.b[at:])
}

func (d *descriptor) u32(at uint64) uint32 {
	if at+4 > uint64(len(d.b)) {
		return 0
	}
	return d.types.m.Order.Uint32(d.b[at:])
}

func (d *descriptor) u16(at uint64) uint16 {
	if at+2 > uint64(len(d.b)) {
		return 0
	}
	return d.types.m.Order.Uint16(d.b[at:])
}

func (d *descriptor) size() uint64      { return d.pointer(0) }
func (d *descriptor) nameOffset() int32 { return int32(d.u32(4*d.types.word + 8)) }

// own is the size of the header and what the kind adds, where the uncommon part stands.
func (d *descriptor) own() (uint64, error) {
	word, size := d.types.word, d.types.header()
	switch d.kind {
	case Array:
		return size + 3*word, nil
	case Chan:
		return size + 2*word, nil
	case Function:
		return size + round(4, word), nil
	case Interface, Struct:
		return size + 4*word, nil
	case Pointer, Slice:
		return size + word, nil
	case Map:
		switch d.mapForm() {
		case oldMapForm:
			return size + 4*word + 8, nil
		case groupMapForm:
			return size + 7*word + round(4, word), nil
		case stridedMapForm:
			return size + 10*word + round(4, word), nil
		}
		return 0, fmt.Errorf("the map type at %#x has none of the forms that are known", d.addr)
	}
	return size, nil
}

func round(n, to uint64) uint64 { return (n + to - 1) / to * to }

// mapForm tells the forms of internal/abi.MapType apart by what their fields must hold.
func (d *descriptor) mapForm() string {
	word, start := d.types.word, d.types.header()
	w := func(i uint64) uint64 { return d.pointer(start + i*word) }
	inner, err := d.types.at(w(2)) // the group, or the bucket
	if err != nil {
		return noMapForms
	}
	size := inner.size()
	switch {
	case w(4) == size && w(5) == groupKeys && (size == groupKeys+groupSlots*w(6) || w(7) == groupKeys+groupSlots*w(6)) &&
		w(7) > groupKeys:
		return stridedMapForm
	case w(4) == size && size == groupKeys+groupSlots*w(5):
		return groupMapForm
	case uint64(d.u16(start+4*word+2)) == size&0xffff:
		return oldMapForm
	}
	return noMapForms
}

// uncommon is where the uncommon part stands; 0 for a type without one.
func (d *descriptor) uncommon() uint64 {
	if d.tflag&tflagUncommon == 0 {
		return 0
	}
	at, err := d.own()
	if err != nil || at+uncommonSize > uint64(len(d.b)) {
		return 0
	}
	return at
}

// whole is how far a descriptor reaches with everything behind it (Go source: abi.Type.DescriptorSize).
func (d *descriptor) whole() (uint64, error) {
	size, err := d.own()
	if err != nil {
		return 0, err
	}
	methods := uint64(0)
	if d.tflag&tflagUncommon != 0 {
		methods = uint64(d.u16(size + 4))
		size += uncommonSize
	}
	start, word := d.types.header(), d.types.word
	count := uint64(0)
	switch d.kind {
	case Function:
		size += (uint64(d.u16(start)) + uint64(d.u16(start+2)&0x7fff)) * word
	case Interface:
		count = d.pointer(start + 2*word)
		size += count * 8
	case Struct:
		count = d.pointer(start + 2*word)
		size += count * 3 * word
	}
	size += methods * methodSize
	if count > partLimit || size > uint64(len(d.b)) {
		return 0, fmt.Errorf("the type at %#x goes beyond the types", d.addr)
	}
	return size, nil
}

// name reads a name at an address: its text and its flags (Go source: abi.Name).
func (t *Types) name(addr uint64) (string, byte, bool) {
	if addr < t.base || addr-t.base >= uint64(len(t.b)) {
		return "", 0, false
	}
	b := t.b[addr-t.base:]
	flags := b[0]
	var length uint64
	if t.longNames {
		if len(b) < 3 {
			return "", 0, false
		}
		length, b = uint64(binary.BigEndian.Uint16(b[1:])), b[3:]
	} else {
		n := 0
		if length, n = binary.Uvarint(b[1:]); n <= 0 {
			return "", 0, false
		}
		b = b[1+n:]
	}
	if flags > 15 || length > longestName || length > uint64(len(b)) {
		return "", 0, false
	}
	return image.View(b[:length]), flags, true
}

// text is the type as reflect prints it, "*http.Client".
func (d *descriptor) text() (string, bool) {
	name, _, ok := d.types.name(d.types.base + uint64(int64(d.nameOffset())))
	if !ok || name == "" || !printable(name) {
		return "", false
	}
	if d.tflag&tflagStar != 0 {
		if name[0] != '*' {
			return "", false
		}
		name = name[1:]
	}
	return name, name != ""
}

func printable(name string) bool {
	for i := range len(name) {
		if name[i] < ' ' || name[i] == 0x7f {
			return false
		}
	}
	return utf8.ValidString(name)
}
