package dwarf

import (
	"fmt"
	"strings"
)

// Type is a type that has a name.
type Type struct {
	Name        string
	Kind        string // struct, union, enum, typedef, base
	Size        uint64
	Fields      []Field
	RuntimeType uint64 // Go: where its descriptor stands, counted from the start of the types; 0 for none
}

// Field is a member of a struct or a union.
type Field struct {
	Name   string
	Type   string
	Offset uint64 // bytes
}

// kinds are the entries that are told as types.
var kinds = map[uint16]string{
	tagStruct: "struct", tagClass: "struct", tagUnion: "union", tagEnum: "enum", tagTypedef: "typedef", tagBase: "base",
}

// Types gives the types of a unit that have a name; declarations without a body are left out.
func (d *Data) Types(u *Unit) ([]Type, error) {
	var found []Type
	var current int // index of the struct whose members come; -1 for none
	depth := 0
	spell := speller{d: d, u: u, known: map[uint64]string{}}
	err := d.walk(u, func(e *entry) step {
		tag := e.shape.tag
		if tag == tagMember && current >= 0 && e.depth == depth+1 {
			found[current].Fields = append(found[current].Fields, spell.member(e))
			return overChildren
		}
		current = -1
		kind, isType := kinds[tag]
		switch {
		case tag == tagUnit, tag == tagNamespace, tag == tagPartialUnit:
			return intoChildren
		case !isType:
			return overChildren
		}
		one := Type{Kind: kind}
		declared := false
		for _, a := range e.shape.attributes {
			switch a.name {
			case attrName:
				e.value(a)
				one.Name = e.text
			case attrByteSize:
				one.Size = e.value(a)
			case attrDeclaration:
				declared = e.value(a) != 0
			case attrGoRuntimeType:
				one.RuntimeType = e.value(a)
			default:
				e.skip(a.form)
			}
		}
		e.read = true
		if one.Name == "" || declared {
			return overChildren
		}
		found = append(found, one)
		if kind != "struct" && kind != "union" {
			return overChildren
		}
		current, depth = len(found)-1, e.depth
		return intoChildren
	})
	return found, err
}

// speller writes types as C does, looking entries up by their offset.
type speller struct {
	d     *Data
	u     *Unit
	known map[uint64]string
}

const spellLimit = 16 // references that are followed for one name

func (s *speller) member(e *entry) Field {
	var f Field
	for _, a := range e.shape.attributes {
		switch a.name {
		case attrName:
			e.value(a)
			f.Name = e.text
		case attrMember:
			f.Offset = e.value(a)
		case attrType:
			f.Type = s.name(e.value(a), spellLimit)
		default:
			e.skip(a.form)
		}
	}
	e.read = true
	return f
}

// name spells the type at an offset of .debug_info.
func (s *speller) name(offset uint64, left int) string {
	if name, ok := s.known[offset]; ok {
		return name
	}
	if left == 0 || offset < s.u.root || offset >= s.u.end {
		return "?"
	}
	name := s.spelled(offset, left)
	s.known[offset] = name
	return name
}

func (s *speller) spelled(offset uint64, left int) string {
	t, err := s.d.abbreviations(s.u)
	if err != nil {
		return "?"
	}
	c := cursor{d: s.d, u: s.u, b: s.d.info[:s.u.end], at: offset}
	shape := t.at(c.uleb())
	if shape == nil {
		return "?"
	}
	name, inner := "", uint64(0)
	for _, a := range shape.attributes {
		switch a.name {
		case attrName:
			c.value(a)
			name = c.text
		case attrType:
			inner = c.value(a)
		default:
			c.skip(a.form)
		}
	}
	of := func() string {
		if inner == 0 {
			return "void"
		}
		return s.name(inner, left-1)
	}
	switch shape.tag {
	case tagPointer:
		if name != "" { // Go names its pointers
			return name
		}
		if to := of(); strings.HasSuffix(to, "*") {
			return to + "*"
		} else {
			return to + " *"
		}
	case tagReference:
		return of() + " &"
	case tagConst:
		return "const " + of()
	case tagVolatile:
		return "volatile " + of()
	case tagRestrict, tagAtomic:
		return of()
	case tagArray:
		if name != "" {
			return name
		}
		return of() + s.bounds(&c, t, shape)
	case tagSubroutine:
		if name != "" {
			return name
		}
		return of() + " ()"
	case tagStruct, tagUnion, tagEnum:
		if name == "" {
			return kinds[shape.tag]
		}
		if s.u.Language == LanguageGo {
			return name
		}
		return kinds[shape.tag] + " " + name
	}
	if name == "" {
		return "?"
	}
	return name
}

// bounds reads the subranges of an array, "[4][8]".
func (s *speller) bounds(c *cursor, t *table, array *abbreviation) string {
	text := ""
	for range spellLimit {
		if !array.children || c.bad {
			break
		}
		shape := t.at(c.uleb())
		if shape == nil || shape.tag != tagSubrange {
			break
		}
		count := ""
		for _, a := range shape.attributes {
			switch value := c.value(a); a.name {
			case attrCount:
				count = fmt.Sprint(value)
			case attrUpper:
				count = fmt.Sprint(value + 1)
			}
		}
		text += "[" + count + "]"
	}
	if text == "" {
		return "[]"
	}
	return text
}
