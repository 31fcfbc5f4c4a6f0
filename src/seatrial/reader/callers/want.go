package callers

import (
	"encoding/json"
	"fmt"
	"sort"

	"seatrial.example/reader/code"
	"seatrial.example/reader/gometa"
	"seatrial.example/reader/image"
	"seatrial.example/reader/request"
)

func init() {
	request.Register("callers", func(m *image.Image, t *gometa.Meta, args json.RawMessage) (any, error) {
		asked := arguments{Places: 20, Chains: 20}
		if err := request.Arguments(args, &asked); err != nil {
			return nil, err
		}
		return find(m, t, asked)
	})
}

type arguments struct {
	Defined []string `json:"defined"` // functions in the binary itself that are asked for
	Places  int      `json:"places"`  // that are listed for each name
	Chains  int      `json:"chains"`  // that are listed for each function of C
	Objects bool     `json:"objects"` // of C are asked for too

	Relocations map[string][]uint32 `json:"relocations"` // that are asked for too: a kind with its types
}

// Leading is a Go function that leads to a function of C.
type Leading struct {
	code.Place
	Via []string `json:"via"` // functions of C on the way, the first called by Go
}

// Use is a function that uses an import.
type Use struct {
	code.Place
	Call bool      `json:"call"` // else its address is taken, or a word of it read
	From []Leading `json:"from"` // for a function of C
}

// Name is what uses one import.
type Name struct {
	Count int   `json:"count"`
	Uses  []Use `json:"uses"` // one for each function
	Data  int   `json:"data"` // words of data that the loader fills with it and no code was seen to read
}

// Answer is what was found.
type Answer struct {
	Names       map[string]*Name `json:"names"` // of the imports
	Relocations []*Relocated     `json:"relocations"`
	Objects     *Objects         `json:"objects"` // nil where they were not asked for
}

func find(m *image.Image, t *gometa.Meta, asked arguments) (*Answer, error) {
	l := code.Of(m, t)
	if l.Machine == nil {
		return nil, fmt.Errorf("callers on %s are not followed", m.GOARCH)
	}
	slots := map[uint64]string{}
	m.EachBound(func(addr uint64, name string) { slots[addr] = name })
	named := map[string]bool{}
	for _, name := range asked.Defined {
		named[name] = true
	}
	g := newGraph(l, slots)
	relocated := g.relocated(asked.Relocations, slots)
	g.build(named)
	answer := &Answer{Names: map[string]*Name{}}
	if asked.Objects {
		answer.Objects = g.objects(asked) // first: others are told whose C code it is
	}
	answer.Relocations = g.users(relocated, asked)
	for _, one := range relocated { // their users are told of by now
		delete(g.uses, one.key)
		delete(g.data, one.key)
	}
	for name, uses := range g.uses {
		answer.Names[name] = g.told(uses, asked)
	}
	for name, words := range g.data {
		if answer.Names[name] == nil {
			answer.Names[name] = &Name{Uses: []Use{}}
		}
		answer.Names[name].Data = len(words)
	}
	return answer, nil
}

func (g *graph) way(c chain) Leading {
	leading := Leading{Place: g.Place(c.from.function, c.from.pc)}
	for _, via := range c.via {
		leading.Via = append(leading.Via, g.Funcs[via].Name)
	}
	return leading
}

func (g *graph) told(uses []use, asked arguments) *Name {
	sort.SliceStable(uses, func(i, j int) bool { return uses[i].pc < uses[j].pc })
	told := &Name{Count: len(uses), Uses: []Use{}}
	seen := map[int]bool{}
	for _, u := range uses {
		if seen[u.function] || len(told.Uses) >= asked.Places {
			continue
		}
		seen[u.function] = true
		one := Use{Place: g.Place(u.function, u.pc), Call: u.call, From: []Leading{}}
		if one.C {
			one.Package = g.packages[u.function]
			if owner := g.owner[cgoMark(one.Function)]; owner != "" {
				one.Package = owner
			}
			for _, c := range g.leading([]int{u.function}, asked.Chains) {
				one.From = append(one.From, g.way(c))
			}
		}
		told.Uses = append(told.Uses, one)
	}
	return told
}
