// Package guards tells which instructions beyond a CPU's base a program may execute, in which function, and whether the
// program asks the CPU before.
//
// Per function, what flags of CPU features are known to be set is followed through the control flow: the flags that the
// runtime keeps, what packages derive from them or from CPUID, and tests of them. What holds at an instruction on every
// way to it guards the instruction; what holds at every call of a function guards the function.
package guards

import (
	"sort"

	"seatrial.example/reader/isa"
)

// kind is what is known of a value.
type kind uint8

const (
	unknown kind = iota
	constant
	boolean // not zero only if what `imply` says holds
	word    // bits of CPUID or of AT_HWCAP
	stack   // the stack pointer at entry plus n
)

// value is what is known of a register, a slot of the stack or a variable.
type value struct {
	kind   kind
	source uint8 // of a word: index in the machine's words, plus 1
	n      int64 // of a constant; distance of a stack address; the mask that a word was ANDed with
	imply  facts // of a boolean
}

const maxVariables = 2

// facts is what is known to hold at a place: features of the CPU, and variables that were tested without that their
// meaning is known (a package's own `useAVX2`).
type facts struct {
	set       isa.Set
	variables [maxVariables]uint64 // sorted, 0 for none
}

// all is what holds where control cannot come.
var all = facts{set: isa.Set{^uint64(0), ^uint64(0)}}

func (f facts) isAll() bool { return f.set == all.set }

func (f facts) and(g facts) facts {
	if f.isAll() {
		return g
	}
	if g.isAll() {
		return f
	}
	out := facts{set: f.set.And(g.set)}
	at := 0
	for _, v := range f.variables {
		for _, w := range g.variables {
			if v != 0 && v == w {
				out.variables[at] = v
				at++
			}
		}
	}
	return out
}

// with is the union; of more variables than there is room for the last are dropped.
func (f facts) with(g facts) facts {
	if f.isAll() || g.isAll() {
		return all
	}
	out := facts{set: f.set.With(g.set)}
	if g.variables == (facts{}).variables {
		out.variables = f.variables
		return out
	}
	var both []uint64
	for _, v := range append(f.variables[:], g.variables[:]...) {
		if v != 0 {
			both = append(both, v)
		}
	}
	sort.Slice(both, func(i, j int) bool { return both[i] < both[j] })
	at := 0
	for i, v := range both {
		if (i == 0 || v != both[i-1]) && at < maxVariables {
			out.variables[at] = v
			at++
		}
	}
	return out
}

// testOf is facts that rest on one variable of unknown meaning.
func testOf(variable uint64) facts {
	return facts{variables: [maxVariables]uint64{variable}}
}

// known is a constant.
func known(n int64) value { return value{kind: constant, n: n} }

// ifNotZero is what holds when the value is not zero.
func (m *machine) ifNotZero(v value) facts {
	switch v.kind {
	case constant:
		if v.n == 0 {
			return all
		}
	case boolean:
		return v.imply
	case word:
		out := all
		for bit, f := range m.words[v.source-1].bits {
			if v.n>>bit&1 != 0 {
				out = out.and(f)
			}
		}
		if out.isAll() {
			return facts{}
		}
		// A bit without a name among those that were asked for says nothing.
		if v.n&^m.words[v.source-1].named != 0 {
			return facts{}
		}
		return out
	}
	return facts{}
}

// ifEqual is what holds when the value is n.
func (m *machine) ifEqual(v value, n int64) facts {
	if n == 0 {
		return facts{}
	}
	if v.kind != word {
		return m.ifNotZero(v)
	}
	out := facts{}
	for bit, f := range m.words[v.source-1].bits {
		if n>>bit&1 != 0 && v.n>>bit&1 != 0 {
			out = out.with(f)
		}
	}
	return out
}

// merge is what is known of a value that is a where `fa` holds and b where `fb` holds.
func (m *machine) merge(a value, fa facts, b value, fb facts) value {
	if a == b {
		return a
	}
	both := m.ifNotZero(a).with(fa).and(m.ifNotZero(b).with(fb))
	if both.isAll() {
		return known(0)
	}
	if a.kind == stack || b.kind == stack || both == (facts{}) {
		return value{}
	}
	return value{kind: boolean, imply: both}
}
