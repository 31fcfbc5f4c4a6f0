package gometa

import "fmt"

// Itab is the table by which a type is used as an interface (Go source: abi.ITab).
type Itab struct {
	Addr      uint64
	Interface uint64
	Type      uint64
	Funcs     []uint64 // in the order of the interface's methods; nil where the type does not implement it
}

// Itabs gives the tables that the linker laid out.
func (t *Types) Itabs() ([]Itab, error) {
	d := t.module
	if d.layout.typeDescs != 0 {
		return t.runOfItabs(2*t.word + round(4, t.word))
	}
	raw, err := t.m.Bytes(d.itablinks.addr, d.itablinks.count*t.word)
	if err != nil && d.itablinks.count > 0 {
		return nil, fmt.Errorf("itablinks: %w", err)
	}
	links := make([]uint64, 0, d.itablinks.count)
	for ; uint64(len(raw)) >= t.word; raw = raw[t.word:] {
		links = append(links, t.m.Word(raw))
	}
	at := t.funcsAt(links)
	found := make([]Itab, 0, len(links))
	for i, addr := range links {
		one, err := t.itab(addr, at)
		if err != nil {
			return nil, fmt.Errorf("itab %d: %w", i, err)
		}
		found = append(found, one)
	}
	return found, nil
}

// funcsAt is where the functions begin: with 4-byte words Go up to 1.21 left four bytes free behind the hash.
func (t *Types) funcsAt(links []uint64) uint64 {
	packed := 2*t.word + 4
	if t.word == 8 {
		return packed + 4
	}
	for _, addr := range links {
		if first, err := t.m.Pointer(addr + packed); err == nil && first != 0 {
			return packed
		}
	}
	return packed + 4
}

// runOfItabs reads them as they stand in a row from Go 1.27 on.
func (t *Types) runOfItabs(funcs uint64) ([]Itab, error) {
	var found []Itab
	end := t.module.itabAt + t.module.itabSize
	for at := t.module.itabAt; at < end; {
		one, err := t.itab(at, funcs)
		if err != nil {
			return nil, fmt.Errorf("itab %d: %w", len(found), err)
		}
		found = append(found, one)
		at += funcs + max(uint64(len(one.Funcs)), 1)*t.word
	}
	return found, nil
}

func (t *Types) itab(addr, funcs uint64) (Itab, error) {
	b, err := t.m.Bytes(addr, funcs+t.word)
	if err != nil {
		return Itab{}, err
	}
	found := Itab{Addr: addr, Interface: t.m.Word(b), Type: t.m.Word(b[t.word:])}
	d, err := t.at(found.Interface)
	if err != nil {
		return Itab{}, err
	}
	if d.kind != Interface {
		return Itab{}, fmt.Errorf("what it names as interface at %#x is a %s", found.Interface, d.kind)
	}
	if of, err := t.at(found.Type); err != nil {
		return Itab{}, err
	} else if hash := t.m.Order.Uint32(b[2*t.word:]); hash != of.u32(2*t.word) {
		return Itab{}, fmt.Errorf("its hash %#x is not its type's", hash)
	}
	if t.m.Word(b[funcs:]) == 0 {
		return found, nil
	}
	count := d.count()
	raw, err := t.m.Bytes(addr+funcs, count*t.word)
	if err != nil {
		return Itab{}, err
	}
	for ; uint64(len(raw)) >= t.word; raw = raw[t.word:] {
		found.Funcs = append(found.Funcs, t.m.Word(raw))
	}
	return found, nil
}
