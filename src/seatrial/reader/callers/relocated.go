package callers

import (
	"fmt"
	"slices"

	"seatrial.example/reader/image"
)

// Relocated is what relocations of one kind do with one symbol.
type Relocated struct {
	Kind     string   `json:"kind"`
	Symbol   string   `json:"symbol"` // "" where they name none
	Places   int      `json:"places"` // that are changed
	Sections []string `json:"sections"`
	Uses     []Use    `json:"uses"` // functions that use what stands there, or in which it stands
	Data     int      `json:"data"` // places that no code was seen to use
}

const (
	inText         = "text"  // the kind of those that change what is not mapped for writing
	relocatedLimit = 1 << 16 // places whose users are looked for; the others are counted
	sectionLimit   = 16      // that are named for a kind and symbol
	groupLimit     = 1 << 12 // kinds and symbols that are told apart
)

// group is the places of one kind and symbol.
type group struct {
	told   *Relocated
	key    string
	direct []use
}

// relocated collects the places of relocations of the kinds that are asked for. To slots it adds those whose users must
// be looked for.
func (g *graph) relocated(kinds map[string][]uint32, slots map[uint64]string) []*group {
	byType := map[uint32]string{}
	for kind, types := range kinds {
		for _, one := range types {
			byType[one] = kind
		}
	}
	var groups []*group
	index := map[[2]string]*group{}
	places := 0
	all := sectionsOf(g.Image)
	wanted := func(addr uint64, kind uint32) bool {
		return byType[kind] != "" || !g.Image.Object() && g.Image.ReadOnlyAt(addr)
	}
	g.Image.EachRelocation(wanted, func(r image.Relocation) {
		places++
		kind := byType[r.Type]
		if kind == "" || !g.Image.Object() && g.Image.ReadOnlyAt(r.Addr) {
			kind, r.Symbol = inText, ""
		}
		if kind == "irelative" {
			r.Symbol = g.resolver(r)
		}
		if len(groups) >= groupLimit && index[[2]string{kind, r.Symbol}] == nil {
			r.Symbol = "" // with all others of its kind
		}
		id := [2]string{kind, r.Symbol}
		one := index[id]
		if one == nil {
			one = &group{told: &Relocated{Kind: kind, Symbol: r.Symbol, Sections: []string{}}, key: fmt.Sprintf("\x00%d", len(groups))}
			index[id] = one
			groups = append(groups, one)
		}
		one.told.Places++
		if len(one.told.Sections) < sectionLimit {
			if name := all.name(r.Addr); name != "" && !slices.Contains(one.told.Sections, name) {
				one.told.Sections = append(one.told.Sections, name)
			}
		}
		if places > relocatedLimit {
			return
		}
		if i := g.At(r.Addr); i >= 0 {
			one.direct = append(one.direct, use{i, r.Addr, false})
		} else if slots[r.Addr] == "" {
			slots[r.Addr] = one.key
		}
	})
	return groups
}

// resolver names the function that an IRELATIVE relocation calls for the address to store.
func (g *graph) resolver(r image.Relocation) string {
	addr := r.Addend
	if addr == 0 {
		addr, _ = g.Image.Pointer(r.Addr)
	}
	if i := g.At(addr); i >= 0 && g.Funcs[i].Entry == addr {
		return g.Funcs[i].Name
	}
	return ""
}

// users completes the groups after the code was read.
func (g *graph) users(groups []*group, asked arguments) []*Relocated {
	told := []*Relocated{}
	for _, one := range groups {
		found := g.told(append(one.direct, g.uses[one.key]...), asked)
		one.told.Uses, one.told.Data = found.Uses, len(g.data[one.key])
		told = append(told, one.told)
	}
	return told
}
