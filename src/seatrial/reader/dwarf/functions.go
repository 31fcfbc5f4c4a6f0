package dwarf

// Function is a function with code in the binary.
type Function struct {
	Name   string
	Ranges []Range
	File   string // where it is declared, with its folder where that is known
	Unit   *Unit
}

// said is what an entry says that others refer to.
type said struct {
	name, file string
	origin     uint64
}

const originLimit = 4 // an instance, its abstract form, the declaration

// Functions gives the functions of a unit that have code, inlined ones left out.
func (d *Data) Functions(u *Unit) ([]Function, error) {
	var found []Function
	var places []uint64 // offsets of their entries
	entries := map[uint64]said{}
	files := d.files(u)
	err := d.walk(u, func(e *entry) step {
		switch e.shape.tag {
		case tagUnit, tagNamespace, tagStruct, tagClass, tagPartialUnit:
			return intoChildren
		case tagSubprogram:
		default:
			return overChildren
		}
		var one said
		var low, high, ranges uint64
		var relative, hasLow, hasRanges, indexed bool
		for _, a := range e.shape.attributes {
			switch a.name {
			case attrName:
				e.value(a)
				one.name = e.text
			case attrLow:
				low, hasLow = e.value(a), true
			case attrHigh:
				high, relative = e.value(a), a.form != formAddr
			case attrRanges:
				ranges, hasRanges, indexed = e.value(a), true, a.form == formRnglistx
			case attrOrigin, attrSpecification:
				one.origin = e.value(a)
			case attrDeclFile:
				if number := e.value(a); number < uint64(len(files)) {
					one.file = files[number]
				}
			default:
				e.skip(a.form)
			}
		}
		e.read = true
		entries[e.offset] = one
		code := Function{Unit: u}
		switch {
		case hasRanges:
			code.Ranges = d.rangesOf(u, ranges, indexed)
		case hasLow:
			if relative {
				high += low
			}
			if high > low {
				code.Ranges = []Range{{low, high}}
			}
		}
		if len(code.Ranges) > 0 {
			found, places = append(found, code), append(places, e.offset)
		}
		return overChildren
	})
	for i := range found {
		f := &found[i]
		for at, left := places[i], originLimit; left > 0 && at != 0; left-- {
			one := entries[at]
			if f.Name == "" {
				f.Name = one.name
			}
			if f.File == "" {
				f.File = one.file
			}
			at = one.origin
		}
	}
	return found, err
}
