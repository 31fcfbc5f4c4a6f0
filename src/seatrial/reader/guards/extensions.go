package guards

import (
	"seatrial.example/reader/code"
	"seatrial.example/reader/image"
	"seatrial.example/reader/isa"
)

// extent is what the instructions of one function need, without regard to the way to them.
type extent struct {
	needs        isa.Set
	instructions int
	bad          int
	cpuid        bool // asks the CPU itself
}

// extentOf decodes a function from one end to the other.
func extentOf(a *isa.Arch, body []byte, entry uint64, base isa.Set) extent {
	var e extent
	var in isa.Instruction
	for at := 0; at < len(body); {
		if a.Decode(body[at:], entry+uint64(at), &in) != nil {
			e.bad++
			at += a.Step()
			continue
		}
		e.instructions++
		e.needs = e.needs.With(in.Features)
		if in.X86.Map == 1 && in.X86.Opcode == 0xA2 {
			e.cpuid = true
		}
		at += in.Len
	}
	e.needs = e.needs.Without(base)
	return e
}

const shortEnough = 40 // instructions of a function that only hands on what CPUID says

// analysis is the work on one binary.
type analysis struct {
	list     *code.List
	m        *machine
	features *features
	base     isa.Set
	data     image.Ranges       // where variables are
	known    map[string]isa.Set // by function: features whose guard is known from elsewhere
	index    *index

	space   space
	extents map[int]extent // of assembly and C, or of all
	flags   map[uint64]facts
	answers map[uint64]facts // by entry: what holds if the function returns something else than zero
	asks    map[uint64]bool  // entries of functions that hand on what CPUID says
	ends    map[uint64]bool  // entries of functions that do not return
	about   *code.Addresses  // variables and functions that have to do with the CPU, whatever they mean
	listed  map[uint64]bool  // variables in Go's tables of options
	exposed *code.Addresses  // variables whose address goes elsewhere
	sought  map[uint64]bool  // variables whose address was looked for in the data

	chosen   map[uint64]bool     // functions whose callers are looked for, by entry
	pointers map[uint64][]uint64 // words of data that point to them
	words    int                 // of tables that were looked at
	held     map[uint64]bool     // functions to which data lead from the start
	followed map[int]*findings
	carried  map[uint64]isa.Set // what is open in a function, or in what it calls
	refs     map[uint64][]callerOf
	judged   map[question]ground
	wrappers map[string]uint64 // of the compiler, by name
	left     int               // references that may still be looked at for this question
	looked   int               // that were looked at for all of them
}

// extensions decodes what is not compiled by Go, or everything.
func (a *analysis) extensions(everything bool) {
	a.extents = map[int]extent{}
	for i := range a.list.Funcs {
		f := &a.list.Funcs[i]
		if !everything && !f.Assembly && !f.C {
			continue
		}
		body := a.list.Body(i)
		if len(body) == 0 {
			continue
		}
		a.extents[i] = extentOf(a.m.arch, body, f.Entry, a.base)
	}
	a.asks = map[uint64]bool{}
	names := map[string]bool{}
	for i, e := range a.extents {
		if f := &a.list.Funcs[i]; e.cpuid && f.Assembly && e.instructions-e.bad <= shortEnough {
			a.asks[f.Entry] = true
			names[f.Name] = true
		}
	}
	a.ends = map[uint64]bool{}
	for i := range a.list.Funcs {
		f := &a.list.Funcs[i]
		if f.Wrapper && names[f.Name] { // the compiler's wrapper of such a function bears its name
			a.asks[f.Entry] = true
		}
		if f.Package == "runtime" && a.features.neverReturns(f.Name) {
			a.ends[f.Entry] = true
		}
	}
}

func (a *analysis) follower() *follower {
	return &follower{
		space: &a.space, m: a.m, base: a.base, closure: a.features.with, flags: a.flags, hwcap: a.features.readHWCap, data: a.data.Has,
		asksCPU: func(entry uint64) bool { return a.asks[entry] },
		zero: func(addr uint64) bool {
			return a.initially(addr) == 0 && a.data.Has(addr) && a.index.neverWritten(addr)
		},
		about:   func(uint64) bool { return false },
		answers: func(entry uint64) facts { return a.answers[entry] },
		ends:    func(entry uint64) bool { return a.ends[entry] },
		target:  func(addr uint64) bool { return a.chosen[addr] },
		pointer: func(addr uint64) bool { _, ok := a.pointers[addr]; return ok || a.chosen[addr] },
	}
}
