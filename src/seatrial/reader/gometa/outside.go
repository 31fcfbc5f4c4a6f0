package gometa

import (
	"fmt"
	"slices"
	"sort"

	"seatrial.example/reader/dwarf"
	"seatrial.example/reader/image"
)

// OutsideGo gives the code outside Go's functions: C's, the linker's stubs. It is named by the symbol table, else by
// debugging information, else "C code at 0x…", one for each range.
func (t *Meta) OutsideGo() []Func { return t.outside() }

// Outside gives the code of an image that none of the functions holds, sorted by Entry.
func Outside(m *image.Image, funcs []Func) []Func {
	gaps := gaps(m.Code(), funcs)
	if len(gaps) == 0 {
		return nil
	}
	var named []image.Symbol
	inside := func(kind image.Kind, addr uint64) bool { return kind == image.Func && at(gaps, addr) >= 0 }
	m.EachSymbolAt(inside, func(s image.Symbol) bool {
		named = append(named, s)
		return true
	})
	if !slices.ContainsFunc(named, func(s image.Symbol) bool { return !s.Dynamic }) {
		named = append(named, debugNames(m, gaps)...) // the loader's table has only what is exported
	}
	// Of several names for one address the global one, then the one that stands first.
	sort.SliceStable(named, func(i, j int) bool {
		if named[i].Addr != named[j].Addr {
			return named[i].Addr < named[j].Addr
		}
		return named[i].Global && !named[j].Global
	})
	var found []Func
	next := 0
	for _, gap := range gaps {
		start := gap.Start
		for ; next < len(named) && named[next].Addr < gap.End; next++ {
			s := named[next]
			if s.Addr < start || len(found) > 0 && found[len(found)-1].Entry == s.Addr {
				continue
			}
			if s.Addr > start {
				found = append(found, unnamed(gap, start, s.Addr))
			}
			end := gap.End
			for i := next + 1; i < len(named); i++ {
				if named[i].Addr > s.Addr {
					end = min(end, named[i].Addr)
					break
				}
			}
			if s.Size > 0 {
				end = min(end, s.Addr+s.Size)
			}
			found = append(found, Func{Name: s.Name, Entry: s.Addr, End: end, index: -1})
			start = end
		}
		if start < gap.End {
			found = append(found, unnamed(gap, start, gap.End))
		}
	}
	return found
}

// debugNames gives the functions that debugging information names in the ranges.
func debugNames(m *image.Image, gaps []image.Range) []image.Symbol {
	d, err := dwarf.Open(m)
	if err != nil {
		return nil
	}
	var named []image.Symbol
	units := d.Units()
	for i := range units {
		if units[i].Language == dwarf.LanguageGo {
			continue
		}
		functions, _ := d.Functions(&units[i]) // those before the damage, if there is any
		for _, f := range functions {
			for _, r := range f.Ranges {
				if f.Name != "" && at(gaps, r.Start) >= 0 {
					named = append(named, image.Symbol{Name: f.Name, Addr: r.Start, Size: r.End - r.Start, Kind: image.Func})
				}
			}
		}
	}
	return named
}

func unnamed(gap image.Range, start, end uint64) Func {
	return Func{Name: fmt.Sprintf("C code at %#x", start), Entry: start, End: end, index: -1}
}

// gaps is what is left of ranges without the functions, which are sorted.
func gaps(ranges []image.Range, funcs []Func) []image.Range {
	var left []image.Range
	next := 0
	for _, r := range ranges {
		start := r.Start
		for next > 0 && next <= len(funcs) && funcs[next-1].End > start {
			next--
		}
		for ; next < len(funcs) && funcs[next].Entry < r.End; next++ {
			if f := funcs[next]; f.Entry > start {
				left = append(left, image.Range{Start: start, End: f.Entry, Name: r.Name})
			}
			start = max(start, funcs[next].End)
		}
		if start < r.End {
			left = append(left, image.Range{Start: start, End: r.End, Name: r.Name})
		}
	}
	return left
}

// at is the index of the range that holds an address; -1 for none.
func at(ranges []image.Range, addr uint64) int {
	i := sort.Search(len(ranges), func(i int) bool { return ranges[i].Start > addr }) - 1
	if i < 0 || addr >= ranges[i].End {
		return -1
	}
	return i
}
