package callers

import (
	"slices"
	"sort"
	"strings"

	"seatrial.example/reader/code"
	"seatrial.example/reader/image"
	"seatrial.example/reader/steps"
)

// use is a use of one name by a function.
type use struct {
	function int
	pc       uint64
	call     bool
}

// graph is who uses what.
type graph struct {
	*code.List
	slots    map[uint64]string // filled by the loader, by address
	stubs    map[uint64]string // code that jumps through a slot
	inStub   map[uint64]bool   // places of such code that refer to the slot
	uses     map[string][]use
	calls    map[int]map[int]bool // C function to the functions of C that use it
	roots    map[int][]use        // C function to the Go functions that use it
	owner    map[string]string    // the mark that cgo puts into the names of a package's functions to the package
	data     map[string][]uint64  // name to words of data, outside of what code loads, that the loader fills
	packages map[int]string       // C function to the package of Go that its object is of
	budget   int                  // steps that are left for finding ways from Go to C
}

const (
	stubSize   = 64      // bytes; a longer function is more than a stub
	stepsLimit = 1 << 22 // from C functions to their callers, in all
)

func newGraph(l *code.List, slots map[uint64]string) *graph {
	return &graph{
		List: l, slots: slots, stubs: map[uint64]string{}, inStub: map[uint64]bool{}, uses: map[string][]use{},
		calls: map[int]map[int]bool{}, roots: map[int][]use{}, owner: map[string]string{}, data: map[string][]uint64{},
		packages: map[int]string{}, budget: stepsLimit,
	}
}

// build reads all the code. `named` are functions of the binary itself whose users are wanted as well.
func (g *graph) build(named map[string]bool) {
	l, slots := g.List, g.slots
	own := g.defined(named)
	seen := map[uint64]bool{} // slots that code uses
	g.findStubs(seen)
	entries := map[uint64]string{}
	for i := range l.Funcs {
		if l.Funcs[i].C {
			entries[l.Funcs[i].Entry] = ""
			entries[l.Funcs[i].Entry+l.LocalEntry()] = ""
		}
	}
	inC := setOf(slots, g.stubs, entries, own)
	words := l.Pointers(func(addr uint64) bool { _, ok := entries[addr]; return ok })
	inGo := setOf(slots, g.stubs, own)
	for word := range words {
		inGo.add(word)
	}
	for i := range l.Funcs {
		f := &l.Funcs[i]
		w := &inGo
		if f.C {
			w = &inC
		}
		visit := func(r reference) {
			if r.target >= f.Entry && r.target < f.End || g.inStub[r.pc] {
				return
			}
			u := use{i, r.pc, r.call}
			for _, names := range []map[uint64]string{slots, g.stubs, own} {
				if name, ok := names[r.target]; ok {
					g.uses[name] = append(g.uses[name], u)
					seen[r.target] = true
				}
			}
			g.edge(i, r, words)
		}
		references(l, i, w, visit)
		shortJumps(l, i, w, visit)
	}
	for addr, name := range slots {
		if !seen[addr] {
			g.data[name] = append(g.data[name], addr)
		}
	}
}

// edge notes that a function uses a function of C.
func (g *graph) edge(i int, r reference, words map[uint64]uint64) {
	target := r.target
	if entry, ok := words[target]; ok && !g.Funcs[i].C {
		target = entry
	}
	to := g.At(target)
	if to < 0 || to == i || !g.Funcs[to].C || target != g.Funcs[to].Entry && target != g.Funcs[to].Entry+g.LocalEntry() {
		return
	}
	if !g.Funcs[i].C {
		g.roots[to] = append(g.roots[to], use{i, r.pc, true})
		if mark := cgoMark(g.Funcs[to].Name); mark != "" {
			g.owner[mark] = g.Funcs[i].Package
		}
		return
	}
	if g.calls[to] == nil {
		g.calls[to] = map[int]bool{}
	}
	g.calls[to][i] = true
}

// cgoMark is the part of a name that cgo gives to all C functions of one package: _cgo_<mark>_Cfunc_getaddrinfo.
func cgoMark(name string) string {
	rest, ok := strings.CutPrefix(name, "_cgo_")
	if mark, _, more := strings.Cut(rest, "_"); ok && more && len(mark) == 12 {
		return mark
	}
	return ""
}

