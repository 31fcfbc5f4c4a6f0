package guards

import (
	"sort"

	"seatrial.example/reader/isa"
)

const (
	highest = 6    // levels of callers that are looked at
	widest  = 48   // callers of one function that are followed further up
	most    = 4000 // functions that are followed at all
)

// climb follows the functions that need something beyond what holds in them, then their callers, until each way has met
// a guard or has ended.
func (a *analysis) climb() {
	a.chosen, a.pointers = map[uint64]bool{}, map[uint64]uint64{}
	a.followed, a.carried = map[int]*findings{}, map[uint64]isa.Set{}
	var next []int
	for i, e := range a.extents {
		if e.needs.Empty() {
			continue
		}
		found := a.look(i)
		var open isa.Set
		for _, u := range found.uses {
			open = open.With(u.needs.Without(u.holds.set))
		}
		if !open.Empty() {
			a.carried[a.list.Funcs[i].Entry] = open
			next = append(next, i)
		}
	}
	for range highest {
		if len(next) == 0 || len(a.followed) > most {
			break
		}
		sort.Ints(next)
		callers := a.referring(next)
		next = next[:0]
		for _, i := range callers {
			delete(a.followed, i)
			a.look(i)
		}
		wide := map[uint64]int{}
		for _, i := range callers {
			entry := a.list.Funcs[i].Entry
			more := a.carried[entry]
			for _, r := range a.followed[i].refs {
				target := a.meant(r.target)
				if target == entry || r.taken || a.mayTest(r.holds) {
					continue
				}
				if open := a.carried[target].Without(r.holds.set); !open.Empty() && wide[target] < widest {
					wide[target]++
					more = more.With(open)
				}
			}
			if more != a.carried[entry] {
				a.carried[entry] = more
				next = append(next, i)
			}
		}
	}
	a.refs = map[uint64][]callerOf{}
	order := make([]int, 0, len(a.followed))
	for i := range a.followed {
		order = append(order, i)
	}
	sort.Ints(order)
	for _, i := range order {
		for _, r := range a.followed[i].refs {
			target := a.meant(r.target)
			a.refs[target] = append(a.refs[target], callerOf{i, r})
		}
	}
}

// callerOf is a reference with the function that makes it.
type callerOf struct {
	i int
	reference
}

// meant is the function that a reference is about: directly, or by a word that points to it.
func (a *analysis) meant(addr uint64) uint64 {
	if entry, ok := a.pointers[addr]; ok {
		return entry
	}
	return addr
}

// referring finds the functions that call one of these, or take its address.
func (a *analysis) referring(of []int) []int {
	fresh := newPages(a.list.Image)
	for _, i := range of {
		a.chosen[a.list.Funcs[i].Entry] = true
		fresh.add(a.list.Funcs[i].Entry)
	}
	words := newPages(a.list.Image)
	for _, i := range of {
		words.add(a.list.Funcs[i].Entry)
	}
	for _, p := range pointersTo(a.list.Image, fresh) {
		a.pointers[p.pc] = p.addr
		words.add(p.pc)
	}
	found := functions(a.list, a.index.calls, fresh.has)
	found = append(found, functions(a.list, indexOf(a.list, a.data, words).data, func(uint64) bool { return true })...)
	sort.Ints(found)
	kept := found[:0]
	for n, i := range found {
		if n == 0 || i != found[n-1] {
			kept = append(kept, i)
		}
	}
	return kept
}

// look follows a function, once.
func (a *analysis) look(i int) *findings {
	if found := a.followed[i]; found != nil {
		return found
	}
	f := a.follower()
	f.variables = true
	found := f.follow(a.list.Body(i), a.list.Funcs[i].Entry)
	a.followed[i] = &found
	return &found
}

// mayTest tells whether something was tested that has to do with the CPU, though its meaning is not known.
func (a *analysis) mayTest(f facts) bool {
	_, ok := a.tested(f)
	return ok
}

// tested is the variable, or the function, that was asked.
func (a *analysis) tested(f facts) (uint64, bool) {
	for _, v := range f.variables {
		if v != 0 && a.aboutCPU(v) {
			return v, true
		}
	}
	return 0, false
}

// aboutCPU tells whether a variable is set, or a function made, by something that asks the CPU: by a function that does,
// or one of a package that has a function that does.
func (a *analysis) aboutCPU(addr uint64) bool {
	if about, ok := a.about[addr]; ok {
		return about
	}
	about := false
	if i := a.list.At(addr); i >= 0 {
		about = a.detects(i)
	} else {
		one := newPages(a.list.Image)
		one.add(addr)
		for _, i := range functions(a.list, a.index.data, one.has) {
			if about || !a.detects(i) {
				continue
			}
			for _, s := range a.look(i).stores {
				about = about || addr-s.addr < uint64(max(s.size, 1))
			}
		}
	}
	a.about[addr] = about
	return about
}

// detects tells whether a function or its package asks the CPU what it has.
func (a *analysis) detects(i int) bool {
	f := &a.list.Funcs[i]
	if f.Package == "" || f.C {
		return a.extents[i].cpuid
	}
	if a.detecting == nil {
		a.detecting = map[string]bool{}
		for n, e := range a.extents {
			if e.cpuid {
				a.detecting[a.list.Funcs[n].Package] = true
			}
		}
		flags := newPages(a.list.Image)
		for addr := range a.flags {
			flags.add(addr)
		}
		for _, n := range functions(a.list, a.index.data, flags.has) {
			a.detecting[a.list.Funcs[n].Package] = true
		}
		delete(a.detecting, "")
	}
	return a.detecting[f.Package]
}
