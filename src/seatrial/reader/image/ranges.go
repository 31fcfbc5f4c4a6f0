package image

import (
	"cmp"
	"slices"
	"sort"
)

// Ranges is ranges of addresses, apart from each other and in order.
type Ranges []Range

// JoinRanges makes one of those that overlap, as a damaged file may have them by the thousand. What goes beyond the last
// address is left out.
func JoinRanges(of []Range) Ranges {
	slices.SortFunc(of, func(a, b Range) int { return cmp.Compare(a.Start, b.Start) })
	var joined Ranges
	for _, r := range of {
		last := len(joined) - 1
		switch {
		case r.End <= r.Start:
		case last >= 0 && r.Start <= joined[last].End:
			joined[last].End = max(joined[last].End, r.End)
		default:
			joined = append(joined, r)
		}
	}
	return joined
}

// Has tells whether an address is in one of them.
func (r Ranges) Has(addr uint64) bool {
	i := sort.Search(len(r), func(i int) bool { return r[i].Start > addr }) - 1
	return i >= 0 && addr < r[i].End
}