// defined gives the functions that the binary has itself of those that are asked for by name.
func (g *graph) defined(named map[string]bool) map[uint64]string {
	own := map[uint64]string{}
	if len(named) > 0 {
		g.Image.EachSymbol(func(s image.Symbol) bool {
			if s.Kind != image.Import && s.Addr != 0 && named[s.Name] {
				own[s.Addr] = s.Name
			}
			return true
		})
	}
	return own
}

// findStubs finds the code that does nothing but jump to what a slot holds.
func (g *graph) findStubs(seen map[uint64]bool) {
	if p, _ := tablePointer(g.List); p.called != 0 { // every caller reads the slot itself
		return
	}
	wanted := setOf(g.slots)
	for i := range g.Funcs {
		if !g.Funcs[i].C {
			continue
		}
		if g.Image.GOARCH == "amd64" || g.Image.GOARCH == "386" {
			g.stubsX86(i, &wanted, seen)
			continue
		}
		g.stubsOf(g.Body(i), g.Funcs[i].Entry, seen)
	}
}

// stubsOf finds few instructions that load a slot and jump to what it holds. Where one ends the next begins, or what
// fills the space between them.
func (g *graph) stubsOf(body []byte, pc uint64, seen map[uint64]bool) {
	at := g.Machine.AtEntry(g.Image.PtrSize)
	p, hasPointer := tablePointer(g.List)
	begin, slot, held := pc, uint64(0), 0 // the register that holds what the slot does
	for len(body) > 0 {
		o := g.Machine.Decode(body, pc)
		o.Size = min(max(o.Size, 1), len(body))
		if hasPointer {
			at.Set(p.register, steps.Value{From: steps.Known, N: int64(p.addr)})
		}
		if addr, ok := at.Address(o); ok && o.Kind == steps.Load && g.slots[addr] != "" {
			slot, held = addr, o.Dst
		}
		at.Take(o)
		body = body[o.Size:]
		pc += uint64(o.Size)
		if o.Kind == steps.JumpAny || o.Kind == steps.CallAny || o.Kind == steps.Load && o.Dst == g.Machine.Counter {
			through := o.Kind == steps.Load || o.Src == held || o.Src == steps.NoRegister
			if slot != 0 && through && pc-begin <= stubSize {
				for start := begin; start < pc; start += uint64(g.Machine.Aligned) {
					g.stubs[start], g.inStub[start] = g.slots[slot], true
				}
				seen[slot] = true
			}
			begin, slot = pc, 0
		}
	}
}

// stubsX86 finds JMP through a slot, with what may stand before it (ENDBR64, or ENDBR32).
func (g *graph) stubsX86(i int, w *wanted, seen map[uint64]bool) {
	entry, body := g.Funcs[i].Entry, g.Body(i)
	referencesX86(g.List, i, w, func(r reference) {
		at := int(r.pc - entry)
		if at < 1 || body[at-1] != 0xff || body[at] != 0x25 && body[at] != 0xa3 { // by its address, or from EBX on
			return
		}
		seen[r.target], g.inStub[r.pc] = true, true
		begin := r.pc - 1
		if at >= 2 && body[at-2] == 0xf2 { // BND
			begin--
			at--
		}
		g.stubs[begin] = g.slots[r.target]
		if at >= 5 && body[at-5] == 0xf3 && body[at-4] == 0x0f && body[at-3] == 0x1e {
			g.stubs[begin-4] = g.slots[r.target]
		}
	})
}

// chain is how a Go function comes to a function of C.
type chain struct {
	from use
	via  []int // functions of C, the first called by Go
}

// leading gives the Go functions that lead to one of some functions of C, each by a shortest way, at most `limit`.
func (g *graph) leading(to []int, limit int) []chain {
	var found []chain
	next := make(map[int]int, len(to)) // the function that it is nearer by
	for _, i := range to {
		next[i] = -1
	}
	queue := slices.Clone(to)
	known := map[int]bool{}
	for len(queue) > 0 && len(found) < limit && g.budget > 0 {
		i := queue[0]
		queue = queue[1:]
		for _, u := range g.roots[i] {
			if !known[u.function] && len(found) < limit {
				known[u.function] = true
				c := chain{from: u}
				for at := i; at >= 0; at = next[at] {
					c.via = append(c.via, at)
				}
				found = append(found, c)
			}
		}
		callers := make([]int, 0, len(g.calls[i]))
		for caller := range g.calls[i] {
			callers = append(callers, caller)
		}
		sort.Ints(callers)
		g.budget -= 1 + len(callers)
		for _, caller := range callers {
			if _, seen := next[caller]; !seen {
				next[caller] = i
				queue = append(queue, caller)
			}
		}
	}
	return found
}
