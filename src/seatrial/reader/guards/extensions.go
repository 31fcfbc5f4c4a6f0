package guards

import (
	"seatrial.example/reader/code"
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
	data     writable
	index    *index
	entries  *pages // of all functions

	extents   map[int]extent // of assembly and C, or of all
	flags     map[uint64]facts
	words     map[uint64]uint8
	asks      map[uint64]bool // entries of functions that hand on what CPUID says
	ends      map[uint64]bool // entries of functions that do not return
	detecting map[string]bool // packages that ask the CPU
	about     map[uint64]bool // variables and functions that have to do with the CPU

	chosen   map[uint64]bool     // functions whose callers are looked for, by entry
	pointers map[uint64][]uint64 // words of data that point to them
	followed map[int]*findings
	carried  map[uint64]isa.Set // what is open in a function, or in what it calls
	refs     map[uint64][]callerOf
	judged   map[question]ground
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
		m: a.m, base: a.base, closure: a.features.with, flags: a.flags, words: a.words, data: a.data.has,
		asksCPU: func(entry uint64) bool { return a.asks[entry] },
		ends:    func(entry uint64) bool { return a.ends[entry] },
		target:  func(addr uint64) bool { return a.chosen[addr] },
		pointer: func(addr uint64) bool { _, ok := a.pointers[addr]; return ok || a.chosen[addr] },
	}
}

// learnFlags finds the variables that hold what is known of the CPU: those that are set from CPUID, those whose names
// stand beside them in Go's tables of options, and those that are set from others.
func (a *analysis) learnFlags() {
	a.flags = map[uint64]facts{}
	fixed := a.options()
	for addr, f := range fixed {
		a.flags[addr] = f
	}
	work := functions(a.list, a.index.calls, func(addr uint64) bool { return a.asks[addr] })
	for i, e := range a.extents {
		if e.cpuid {
			work = append(work, i)
		}
	}
	set := newPages(a.list.Image)
	for addr := range a.flags {
		set.add(addr)
	}
	if len(a.flags) > 0 {
		work = append(work, functions(a.list, a.index.data, set.has)...)
	}
	done := map[int]bool{}
	for range 6 {
		f := a.follower()
		writes := map[uint64]facts{}
		for n := range done {
			work = append(work, n)
		}
		clear(done)
		for _, i := range work {
			if done[i] {
				continue
			}
			done[i] = true
			found := f.follow(a.list.Body(i), a.list.Funcs[i].Entry, a.list.Funcs[i].Assembly)
			for _, s := range found.stores {
				if s.size > 1 || !a.data.has(s.addr) {
					continue
				}
				imply := f.m.ifNotZero(s.v).with(s.held)
				if known, ok := writes[s.addr]; ok {
					imply = imply.and(known)
				}
				writes[s.addr] = imply
			}
		}
		fresh := newPages(a.list.Image)
		changed := false
		for addr, imply := range writes {
			if _, ok := fixed[addr]; ok {
				continue
			}
			old, had := a.flags[addr]
			if imply.isAll() || imply == (facts{}) || a.initially(addr) != 0 {
				if had {
					delete(a.flags, addr)
					changed = true
				}
				continue
			}
			if !had || old != imply {
				a.flags[addr] = imply
				changed = true
				fresh.add(addr)
			}
		}
		if !changed {
			return
		}
		work = functions(a.list, a.index.data, fresh.has)
	}
}

// initially is the value of a variable of one byte in the file.
func (a *analysis) initially(addr uint64) byte {
	b, err := a.list.Image.Bytes(addr, 1)
	if err != nil {
		return 0
	}
	return b[0]
}
