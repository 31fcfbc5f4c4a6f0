package callers

import (
	"cmp"
	"slices"

	"seatrial.example/reader/code"
)

// Reference is a place in C code that refers to an import. On x86 it is in the instruction, not always at its begin.
type Reference struct {
	PC   uint64
	Call bool // or a jump; else its address is loaded
}

// ReferencesTo gives the places in C code that refer to an import, by the index of the function and in order. On x86 a
// function with a name that ends with a jump through the slot is no stub.
func ReferencesTo(l *code.List, name string) map[int][]Reference {
	slots := map[uint64]string{}
	l.Image.EachBound(func(addr uint64, bound string) {
		if bound == name {
			slots[addr] = name
		}
	})
	found := map[int][]Reference{}
	if len(slots) == 0 || l.Machine == nil {
		return found
	}
	g := newGraph(l, slots)
	g.findStubs(map[uint64]bool{})
	w := setOf(slots, g.stubs)
	for i := range l.Funcs {
		if !l.Funcs[i].C {
			continue
		}
		visit := func(r reference) {
			if stub := g.inStub[r.pc] && (l.Funcs[i].Unnamed || l.Machine.Aligned > 1); !stub {
				found[i] = append(found[i], Reference{r.pc, r.call})
			}
		}
		references(l, i, &w, visit)
		shortJumps(l, i, &w, visit)
		slices.SortStableFunc(found[i], func(a, b Reference) int { return cmp.Compare(a.PC, b.PC) })
	}
	return found
}
