package guards

import (
	"slices"
	"sort"

	"seatrial.example/reader/code"
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
	a.chosen, a.pointers = map[uint64]bool{}, map[uint64][]uint64{}
	a.followed, a.carried = map[int]*findings{}, map[uint64]isa.Set{}
	var next []int
	for i, e := range a.extents {
		if e.needs.Empty() {
			continue
		}
		found := a.look(i)
		var open isa.Set
		for _, u := range found.uses {
			if _, ok := tested(u.holds); !ok {
				open = open.With(u.needs.Without(u.holds.set))
			}
		}
		if open = open.Without(a.knownOf(i)); !open.Empty() {
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
				for _, target := range a.meant(r.target) {
					if target == entry || r.holds.variables[0] != 0 {
						continue
					}
					if open := a.carried[target].Without(r.holds.set); !open.Empty() && wide[target] < widest {
						wide[target]++
						more = more.With(open)
					}
				}
			}
			if more != a.carried[entry] {
				a.carried[entry] = more
				next = append(next, i)
			}
		}
	}
	a.held = a.heldByData()
	a.refs = map[uint64][]callerOf{}
	order := make([]int, 0, len(a.followed))
	for i := range a.followed {
		order = append(order, i)
	}
	sort.Ints(order)
	for _, i := range order {
		for _, r := range a.followed[i].refs {
			for _, target := range a.meant(r.target) {
				if target != a.list.Funcs[i].Entry { // Go's functions begin again when their stack has grown: that is no caller
					a.refs[target] = append(a.refs[target], callerOf{i, r})
				}
			}
		}
	}
}

// heldByData gives the functions whose values, or values of interfaces with them as methods, stand in the data from the
// start: whoever reads those calls them.
func (a *analysis) heldByData() map[uint64]bool {
	m, size := a.list.Image, uint64(a.list.Image.PtrSize)
	values := code.NewAddresses(m)
	itab := map[uint64]bool{}
	for _, tables := range a.index.itabs {
		for _, addr := range tables {
			itab[addr] = true
		}
	}
	for addr := range a.pointers {
		values.Add(addr)
	}
	held, told := map[uint64]bool{}, map[uint64]bool{}
	withoutPointers := m.Section(".noptrdata")
	for _, word := range code.PointersTo(m, values) {
		if told[word.Addr] || !a.data.Has(word.PC) || withoutPointers != nil && word.PC-withoutPointers.Addr < withoutPointers.MemSize {
			continue // told already, or where text is, and files that are embedded: programs among them
		}
		before, _ := m.Pointer(word.PC - size)
		after, _ := m.Pointer(word.PC + size)
		if itab[word.Addr] && (itab[before] || itab[after]) {
			continue // the runtime's list of all such tables
		}
		told[word.Addr] = true
		v, err := m.Pointer(word.Addr)
		for _, entry := range a.pointers[word.Addr] {
			if itab[word.Addr] || err == nil && v == entry {
				held[entry] = true
			}
		}
	}
	return held
}

// callerOf is a reference with the function that makes it.
type callerOf struct {
	i int
	reference
}

// meant is the functions that a reference is about: directly, or by words of data that point to them.
func (a *analysis) meant(addr uint64) []uint64 {
	if entries, ok := a.pointers[addr]; ok {
		return entries
	}
	return []uint64{addr}
}

const (
	longestTable = 4096    // words
	emptyWords   = 2       // with which a table may begin
	mostWords    = 1 << 25 // of all tables together; programs of Go, with no base told, need up to 113,000
)

// tablesAt is where a table of functions may begin that has a word at this address: only words that hold the entry of a
// function, or nothing, belong to one.
func (a *analysis) tablesAt(addr uint64) []uint64 {
	m, size, entries := a.list.Image, uint64(a.list.Image.PtrSize), a.list.Entries()
	first := addr
	for at, n := addr-size, 0; n < longestTable && a.words < mostWords; at, n = at-size, n+1 {
		a.words++
		v, err := m.Pointer(at)
		if err != nil || v != 0 && !entries.Has(v) {
			break
		}
		if v != 0 {
			first = at
		}
	}
	found := []uint64{first}
	for n := uint64(1); n <= emptyWords; n++ {
		if v, err := m.Pointer(first - n*size); err != nil || v != 0 {
			break
		}
		found = append(found, first-n*size)
	}
	return found
}

// referring finds the functions that call one of these, or take its address.
func (a *analysis) referring(of []int) []int {
	words := code.NewAddresses(a.list.Image)
	fresh := code.NewAddresses(a.list.Image)
	for _, i := range of {
		entry := a.list.Funcs[i].Entry
		a.chosen[entry] = true
		fresh.Add(entry)
		words.Add(entry)
		for _, itab := range a.index.itabs[entry] {
			a.pointers[itab] = append(a.pointers[itab], entry)
			words.Add(itab)
		}
	}
	for _, p := range a.index.pointers {
		if !fresh.Has(p.Addr) {
			continue
		}
		a.pointers[p.PC] = append(a.pointers[p.PC], p.Addr)
		words.Add(p.PC)
		for _, table := range a.tablesAt(p.PC) {
			if table != p.PC {
				a.pointers[table] = append(a.pointers[table], p.Addr)
				words.Add(table)
			}
		}
	}
	found := functions(a.list, a.index.calls, fresh)
	found = append(found, functions(a.list, a.index.named, words)...)
	slices.Sort(found)
	return slices.Compact(found)
}

// look follows a function, once.
func (a *analysis) look(i int) *findings {
	if found := a.followed[i]; found != nil {
		return found
	}
	f := a.follower()
	f.about = a.about.Has
	found := f.follow(a.list.Body(i), &a.list.Funcs[i])
	a.followed[i] = &found
	return &found
}

// tested is the variable, or the function, that was asked at a place.
func tested(f facts) (uint64, bool) {
	return f.variables[0], f.variables[0] != 0
}
