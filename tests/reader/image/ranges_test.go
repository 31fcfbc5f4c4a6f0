// test_guards.py copies this file beside the package's source and runs it.
package image

import (
	"slices"
	"testing"
)

func TestRangesAreJoined(t *testing.T) {
	joined := JoinRanges([]Range{{Start: 50, End: 60}, {Start: 10, End: 30}, {Start: 20, End: 25}, {Start: 30, End: 40}, {Start: ^uint64(0), End: 5}, {Start: 70, End: 70}})
	if want := (Ranges{{Start: 10, End: 40}, {Start: 50, End: 60}}); !slices.Equal(joined, want) {
		t.Errorf("%v, want %v", joined, want)
	}
	for addr, in := range map[uint64]bool{0: false, 9: false, 10: true, 39: true, 40: false, 50: true, 60: false, 70: false, ^uint64(0): false} {
		if joined.Has(addr) != in {
			t.Errorf("%d: want %v", addr, in)
		}
	}
}
