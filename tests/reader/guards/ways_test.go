// test_guards.py copies this file beside the package's source and runs it.
package guards

import (
	"testing"

	"seatrial.example/reader/code"
	"seatrial.example/reader/gometa"
	"seatrial.example/reader/isa"
)

// layered is an analysis of functions in layers, each called by all of the next one; the last is called where `held` is.
func layered(feature, held isa.Set, width int) *analysis {
	a := &analysis{
		list: &code.List{}, judged: map[question]ground{}, extents: map[int]extent{}, followed: map[int]*findings{},
		carried: map[uint64]isa.Set{}, refs: map[uint64][]callerOf{},
	}
	for i := range width * highest {
		entry := uint64(i+1) * 16
		a.list.Funcs = append(a.list.Funcs, code.Func{Func: gometa.Func{Entry: entry, End: entry + 16}})
		a.followed[i], a.carried[entry] = &findings{}, feature
		above, holds := (i/width+1)*width, facts{}
		if above == width*highest {
			above, holds = 0, facts{set: held}
		}
		for n := range width {
			a.refs[entry] = append(a.refs[entry], callerOf{above + n, reference{pc: entry + 1, target: entry, holds: holds}})
		}
	}
	a.followed[0].uses = []use{{pc: 16, needs: feature}}
	return a
}

func TestWays(t *testing.T) {
	arch, err := isa.For("amd64")
	if err != nil {
		t.Fatal(err)
	}
	feature := arch.Features("avx2")
	for _, c := range []struct {
		held  isa.Set
		width int
		is    standing
		why   string
	}{
		{feature, 3, guarded, "callers"},
		{isa.Set{}, 3, unguarded, "way"},
		{feature, 100, perhaps, "many-ways"}, // 100 to the power of 6
		{isa.Set{}, 100, unguarded, "way"},   // the first way tells
	} {
		if g := layered(feature, c.held, c.width).judge(0, feature); g.standing != c.is || g.why != c.why {
			t.Errorf("%d wide: %s, %s; want %s, %s", c.width, standings[g.standing], g.why, standings[c.is], c.why)
		}
	}
	a := layered(feature, feature, 3)
	a.looked = mostWaysAll
	if g := a.judge(0, feature); g.why != "many-ways" {
		t.Errorf("when nothing is left to look at: %s", g.why)
	}
}
