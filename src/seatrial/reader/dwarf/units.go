package dwarf

import (
	"errors"
	"fmt"
)

// Attributes and tags (DWARF 5, 7.5.3 and 7.5.4; Go's own from cmd/internal/dwarf).
const (
	attrSibling, attrName, attrByteSize, attrStmtList          = 0x01, 0x03, 0x0b, 0x10
	attrLow, attrHigh, attrLanguage, attrDir, attrProducer     = 0x11, 0x12, 0x13, 0x1b, 0x25
	attrUpper, attrOrigin, attrCount, attrMember, attrDeclFile = 0x2f, 0x31, 0x37, 0x38, 0x3a
	attrDeclaration, attrSpecification, attrType, attrRanges   = 0x3c, 0x47, 0x49, 0x55
	attrStrBase, attrAddrBase, attrRangeBase                   = 0x72, 0x73, 0x74
	attrGoRuntimeType, attrGoPackage                           = 0x2904, 0x2905

	tagArray, tagClass, tagEnum, tagMember, tagPointer, tagReference = 0x01, 0x02, 0x04, 0x0d, 0x0f, 0x10
	tagUnit, tagStruct, tagSubroutine, tagTypedef, tagUnion          = 0x11, 0x13, 0x15, 0x16, 0x17
	tagSubrange, tagBase, tagConst, tagSubprogram, tagVolatile       = 0x21, 0x24, 0x26, 0x2e, 0x35
	tagRestrict, tagNamespace, tagPartialUnit, tagAtomic             = 0x37, 0x39, 0x3c, 0x47

	unitType, unitSkeleton, unitSplitCompile, unitSplitType = 0x02, 0x04, 0x05, 0x06

	// LanguageGo is DW_LANG_Go.
	LanguageGo = 0x16
)

const unitLimit = 1 << 20

// Unit is a compilation unit. Strings are views into the sections.
type Unit struct {
	Offset   uint64 // in .debug_info
	Version  int
	Language int
	Name     string // the package of a Go unit, the source file of others
	Dir      string
	Producer string
	Package  string // Go: DW_AT_go_package_name
	Low      uint64
	Ranges   []Range // the code of the unit, where it says so

	root     uint64 // offset of its first entry
	end      uint64
	wide     bool // offsets of 8 bytes
	addrSize int
	abbrevAt uint64
	strBase  uint64
	addrBase uint64
	rngBase  uint64
	lineAt   uint64
	hasLine  bool
}

// Range is a range of addresses.
type Range struct{ Start, End uint64 }

// Units gives the compilation units in the order of the file.
func (d *Data) Units() []Unit { return d.units }

// readUnits hops from header to header and reads the first entry of each unit.
func (d *Data) readUnits() error {
	for at := uint64(0); at < uint64(len(d.info)); {
		u, next, err := d.header(at)
		if err != nil {
			return fmt.Errorf("the unit at %#x of .debug_info: %w", at, err)
		}
		if len(d.units) >= unitLimit {
			return fmt.Errorf("there are more than the %d units that are read", unitLimit)
		}
		if u.root != 0 {
			if err := d.first(&u); err != nil {
				return fmt.Errorf("the unit at %#x of .debug_info: %w", at, err)
			}
			d.units = append(d.units, u)
		}
		at = next
	}
	return nil
}

// header reads the header of a unit (DWARF 5, 7.5.1); root stays 0 for one whose entries are not of interest.
func (d *Data) header(at uint64) (Unit, uint64, error) {
	u := Unit{Offset: at}
	c := cursor{d: d, u: &u, b: d.info, at: at}
	length := c.number(4)
	if length == 0xffffffff {
		u.wide = true
		length = c.number(8)
	}
	if c.bad || length > uint64(len(d.info))-c.at {
		return u, 0, fmt.Errorf("it has %d bytes, more than there are", length)
	}
	u.end = c.at + length
	c.b = d.info[:u.end]
	offset := uint64(4)
	if u.wide {
		offset = 8
	}
	u.Version = int(c.number(2))
	if u.Version < 2 || u.Version > 5 {
		return u, 0, fmt.Errorf("DWARF version %d is not read", u.Version)
	}
	kind := uint64(0)
	if u.Version >= 5 {
		kind = c.number(1)
		u.addrSize = int(c.number(1))
		u.abbrevAt = c.number(offset)
		if kind == unitSkeleton || kind == unitSplitCompile {
			c.take(8)
		}
	} else {
		u.abbrevAt = c.number(offset)
		u.addrSize = int(c.number(1))
	}
	if c.bad || u.addrSize != 4 && u.addrSize != 8 {
		return u, 0, fmt.Errorf("addresses of %d bytes", u.addrSize)
	}
	// Where the tables of a unit start that does not say so: behind their headers.
	u.strBase, u.addrBase, u.rngBase = 8, 8, 12
	if u.wide {
		u.strBase, u.addrBase, u.rngBase = 16, 16, 20
	}
	if kind != unitType && kind != unitSplitType && c.at < u.end {
		u.root = c.at
	}
	return u, u.end, nil
}

var errShape = errors.New("an entry has a shape that the abbreviations do not have")

// first reads the unit's own entry. What it says may need tables whose start it says later: bases come first.
func (d *Data) first(u *Unit) error {
	t, err := d.abbreviations(u)
	if err != nil {
		return err
	}
	start := cursor{d: d, u: u, b: d.info[:u.end], at: u.root}
	a := t.at(start.uleb())
	if a == nil {
		return errShape
	}
	bases := start
	for _, one := range a.attributes {
		switch one.name {
		case attrStrBase:
			u.strBase = bases.value(one)
		case attrAddrBase:
			u.addrBase = bases.value(one)
		case attrRangeBase:
			u.rngBase = bases.value(one)
		default:
			bases.skip(one.form)
		}
	}
	c := start
	var high, ranges uint64
	var relative, hasRanges, indexed bool
	for _, one := range a.attributes {
		value := c.value(one)
		switch one.name {
		case attrName:
			u.Name = c.text
		case attrDir:
			u.Dir = c.text
		case attrProducer:
			u.Producer = c.text
		case attrGoPackage:
			u.Package = c.text
		case attrLanguage:
			u.Language = int(value)
		case attrLow:
			u.Low = value
		case attrHigh:
			high, relative = value, one.form != formAddr
		case attrStmtList:
			u.lineAt, u.hasLine = value, true
		case attrRanges:
			ranges, hasRanges, indexed = value, true, one.form == formRnglistx
		}
	}
	if c.bad || bases.bad {
		return errors.New("its first entry goes beyond its end")
	}
	switch {
	case hasRanges:
		u.Ranges = d.rangesOf(u, ranges, indexed)
	case high != 0:
		if relative {
			high += u.Low
		}
		if high > u.Low {
			u.Ranges = []Range{{u.Low, high}}
		}
	}
	return nil
}
