package guards

import (
	"encoding/json"
	"fmt"
	"path"
	"sort"
	"strings"

	"seatrial.example/reader/code"
	"seatrial.example/reader/gometa"
	"seatrial.example/reader/image"
	"seatrial.example/reader/isa"
	"seatrial.example/reader/request"
)

func init() { request.Register("isa", instructionSets) }

type arguments struct {
	Base       []string `json:"base"`       // features that every CPU of the port has
	Everything bool     `json:"everything"` // decode what Go compiled too (GOEXPERIMENT=simd)

	// Known are functions that use features only where the CPU has them, by a way that is not followed here; each with
	// its package, also one of assembly whose symbol has none.
	Known map[string][]string `json:"known"`
}

// Answer is the part of the answer that is called isa.
type Answer struct {
	Functions    int    `json:"functions"`    // that were decoded
	Instructions int    `json:"instructions"` // in them
	Bad          int    `json:"bad"`          // places that hold no known instruction
	Flags        []Flag `json:"flags"`        // variables that hold what the CPU has
	Uses         []Use  `json:"uses"`
}

// Flag is a variable that is only set where the CPU has the features.
type Flag struct {
	Address  uint64   `json:"address"`
	Name     string   `json:"name"` // of the variable or of the struct that it is in; "" where no symbol names it
	Offset   uint64   `json:"offset"`
	Features []string `json:"features"`
}

