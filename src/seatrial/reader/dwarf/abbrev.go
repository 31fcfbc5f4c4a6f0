package dwarf

import "fmt"

// attribute is one of an abbreviation's.
type attribute struct {
	name     uint16
	form     uint16
	implicit int64
}

// abbreviation is the shape of an entry.
type abbreviation struct {
	tag        uint16
	children   bool
	attributes []attribute
	sibling    bool // one of the attributes is DW_AT_sibling
	fixed      int  // size of all values, where it is always the same; -1 else
}

// table is a table of abbreviations. Codes are small and dense in what compilers write.
type table struct {
	dense  []abbreviation
	sparse map[uint64]abbreviation
}

const (
	denseLimit        = 1 << 16
	abbreviationLimit = 1 << 20
)

func (t *table) at(code uint64) *abbreviation {
	if code < uint64(len(t.dense)) {
		if a := &t.dense[code]; a.tag != 0 {
			return a
		}
		return nil
	}
	if a, ok := t.sparse[code]; ok {
		return &a
	}
	return nil
}

// abbreviations reads the table of a unit, once for all units that share it and the sizes of what it describes.
func (d *Data) abbreviations(u *Unit) (*table, error) {
	key := u.abbrevAt<<8 | uint64(u.addrSize)<<2 | uint64(min(u.Version, 3)&1)<<1
	if u.wide {
		key |= 1
	}
	if t := d.tables[key]; t != nil {
		return t, nil
	}
	if u.abbrevAt >= uint64(len(d.abbrev)) {
		return nil, fmt.Errorf("the abbreviations at %#x lie outside", u.abbrevAt)
	}
	c := cursor{d: d, u: u, b: d.abbrev, at: u.abbrevAt}
	t := &table{sparse: map[uint64]abbreviation{}}
	for range abbreviationLimit {
		code := c.uleb()
		if code == 0 || c.bad {
			break
		}
		a := abbreviation{tag: uint16(c.uleb()), children: c.number(1) == 1}
		for !c.bad {
			one := attribute{name: uint16(c.uleb()), form: uint16(c.uleb())}
			if one.form == formImplicit {
				one.implicit = c.sleb()
			}
			if one.name == 0 && one.form == 0 {
				break
			}
			a.attributes = append(a.attributes, one)
			a.sibling = a.sibling || one.name == attrSibling
			if n := u.size(one.form); n >= 0 && a.fixed >= 0 {
				a.fixed += n
			} else {
				a.fixed = -1
			}
		}
		if code < denseLimit && code < uint64(len(t.dense))+64 {
			for uint64(len(t.dense)) <= code {
				t.dense = append(t.dense, abbreviation{})
			}
			t.dense[code] = a
		} else {
			t.sparse[code] = a
		}
	}
	if c.bad {
		return nil, fmt.Errorf("the abbreviations at %#x do not end", u.abbrevAt)
	}
	d.tables[key] = t
	return t, nil
}
