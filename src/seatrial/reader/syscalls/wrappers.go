package syscalls

import (
	"slices"
	"strings"

	"seatrial.example/reader/code"
)

const (
	depth        = 4  // wrappers of wrappers
	callersLimit = 20 // that are told of one place
)

// addCallers tells who calls the functions of the packages that only wrap system calls.
func (s *search) addCallers(answer *Answer, packages []string) {
	if len(packages) == 0 {
		return
	}
	wraps := func(i int) bool {
		name := strings.TrimPrefix(strings.TrimPrefix(s.Funcs[i].Package, "cmd/"), "vendor/")
		return slices.Contains(packages, name)
	}
	next := map[int]bool{}
	for _, c := range answer.Calls {
		for _, p := range c.Places {
			if i := s.At(p.PC); wraps(i) {
				next[i] = true
			}
		}
	}
	callers := map[int]map[int]uint64{} // function to those that call it, and where
	for level := 0; level < depth && len(next) > 0; level++ {
		found := s.calls(next)
		next = map[int]bool{}
		for callee, by := range found {
			callers[callee] = by
			for caller := range by {
				if callers[caller] == nil && wraps(caller) {
					next[caller] = true
				}
			}
		}
	}
	for c := range answer.Calls {
		for p := range answer.Calls[c].Places {
			place := &answer.Calls[c].Places[p]
			place.Callers = s.outermost(s.At(place.PC), callers, wraps)
		}
	}
}

// calls gives the callers of functions: by direct calls, and by jumps from other functions.
func (s *search) calls(to map[int]bool) map[int]map[int]uint64 {
	targets := map[uint64]bool{}
	for i := range to {
		targets[s.Funcs[i].Entry] = true
	}
	found := map[int]map[int]uint64{}
	for i := range to {
		found[i] = map[int]uint64{}
	}
	s.eachCall(targets, func(pc, target uint64) {
		caller, callee := s.At(pc), s.At(target)
		if caller < 0 || caller == callee {
			return
		}
		if _, known := found[callee][caller]; !known {
			found[callee][caller] = pc
		}
	})
	return found
}

// outermost gives the functions outside the wrappers that lead to one of them.
func (s *search) outermost(from int, callers map[int]map[int]uint64, wraps func(int) bool) []code.Place {
	places := []code.Place{}
	if from < 0 || !wraps(from) {
		return places
	}
	seen := map[int]bool{from: true}
	queue := []int{from}
	for len(queue) > 0 {
		callee := queue[0]
		queue = queue[1:]
		order := make([]int, 0, len(callers[callee]))
		for caller := range callers[callee] {
			order = append(order, caller)
		}
		slices.Sort(order)
		for _, caller := range order {
			switch {
			case seen[caller]:
				continue
			case wraps(caller):
				queue = append(queue, caller)
			case len(places) < callersLimit:
				places = append(places, s.Place(caller, callers[callee][caller]))
			}
			seen[caller] = true
		}
	}
	return places
}
