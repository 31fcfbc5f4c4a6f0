package dwarf

import "fmt"

// step says where a walk goes on.
type step int

const (
	intoChildren step = iota
	overChildren
	endWalk
)

// entry is an entry whose attributes are read through its cursor, in order, each by value or skip.
type entry struct {
	cursor
	shape  *abbreviation
	offset uint64
	depth  int
	read   bool // set by a visitor that has gone through all values
}

const depthLimit = 1 << 10

// walk visits the entries of a unit in order, its own first. visit may leave the values unread.
func (d *Data) walk(u *Unit, visit func(*entry) step) error {
	t, err := d.abbreviations(u)
	if err != nil {
		return err
	}
	e := entry{cursor: cursor{d: d, u: u, b: d.info[:u.end], at: u.root}}
	over := -1 // depth whose descendants are passed over
	for e.at < u.end {
		e.offset = e.at
		code := e.uleb()
		if code == 0 {
			if e.depth--; e.depth <= 0 {
				return nil
			}
			if e.depth <= over {
				over = -1
			}
			continue
		}
		if e.shape = t.at(code); e.shape == nil || e.bad {
			return fmt.Errorf("the entry at %#x of .debug_info: %w", e.offset, errShape)
		}
		start := e.at
		e.read = false
		next := overChildren
		if over < 0 {
			if next = visit(&e); next == endWalk {
				return nil
			}
		}
		sibling := uint64(0)
		if !e.read {
			e.at = start
			sibling = d.pass(&e, next == overChildren && over < 0)
		}
		if e.bad {
			return fmt.Errorf("the entry at %#x of .debug_info goes beyond its unit", e.offset)
		}
		switch {
		case !e.shape.children:
		case sibling != 0:
			e.at = sibling
		default:
			if over < 0 && next == overChildren {
				over = e.depth
			}
			if e.depth++; e.depth > depthLimit {
				return fmt.Errorf("the entries of the unit at %#x nest too deeply", u.Offset)
			}
		}
		if e.depth == 0 {
			return nil
		}
	}
	return nil
}

// pass moves behind the values of an entry. With children that are not wanted it gives the offset of the next
// sibling, where the entry says so.
func (d *Data) pass(e *entry, over bool) (sibling uint64) {
	if e.shape.fixed >= 0 && !(over && e.shape.sibling) {
		e.take(uint64(e.shape.fixed))
		return 0
	}
	for _, a := range e.shape.attributes {
		if over && a.name == attrSibling {
			sibling = e.value(a)
		} else {
			e.skip(a.form)
		}
	}
	if sibling <= e.at || sibling >= e.u.end {
		return 0
	}
	return sibling
}
