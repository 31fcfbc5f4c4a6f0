package gometa

import "fmt"

// method is abi.Method.
type method struct{ name, kind, call, direct int32 }

// methods gives the methods of the uncommon part.
func (d *descriptor) methods() []method {
	at := d.uncommon()
	if at == 0 {
		return nil
	}
	count := uint64(d.u16(at + 4))
	start := at + uint64(d.u32(at+8))
	if count == 0 || start > uint64(len(d.b)) || count*methodSize > uint64(len(d.b))-start {
		return nil
	}
	found := make([]method, count)
	for i := range found {
		place := start + uint64(i)*methodSize
		found[i] = method{int32(d.u32(place)), int32(d.u32(place + 4)), int32(d.u32(place + 8)), int32(d.u32(place + 12))}
	}
	return found
}

// parameters gives the types of what a function takes and returns.
func (d *descriptor) parameters() (in, out []uint64) {
	start, word := d.types.header(), d.types.word
	taken, given := uint64(d.u16(start)), uint64(d.u16(start+2)&0x7fff)
	at, err := d.own()
	if err != nil {
		return nil, nil
	}
	if d.tflag&tflagUncommon != 0 {
		at += uncommonSize
	}
	if at > uint64(len(d.b)) || (taken+given)*word > uint64(len(d.b))-at {
		return nil, nil
	}
	all := make([]uint64, taken+given)
	for i := range all {
		all[i] = d.pointer(at + uint64(i)*word)
	}
	return all[:taken:taken], all[taken:]
}

// Name is the type at an address as reflect prints it; "" for what is none.
func (t *Types) Name(addr uint64) string {
	d, err := t.at(addr)
	if err != nil {
		return ""
	}
	name, _ := d.text()
	return name
}

// Type reads the type at an address.
func (t *Types) Type(addr uint64) (Type, error) {
	d, err := t.at(addr)
	if err != nil {
		return Type{}, err
	}
	name, ok := d.text()
	if !ok {
		return Type{}, fmt.Errorf("%w: the one at %#x has no name", errDescriptor, addr)
	}
	start, word := t.header(), t.word
	found := Type{
		Addr: addr, Kind: d.kind, Name: name, Named: d.tflag&tflagNamed != 0,
		Size: d.size(), Align: int(d.b[2*word+5]), Hash: d.u32(2 * word),
	}
	if at := d.uncommon(); at != 0 {
		if offset := int32(d.u32(at)); offset > 0 {
			found.Package, _, _ = t.name(t.base + uint64(offset))
		}
	}
	switch d.kind {
	case Array:
		found.Elem, found.Len = d.pointer(start), d.pointer(start+2*word)
	case Chan:
		found.Elem, found.Dir = d.pointer(start), int(d.pointer(start+word)&3)
	case Pointer, Slice:
		found.Elem = d.pointer(start)
	case Map:
		found.Key, found.Elem = d.pointer(start), d.pointer(start+word)
	case Function:
		found.In, found.Out = d.parameters()
		found.Variadic = d.u16(start+2)&0x8000 != 0
	case Struct:
		t.fields(&d, &found)
	case Interface:
		t.interfaceMethods(&d, &found)
	}
	for _, m := range d.methods() {
		name, _, ok := t.name(t.base + uint64(int64(m.name)))
		if !ok {
			continue
		}
		call := Method{Name: name}
		if m.direct > 0 {
			call.Func = t.module.address(uint64(m.direct))
		}
		found.Methods = append(found.Methods, call)
	}
	return found, nil
}

func (t *Types) fields(d *descriptor, found *Type) {
	at := d.fieldsAt()
	if found.Package == "" {
		if p := d.pointer(t.header()); p != 0 {
			found.Package, _, _ = t.name(p)
		}
	}
	for i := range d.count() {
		name, flags, ok := t.name(t.wordAt(at + 3*i*t.word))
		if !ok {
			return
		}
		field := Field{Name: name, Type: t.wordAt(at + (3*i+1)*t.word), Offset: t.wordAt(at + (3*i+2)*t.word)}
		if t.shifted {
			field.Embedded = field.Offset&1 != 0
			field.Offset >>= 1
		} else {
			field.Embedded = flags&nameEmbedded != 0
		}
		found.Fields = append(found.Fields, field)
	}
}

func (t *Types) interfaceMethods(d *descriptor, found *Type) {
	at := d.fieldsAt()
	for i := range d.count() {
		b, err := t.m.Bytes(at+8*i, 8)
		if err != nil {
			return
		}
		name, _, ok := t.name(t.base + uint64(t.m.Order.Uint32(b)))
		if !ok {
			return
		}
		found.Methods = append(found.Methods, Method{Name: name})
	}
}
