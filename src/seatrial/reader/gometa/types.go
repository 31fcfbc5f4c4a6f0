package gometa

import (
	"errors"
	"fmt"
	"math/bits"

	"seatrial.example/reader/image"
)

// Types reads the type descriptors of a binary, which stripping leaves in place.
type Types struct {
	m         *image.Image
	module    *module
	word      uint64
	base      uint64
	b         []byte // from base to the end of the types
	longNames bool   // Go 1.16: two bytes of length before a name
	shifted   bool   // up to Go 1.18: the offset of a field is shifted by one, its lowest bit says embedded
}

// Type is a type as the runtime knows it.
type Type struct {
	Addr     uint64
	Kind     Kind
	Name     string // as reflect prints it: the package's name, not its path
	Package  string // import path of a named type, or of a struct's unexported fields
	Named    bool
	Size     uint64
	Align    int
	Hash     uint32
	Elem     uint64 // of array, chan, map, ptr, slice
	Key      uint64 // of map
	Len      uint64 // of array
	Dir      int    // of chan
	In, Out  []uint64
	Variadic bool
	Fields   []Field
	Methods  []Method
}

// Field is a field of a struct.
type Field struct {
	Name     string
	Type     uint64
	Offset   uint64
	Embedded bool
}

// Method is a method of a type, or of an interface (then without a function).
type Method struct {
	Name string
	Func uint64 // 0 where the linker dropped it
}

// Types gives the reader of types, or why the types cannot be read.
func (t *Meta) Types() (*Types, error) {
	d := t.module
	if d.unknown != nil {
		return nil, d.unknown
	}
	b, err := t.image.Bytes(d.types, d.etypes-d.types)
	if err != nil {
		return nil, fmt.Errorf("the types: %w", err)
	}
	types := &Types{m: t.image, module: d, word: uint64(t.image.PtrSize), base: d.types, b: b}
	return types, types.settle()
}

const sampleSize = 256

// settle decides by samples what the layouts of one pclntab have differently: names and offsets of fields.
func (t *Types) settle() error {
	if t.module.layout.form != form120 {
		t.shifted = true
	}
	if t.module.layout.form == form116 {
		short, err := t.readableNames()
		if err != nil {
			return err
		}
		t.longNames = true
		if long, err := t.readableNames(); err != nil || long <= short {
			t.longNames = false
		}
	} else if n, err := t.readableNames(); err != nil {
		return err
	} else if n == 0 {
		return errors.New("no type has a name that can be read")
	}
	if t.module.layout.form == form118 {
		return t.settleOffsets()
	}
	return nil
}

// samples visits the first types that are listed.
func (t *Types) samples(visit func(descriptor) error) error {
	listed, err := t.listed()
	if err != nil {
		return err
	}
	for _, addr := range listed[:min(len(listed), sampleSize)] {
		d, err := t.at(addr)
		if err != nil {
			return err
		}
		if err := visit(d); err != nil {
			return err
		}
	}
	return nil
}

func (t *Types) readableNames() (int, error) {
	readable := 0
	err := t.samples(func(d descriptor) error {
		if _, ok := d.text(); ok {
			readable++
		}
		return nil
	})
	return readable, err
}

// settleOffsets: Go 1.18 still shifts the offsets of fields, Go 1.19 does not; the last field must lie in the struct.
func (t *Types) settleOffsets() error {
	plain, shifted := true, true
	for addr := range t.All() {
		d, err := t.at(addr)
		if err != nil || d.kind != Struct {
			continue
		}
		start := d.fieldsAt()
		for i := range d.count() {
			offset := t.wordAt(start + (3*i+2)*t.word)
			plain = plain && offset <= d.size()
			shifted = shifted && offset>>1 <= d.size() && (offset>>1)%t.fieldAlign(t.wordAt(start+(3*i+1)*t.word)) == 0
		}
	}
	if !plain && !shifted {
		return errors.New("the offsets of fields fit no form that is known")
	}
	t.shifted = !plain
	return nil
}

func (t *Types) fieldAlign(addr uint64) uint64 {
	d, err := t.at(addr)
	if err != nil {
		return 1
	}
	return uint64(d.b[2*t.word+6])
}

// wordAt reads a word that stands among the types; 0 where it does not.
func (t *Types) wordAt(addr uint64) uint64 {
	if addr < t.base || addr-t.base > uint64(len(t.b)) || uint64(len(t.b))-(addr-t.base) < t.word {
		return 0
	}
	return t.m.Word(t.b[addr-t.base:])
}

// count is the number of fields of a struct or of methods of an interface.
func (d *descriptor) count() uint64 {
	return min(d.pointer(d.types.header()+2*d.types.word), partLimit)
}

// fieldsAt is the address of the fields of a struct or of the methods of an interface.
func (d *descriptor) fieldsAt() uint64 { return d.pointer(d.types.header() + d.types.word) }

