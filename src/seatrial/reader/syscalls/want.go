// Package syscalls recovers the numbers of the system calls that a program can make, at the places where it says them.
//
// A number is a constant that travels through registers and stack slots to the instruction that enters the kernel. The
// code of the few functions on that way is followed in a straight line, joining at forward jumps. A function that
// enters the kernel with a number that it was given becomes a place to which its callers hand numbers, and so on
// outwards: no name of a function is asked, so that stripped binaries, C code and wrappers of users are the same.
package syscalls

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"

	"seatrial.example/reader/callers"
	"seatrial.example/reader/code"
	"seatrial.example/reader/gometa"
	"seatrial.example/reader/image"
	"seatrial.example/reader/request"
	"seatrial.example/reader/steps"
)

func init() {
	request.Register("syscalls", func(m *image.Image, t *gometa.Meta, args json.RawMessage) (any, error) {
		var asked struct {
			Places   int      `json:"places"`   // that are listed for each number
			Wrappers []string `json:"wrappers"` // packages of which is told who calls the functions
		}
		if err := request.Arguments(args, &asked); err != nil {
			return nil, err
		}
		return find(m, t, asked.Places, asked.Wrappers)
	})
}

// Place is where in the program a system call is made.
type Place struct {
	code.Place
	Through string       `json:"through"` // the function that enters the kernel, or hands the number on; "" for the place itself
	Callers []code.Place `json:"callers"` // of a function of a package of wrappers, past all of those
}

// Call is one system call.
type Call struct {
	Number int64   `json:"number"`
	Count  int     `json:"count"` // of places
	Places []Place `json:"places"`
}

// Answer is what was found.
type Answer struct {
	Calls      []Call   `json:"calls"`
	Unresolved Call     `json:"unresolved"` // places whose number is not a constant that could be followed
	Entries    []string `json:"entries"`    // functions that are given the number
}

type search struct {
	*code.List
	entries map[uint64]entry
	libc    map[int][]callers.Reference // to the C library's syscall, by function
	ops     []steps.Step                // room for those of one function
}

const (
	rounds        = 12
	entriesLimit  = 1 << 14
	defaultPlaces = 1000
)

func find(m *image.Image, t *gometa.Meta, places int, wrappers []string) (*Answer, error) {
	s := &search{List: code.Of(m, t), entries: map[uint64]entry{}}
	if s.Machine == nil {
		return nil, fmt.Errorf("system calls of %s are not followed", m.GOARCH)
	}
	s.libc = callers.ReferencesTo(s.List, libcEntry)
	sites := map[int][]site{}
	next := s.trapping()
	for i := range s.libc {
		next = append(next, i)
	}
	slices.Sort(next)
	next = slices.Compact(next)
	for round := 0; len(next) > 0 && round < rounds; round++ {
		fresh := map[uint64]bool{}
		for _, i := range next {
			sites[i] = s.follow(s.Funcs[i], s.Body(i))
			for _, found := range sites[i] {
				from := found.number.From
				if _, is := s.entries[s.Funcs[i].Entry]; is || from != steps.FromCaller && from != steps.FromStack || len(s.entries) >= entriesLimit {
					continue
				}
				s.entries[s.Funcs[i].Entry] = entry(found.number)
				fresh[s.Funcs[i].Entry] = true
			}
		}
		next = nil
		if len(fresh) > 0 {
			next = s.callers(fresh)
		}
	}
	if places <= 0 {
		places = defaultPlaces
	}
	for _, i := range s.values() {
		sites[i] = append(sites[i], site{pc: s.Funcs[i].Entry})
	}
	answer := s.answer(sites, places)
	s.addCallers(answer, wrappers)
	return answer, nil
}

// values gives the functions of Go that are given a number and that are used as values: Go's linker keeps a word with the
// address of those alone. Calls through a value are not followed.
func (s *search) values() []int {
	wanted := code.NewAddresses(s.Image)
	for entry := range s.entries {
		if i := s.At(entry); i >= 0 && !s.Funcs[i].C {
			wanted.Add(entry)
		}
	}
	var found []int
	entries, size := s.Entries(), uint64(s.Image.PtrSize)
	for _, word := range code.PointersTo(s.Image, wanted) {
		before, _ := s.Image.Pointer(word.PC - size)
		after, _ := s.Image.Pointer(word.PC + size)
		if entries.Has(before) || entries.Has(after) { // those words stand side by side; another is a number by chance
			found = append(found, s.At(word.Addr))
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// trapping gives the functions that may enter the kernel themselves: the Go compiler makes none.
func (s *search) trapping() []int {
	var found []int
	for i, f := range s.Funcs {
		if !f.Assembly && !f.C {
			continue
		}
		code := s.Body(i)
		for at := 0; at+max(s.Machine.Aligned, 2) <= len(code); at += s.Machine.Aligned {
			if s.Machine.TrapMayBe(code[at:]) {
				found = append(found, i)
				break
			}
		}
	}
	return found
}

func (s *search) answer(sites map[int][]site, places int) *Answer {
	byNumber := map[int64]*Call{}
	answer := &Answer{Calls: []Call{}, Unresolved: Call{Number: -1, Places: []Place{}}}
	order := make([]int, 0, len(sites))
	for i := range sites {
		order = append(order, i)
	}
	sort.Ints(order)
	for _, i := range order {
		for _, found := range sites[i] {
			of := &answer.Unresolved
			switch found.number.From {
			case steps.FromCaller, steps.FromStack: // its callers say it
				continue
			case steps.Known:
				n := int64(int32(found.number.N))
				if of = byNumber[n]; of == nil {
					of = &Call{Number: n}
					byNumber[n] = of
				}
			}
			if of.Count++; len(of.Places) < places {
				of.Places = append(of.Places, s.place(i, found))
			}
		}
	}
	for _, c := range byNumber {
		answer.Calls = append(answer.Calls, *c)
	}
	sort.Slice(answer.Calls, func(i, j int) bool { return answer.Calls[i].Number < answer.Calls[j].Number })
	answer.Entries = []string{}
	for entry := range s.entries {
		answer.Entries = append(answer.Entries, s.Name(entry))
	}
	sort.Strings(answer.Entries)
	return answer
}

func (s *search) place(i int, found site) Place {
	p := Place{Place: s.Place(i, found.pc)}
	switch {
	case found.through != 0:
		p.Through = s.Name(found.through)
	case found.libc:
		p.Through = libcEntry
	}
	return p
}
