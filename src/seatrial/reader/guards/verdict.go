package guards

import (
	"strings"

	"seatrial.example/reader/isa"
)

// standing is what protects a function's use of one feature.
type standing uint8

const (
	guarded   standing = iota // on every way to it the CPU is asked
	chosen                    // its address is taken only where the CPU was asked
	perhaps                   // something about the CPU is tested whose meaning is not known, or the way to it is not seen
	unguarded                 // there is a way to it on which nothing is tested
)

var standings = [...]string{"guarded", "chosen", "perhaps", "unguarded"}

// ground is a standing with what it rests on.
type ground struct {
	standing standing
	why      string   // here, unreachable, known, callers, variable, function, pointer, data, detects, no-caller, many-ways, way
	at       uint64   // what is tested; where the guard is
	path     []uint64 // of an unguarded way: entries of the callers, from below
}

type question struct {
	entry   uint64
	feature isa.Set
}

const circle = "circle" // the functions on the way call each other

const (
	mostWays    = 1 << 14 // references that are looked at for one question; programs of Go, with no base told, need up to 48
	mostWaysAll = 1 << 22 // and for all questions together
)

// judge tells how a function that needs a feature stands.
func (a *analysis) judge(i int, feature isa.Set) ground {
	found := a.look(i)
	open, unknown := false, uint64(0)
	at := uint64(0)
	reached := false
	for _, u := range found.uses {
		if u.needs.And(feature).Empty() {
			continue
		}
		reached = true
		if feature.Without(u.holds.set).Empty() {
			at = u.pc
			continue
		}
		if v, ok := tested(u.holds); ok {
			unknown = v
			continue
		}
		open = true
	}
	entry := a.list.Funcs[i].Entry
	if (open || unknown != 0) && feature.Without(a.knownOf(i)).Empty() {
		return ground{standing: guarded, why: "known"}
	}
	if !open {
		if unknown != 0 {
			return ground{standing: perhaps, why: a.whatIs(unknown), at: unknown}
		}
		if !reached {
			return ground{standing: guarded, why: "unreachable"}
		}
		return ground{standing: guarded, why: "here", at: at}
	}
	if a.extents[i].cpuid || found.cpuid {
		return ground{standing: perhaps, why: "detects", at: entry}
	}
	a.left = min(mostWays, mostWaysAll-a.looked)
	return a.ways(question{entry, feature}, entry, 0, map[question]bool{})
}

func (a *analysis) whatIs(addr uint64) string {
	if a.list.At(addr) >= 0 {
		return "function"
	}
	return "variable"
}

// ways looks at all that leads to a function. `first` is the function that needs the feature.
func (a *analysis) ways(q question, first uint64, level int, above map[question]bool) ground {
	if g, ok := a.judged[q]; ok {
		return g
	}
	if above[q] {
		return ground{standing: guarded, why: circle} // the other ways decide
	}
	above[q] = true
	defer delete(above, q)
	itself := q.entry == first || a.wraps(q.entry, first)
	refs := a.refs[q.entry]
	worst := ground{standing: guarded, why: circle}
	if len(refs) == 0 {
		worst = ground{standing: unguarded, why: "way"}
		if itself {
			worst = ground{standing: perhaps, why: "no-caller"}
		} else if wrapper, ok := a.pointerMethod(q.entry); ok {
			worst = a.ways(question{wrapper, q.feature}, first, level, above)
		}
	}
	for _, r := range refs {
		if worst.standing == unguarded {
			break // nothing is worse
		}
		if a.left == 0 {
			worst = ground{standing: perhaps, why: "many-ways", at: q.entry}
			break
		}
		a.left--
		a.looked++
		g := a.way(q, r, first, itself, level, above)
		if g.standing > worst.standing || worst.at == 0 && g.standing == worst.standing {
			worst = g
		}
	}
	if a.held[q.entry] && (worst.standing < perhaps || worst.why == "no-caller") {
		worst = ground{standing: perhaps, why: "data"}
	}
	if len(above) == 1 {
		if worst.why == circle { // and there are no others
			worst = ground{standing: perhaps, why: "no-caller"}
		}
		a.judged[q] = worst
	}
	return worst
}

// way looks at one reference.
func (a *analysis) way(q question, r callerOf, first uint64, itself bool, level int, above map[question]bool) ground {
	caller := &a.list.Funcs[r.i]
	if q.feature.Without(r.holds.set).Empty() {
		if r.taken {
			return ground{standing: chosen, why: "pointer", at: r.pc}
		}
		return ground{standing: guarded, why: "callers", at: r.pc}
	}
	if v, ok := tested(r.holds); ok {
		return ground{standing: perhaps, why: a.whatIs(v), at: v}
	}
	// What starts the runtime asks the CPU too, for itself.
	if (a.extents[r.i].cpuid || a.followed[r.i].cpuid) && caller.Package != "runtime" {
		return ground{standing: perhaps, why: "detects", at: caller.Entry}
	}
	if level >= highest || a.carried[caller.Entry].And(q.feature).Empty() {
		if r.taken && itself {
			return ground{standing: perhaps, why: "pointer", at: r.pc}
		}
		return ground{standing: unguarded, why: "way", at: r.pc, path: []uint64{caller.Entry}}
	}
	g := a.ways(question{caller.Entry, q.feature}, first, level+1, above)
	switch {
	case g.standing == unguarded && r.taken && itself:
		return ground{standing: perhaps, why: "pointer", at: r.pc}
	case g.standing == unguarded:
		g.path = append([]uint64{caller.Entry}, g.path...)
		g.at = r.pc
	case g.standing == guarded && r.taken && g.why != circle:
		g.standing, g.why = chosen, "pointer"
	}
	return g
}

// wraps tells whether a function is the compiler's wrapper of another.
func (a *analysis) wraps(entry, other uint64) bool {
	i, j := a.list.At(entry), a.list.At(other)
	return i >= 0 && j >= 0 && a.list.Funcs[i].Wrapper && a.list.Funcs[i].Name == a.list.Funcs[j].Name
}

// pointerMethod is the compiler's wrapper of a method of values, for pointers to them: where the method is compiled into
// it, it is what interfaces lead to, and nothing but package reflect leads to the method itself.
func (a *analysis) pointerMethod(entry uint64) (uint64, bool) {
	i := a.list.At(entry)
	if i < 0 {
		return 0, false
	}
	f := &a.list.Funcs[i]
	name, ok := strings.CutPrefix(f.Name, f.Package+".")
	receiver, method, isMethod := strings.Cut(name, ".")
	if !ok || !isMethod || strings.ContainsAny(name, "(*[") {
		return 0, false
	}
	if a.wrappers == nil {
		a.wrappers = map[string]uint64{}
		for j := range a.list.Funcs {
			if w := &a.list.Funcs[j]; w.Wrapper {
				a.wrappers[w.Name] = w.Entry
			}
		}
	}
	wrapper, ok := a.wrappers[f.Package+".(*"+receiver+")."+method]
	return wrapper, ok
}