// listed gives what the linker lists: typelinks, or the run of descriptors of Go 1.27.
func (t *Types) listed() ([]uint64, error) {
	d := t.module
	if d.layout.typeDescs == 0 {
		raw, err := t.m.Bytes(d.typelinks.addr, d.typelinks.count*4)
		if err != nil && d.typelinks.count > 0 {
			return nil, fmt.Errorf("typelinks: %w", err)
		}
		found := make([]uint64, 0, d.typelinks.count)
		for ; len(raw) >= 4; raw = raw[4:] {
			found = append(found, t.base+uint64(t.m.Order.Uint32(raw)))
		}
		return found, nil
	}
	// They stand in a row; the first word is left free (cmd/link/internal/ld: createRelroSect).
	var found []uint64
	for at := t.base + t.word; at < t.base+d.descs; {
		at = round(at, t.word)
		one, err := t.at(at)
		if err != nil {
			return nil, fmt.Errorf("descriptor %d of the run: %w", len(found), err)
		}
		found = append(found, at)
		size, err := one.whole()
		if err != nil {
			return nil, err
		}
		at += size
	}
	return found, nil
}

// set is a set of addresses of descriptors.
type set struct {
	base, word uint64
	bits       []uint64
}

func (s *set) add(addr uint64) bool {
	i := (addr - s.base) / s.word
	if addr < s.base || i/64 >= uint64(len(s.bits)) || s.bits[i/64]&(1<<(i%64)) != 0 {
		return false
	}
	s.bits[i/64] |= 1 << (i % 64)
	return true
}

// All gives the addresses of all types that can be found, ascending: those that are listed, those that they and the
// itabs lead to, and those that only code refers to.
func (t *Types) All() func(yield func(uint64) bool) {
	seen := set{t.base, t.word, make([]uint64, uint64(len(t.b))/t.word/64+1)}
	var work []uint64
	add := func(addr uint64) {
		if addr != 0 && seen.add(addr) {
			work = append(work, addr)
		}
	}
	reach := func() {
		for len(work) > 0 {
			addr := work[len(work)-1]
			work = work[:len(work)-1]
			d, err := t.at(addr)
			if err == nil {
				_, ok := d.text()
				err = map[bool]error{false: errDescriptor}[ok]
			}
			if err != nil {
				i := (addr - seen.base) / seen.word
				seen.bits[i/64] &^= 1 << (i % 64)
				continue
			}
			d.references(add)
		}
	}
	listed, _ := t.listed()
	for _, addr := range listed {
		add(addr)
	}
	reach()
	t.scan(&seen, add)
	reach()
	return func(yield func(uint64) bool) {
		for i, word := range seen.bits {
			for ; word != 0; word &= word - 1 {
				if !yield(t.base + (uint64(i)*64+uint64(bits.TrailingZeros64(word)))*t.word) {
					return
				}
			}
		}
	}
}

// scan finds descriptors that nothing refers to but code: each aligned place is put to the checks of a descriptor.
func (t *Types) scan(seen *set, add func(uint64)) {
	for at := uint64(0); at+t.header() <= uint64(len(t.b)); at += t.word {
		h := t.b[at+2*t.word:]
		if h[5] == 0 || h[6] == 0 || h[7]&kindMask == 0 { // alignments and kind: most places fail here
			continue
		}
		d, err := t.at(t.base + at)
		if err != nil || d.u32(2*t.word) == 0 {
			continue
		}
		if i := at / t.word; seen.bits[i/64]&(1<<(i%64)) != 0 {
			if size, err := d.whole(); err == nil {
				at += round(size, t.word) - t.word
			}
			continue
		}
		if _, ok := d.text(); !ok || !t.plausible(&d) {
			continue
		}
		add(t.base + at)
	}
}

// plausible puts the pointers of a descriptor to a check that chance does not pass.
func (t *Types) plausible(d *descriptor) bool {
	for _, at := range []uint64{2*t.word + 8, 3*t.word + 8} { // equal, gcdata
		if p := d.pointer(at); p != 0 && !t.m.Mapped(p) {
			return false
		}
	}
	fine := true
	d.references(func(addr uint64) {
		if addr != 0 {
			_, err := t.at(addr)
			fine = fine && err == nil
		}
	})
	_, err := d.whole()
	return fine && err == nil
}

// references calls visit with the addresses of the types that a descriptor names.
func (d *descriptor) references(visit func(uint64)) {
	t, start := d.types, d.types.header()
	if this := int32(d.u32(start - 4)); this > 0 {
		visit(t.base + uint64(this))
	}
	switch d.kind {
	case Array:
		visit(d.pointer(start))
		visit(d.pointer(start + t.word))
	case Chan, Pointer, Slice:
		visit(d.pointer(start))
	case Map:
		for i := range uint64(3) {
			visit(d.pointer(start + i*t.word))
		}
	case Function:
		in, out := d.parameters()
		for _, addr := range append(in, out...) {
			visit(addr)
		}
	case Struct:
		at := d.fieldsAt()
		for i := range d.count() {
			visit(t.wordAt(at + (3*i+1)*t.word))
		}
	case Interface:
		at := d.fieldsAt()
		for i := range d.count() {
			if b, err := t.m.Bytes(at+8*i, 8); err == nil {
				visit(t.base + uint64(t.m.Order.Uint32(b[4:])))
			}
		}
	}
	for _, m := range d.methods() {
		if m.kind > 0 {
			visit(t.base + uint64(m.kind))
		}
	}
}