// Use is one function's use of one feature.
type Use struct {
	Feature  string `json:"feature"`
	Function string `json:"function"`
	Package  string `json:"package"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Entry    uint64 `json:"entry"`
	C        bool   `json:"c"`
	Assembly bool   `json:"assembly"`
	Count    int    `json:"count"` // instructions that need it
	First    uint64 `json:"first"` // the first of them without a guard in the function, else the first
	Standing string `json:"standing"`
	Why      string `json:"why"`
	Guard    string `json:"guard"` // the function that tests, or what is tested
	Way      []Way  `json:"way"`   // of an unguarded use: the callers, from below
}

// Way is a function on a way without a guard.
type Way struct {
	Function string `json:"function"`
	Package  string `json:"package"`
}

func instructionSets(m *image.Image, t *gometa.Meta, raw json.RawMessage) (any, error) {
	var asked arguments
	if err := request.Arguments(raw, &asked); err != nil {
		return nil, err
	}
	arch, err := isa.For(m.GOARCH)
	if err != nil {
		return nil, err
	}
	machineOf, ok := machines[m.GOARCH]
	if !ok {
		return nil, fmt.Errorf("what guards instructions of %s is not read", m.GOARCH)
	}
	known, err := loadFeatures(arch)
	if err != nil {
		return nil, err
	}
	a := &analysis{
		list: code.Of(m, t), m: machineOf(arch), features: known, base: arch.Features(asked.Base...), data: writable(m),
		judged: map[question]ground{}, known: map[string]isa.Set{},
	}
	for name, features := range asked.Known {
		a.known[name] = arch.Features(features...)
	}
	a.m.learn(known)
	a.index = indexOf(a.list, a.data, itabsOf(t))
	a.extensions(asked.Everything)
	a.learnFlags()
	a.compiled()
	a.climb()
	return a.answer(), nil
}

// knownOf is the features of a function whose guard is known from elsewhere. A symbol of assembly may have no package:
// its file tells it, below src/ or, with -trimpath, alone.
func (a *analysis) knownOf(i int) isa.Set {
	f := &a.list.Funcs[i]
	if f.C {
		return isa.Set{}
	}
	if f.Package != "" {
		return a.known[f.Name]
	}
	file := strings.ReplaceAll(f.File, `\`, "/")
	if at := strings.LastIndex(file, "/src/"); at >= 0 {
		file = file[at+len("/src/"):]
	}
	return a.known[path.Dir(file)+"."+f.Name]
}

var machines = map[string]func(*isa.Arch) *machine{"amd64": newX86, "arm64": newARM64, "loong64": newLOONG64, "riscv64": newRISCV64}

// compiled adds the functions that Go compiled and that read a flag: only there does its compiler go beyond the base.
func (a *analysis) compiled() {
	flags := code.NewAddresses(a.list.Image)
	for addr := range a.flags {
		flags.Add(addr)
	}
	for _, i := range functions(a.list, a.index.data, flags) {
		if _, ok := a.extents[i]; ok {
			continue
		}
		if e := extentOf(a.m.arch, a.list.Body(i), a.list.Funcs[i].Entry, a.base); !e.needs.Empty() {
			a.extents[i] = e
		}
	}
}

func (a *analysis) answer() *Answer {
	out := &Answer{Flags: []Flag{}, Uses: []Use{}}
	order := make([]int, 0, len(a.extents))
	for i, e := range a.extents {
		out.Functions++
		out.Instructions += e.instructions
		out.Bad += e.bad
		if !e.needs.Empty() {
			order = append(order, i)
		}
	}
	sort.Ints(order)
	names := a.symbols()
	for _, i := range order {
		for _, feature := range a.m.arch.Names(a.extents[i].needs) {
			out.Uses = append(out.Uses, a.use(i, feature, names))
		}
	}
	addrs := make([]uint64, 0, len(a.flags))
	for addr := range a.flags {
		addrs = append(addrs, addr)
	}
	sort.Slice(addrs, func(i, j int) bool { return addrs[i] < addrs[j] })
	for _, addr := range addrs {
		if a.flags[addr].isAll() {
			continue
		}
		name, offset := names(addr)
		out.Flags = append(out.Flags, Flag{addr, name, offset, a.m.arch.Names(a.flags[addr].set)})
	}
	return out
}

func (a *analysis) use(i int, feature string, names func(uint64) (string, uint64)) Use {
	f := &a.list.Funcs[i]
	set := a.m.arch.Features(feature)
	u := Use{
		Feature: feature, Function: f.Name, Package: f.Package, File: f.File, Line: f.Line, Entry: f.Entry, C: f.C, Assembly: f.Assembly,
		Way: []Way{},
	}
	open := false
	for _, one := range a.look(i).uses {
		if one.needs.And(set).Empty() {
			continue
		}
		u.Count++
		here := !set.Without(one.holds.set).Empty()
		if u.First == 0 || here && !open {
			u.First, open = one.pc, here
		}
	}
	g := a.judge(i, set)
	u.Standing, u.Why = standings[g.standing], g.why
	switch {
	case g.why == "variable":
		u.Guard = fmt.Sprintf("%#x", g.at)
		if name, offset := names(g.at); name != "" {
			if u.Guard = name; offset != 0 {
				u.Guard = fmt.Sprintf("%s+%d", name, offset)
			}
		}
	case g.at != 0:
		u.Guard = a.list.Name(g.at)
	}
	for _, entry := range g.path {
		if n := a.list.At(entry); n >= 0 {
			u.Way = append(u.Way, Way{a.list.Funcs[n].Name, a.list.Funcs[n].Package})
		}
	}
	return u
}

// symbols names variables.
func (a *analysis) symbols() func(addr uint64) (string, uint64) {
	var objects []image.Symbol
	return func(addr uint64) (string, uint64) {
		if objects == nil {
			objects = []image.Symbol{}
			variable := func(kind image.Kind, addr uint64) bool { return kind == image.Object && a.data.Has(addr) }
			a.list.Image.EachSymbolAt(variable, func(s image.Symbol) bool {
				objects = append(objects, s)
				return true
			})
			sort.Slice(objects, func(i, j int) bool { return objects[i].Addr < objects[j].Addr })
		}
		n := sort.Search(len(objects), func(i int) bool { return objects[i].Addr > addr }) - 1
		if n < 0 || addr-objects[n].Addr >= max(objects[n].Size, 1) {
			return "", 0
		}
		return objects[n].Name, addr - objects[n].Addr
	}
}
