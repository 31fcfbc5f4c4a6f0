package guards

import (
	"maps"
	"slices"
	"strings"

	"seatrial.example/reader/code"
)

// learnFlags finds the variables that hold what is known of the CPU: those that are set from CPUID, those whose names
// stand beside them in Go's tables of options, and those that are set from others. A variable whose address goes elsewhere
// is none: who has it may set it, as package flag does. Go's own (GODEBUG=cpu.*) only takes features away.
func (a *analysis) learnFlags() {
	a.answers, a.listed = map[uint64]facts{}, map[uint64]bool{}
	fixed := a.options()
	a.flags = map[uint64]facts{}
	for addr, f := range fixed {
		a.flags[addr] = f
	}
	work := map[int]bool{}
	add := func(more []int) {
		for _, i := range more {
			work[i] = true
		}
	}
	asked := code.NewAddresses(a.list.Image)
	for entry := range a.asks {
		asked.Add(entry)
	}
	add(functions(a.list, a.index.calls, asked))
	asking := map[string]bool{} // packages with their own way to ask the CPU
	for i, e := range a.extents {
		if e.cpuid {
			work[i] = true
			if f := &a.list.Funcs[i]; f.Package != "" && f.Package != "runtime" {
				asking[f.Package] = true
			}
		}
	}
	for i := range a.list.Funcs {
		if asking[a.list.Funcs[i].Package] {
			work[i] = true
		}
	}
	for i := range a.list.Funcs {
		if slices.Contains(a.features.readHWCap, a.list.Funcs[i].Name) {
			work[i] = true
		}
	}
	fresh := code.NewAddresses(a.list.Image)
	for addr := range a.flags {
		fresh.Add(addr)
	}
	stores := map[int][]store{}
	a.exposed, a.sought = code.NewAddresses(a.list.Image), map[uint64]bool{}
	expose := func(n int64) {
		if a.data.Has(uint64(n)) {
			a.exposed.Add(uint64(n))
		}
	}
	for range rounds {
		add(functions(a.list, a.index.data, fresh))
		f := a.follower()
		heard, told := code.NewAddresses(a.list.Image), false
		for i := range work {
			if f.seen = expose; strings.HasPrefix(a.list.Funcs[i].Package, testedByGo) {
				f.seen = nil
			}
			found := f.follow(a.list.Body(i), &a.list.Funcs[i])
			stores[i] = found.stores
			if entry := a.list.Funcs[i].Entry; !found.answer.isAll() && !found.answer.set.Empty() || a.answers[entry] != (facts{}) {
				if a.answers[entry] != found.answer {
					a.answers[entry] = found.answer
					heard.Add(entry)
					told = true
				}
			}
		}
		clear(work)
		fresh = code.NewAddresses(a.list.Image)
		if !a.derive(fixed, stores, fresh) && !told {
			break
		}
		add(functions(a.list, a.index.calls, heard))
	}
	a.about = code.NewAddresses(a.list.Image)
	for i, written := range stores {
		for _, s := range written {
			for n := range max(s.size, 1) {
				if addr := s.addr + uint64(n); a.data.Has(addr) {
					a.about.Add(addr)
				}
			}
		}
		f := &a.list.Funcs[i]
		if asking[f.Package] || f.End-f.Entry <= shortFunction {
			a.about.Add(f.Entry)
		}
	}
}

const shortFunction = 256 // bytes of a function whose answer may be about the CPU because it reads a flag

// testedByGo is how packages begin that hand the addresses of their flags to crypto/internal/impl, for Go's own tests.
const testedByGo = "crypto/"

const rounds = 6 // of flags that are set from flags that are set from flags

// derive tells from all writes which variables are flags, and whether that is news.
func (a *analysis) derive(fixed map[uint64]facts, stores map[int][]store, fresh *code.Addresses) bool {
	writes := map[uint64]facts{}
	for _, s := range slices.Concat(slices.Collect(maps.Values(stores))...) {
		if s.size > 1 || !a.data.Has(s.addr) {
			continue
		}
		imply := a.m.ifNotZero(s.v).with(facts{set: s.held.set})
		if known, ok := writes[s.addr]; ok {
			imply = imply.and(known)
		}
		writes[s.addr] = imply
	}
	for _, written := range stores {
		for _, s := range written {
			a.spread(s, writes)
		}
	}
	a.exposeInData(writes, fixed)
	changed := false
	for addr, imply := range writes {
		if _, ok := fixed[addr]; ok {
			continue
		}
		old, had := a.flags[addr]
		switch {
		case imply.set.Empty() || a.initially(addr) != 0 || a.exposed.Has(addr) && !a.listed[addr]:
			if had {
				delete(a.flags, addr)
				changed = true
				fresh.Add(addr)
			}
		case !had || old != imply:
			a.flags[addr] = imply
			changed = true
			fresh.Add(addr)
			for n := range uint64(widestStore) {
				if a.index.written.Has(addr - n) {
					fresh.Add(addr - n)
				}
			}
		}
	}
	return changed
}

const widestStore = 64 // bytes that an instruction writes

// spread adds a store of several bytes, as the compiler makes of several variables that stand side by side.
func (a *analysis) spread(s store, writes map[uint64]facts) {
	if s.size < 2 {
		return
	}
	for n := range min(s.size, widestStore) {
		known, ok := writes[s.addr+uint64(n)]
		if zero := s.v.kind == constant && n < 8 && s.v.n>>(8*n)&0xFF == 0; !ok || zero {
			continue
		}
		writes[s.addr+uint64(n)] = known.and(facts{set: s.held.set})
	}
}

// exposeInData looks for words of data that hold the address of what may be a flag, each once.
func (a *analysis) exposeInData(writes, fixed map[uint64]facts) {
	sought, some := code.NewAddresses(a.list.Image), false
	for addr, imply := range writes {
		if _, ok := fixed[addr]; !ok && !imply.set.Empty() && !a.sought[addr] {
			a.sought[addr], some = true, true
			sought.Add(addr)
		}
	}
	if !some {
		return
	}
	for _, word := range code.PointersTo(a.list.Image, sought) {
		a.exposed.Add(word.Addr)
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
