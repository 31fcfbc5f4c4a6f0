package callers

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"

	"seatrial.example/reader/code"
	"seatrial.example/reader/gometa"
	"seatrial.example/reader/image"
	"seatrial.example/reader/request"
	"seatrial.example/reader/steps"
)

func init() {
	request.Register("slots", func(m *image.Image, t *gometa.Meta, _ json.RawMessage) (any, error) {
		return slotsOf(m, t)
	})
}

// Slot is a word that the loader fills with the address of an import.
type Slot struct {
	Name    string `json:"name"`
	Address uint64 `json:"address"`
	Section string `json:"section"` // "" where no section holds it
	Stubs   []Stub `json:"stubs"`
}

// Stub is code that does nothing but jump to what a slot holds.
type Stub struct {
	Address uint64 `json:"address"`
	Section string `json:"section"`
}

// Slots is every slot, by address.
type Slots struct {
	Slots []Slot `json:"slots"`
}

func slotsOf(m *image.Image, t *gometa.Meta) (*Slots, error) {
	l := code.Of(m, t)
	if l.Machine == nil {
		return nil, fmt.Errorf("stubs on %s are not followed", m.GOARCH)
	}
	answer := &Slots{Slots: []Slot{}}
	all := sectionsOf(m)
	// Found by the slot, not by the name: one name may have several.
	keys := map[uint64]string{}
	m.EachBound(func(addr uint64, name string) {
		keys[addr] = strconv.FormatUint(addr, 16)
		answer.Slots = append(answer.Slots, Slot{name, addr, all.name(addr), []Stub{}})
	})
	g := newGraph(l, keys)
	g.findStubs(map[uint64]bool{})
	marked := map[string][]uint64{}
	for pc, key := range g.stubs {
		marked[key] = append(marked[key], pc)
	}
	sort.Slice(answer.Slots, func(i, j int) bool { return answer.Slots[i].Address < answer.Slots[j].Address })
	for i := range answer.Slots {
		slot := &answer.Slots[i]
		for _, begin := range g.begins(marked[keys[slot.Address]]) {
			slot.Stubs = append(slot.Stubs, Stub{begin, all.name(begin)})
		}
	}
	return answer, nil
}

// sections finds the mapped section of an address.
type sections []*image.Section

func sectionsOf(m *image.Image) sections {
	var all sections
	for i := range m.Sections {
		if m.Sections[i].Flags != "" && m.Sections[i].MemSize > 0 {
			all = append(all, &m.Sections[i])
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].Addr < all[j].Addr })
	return all
}

// name is "" where no section holds the address.
func (all sections) name(addr uint64) string {
	i := sort.Search(len(all), func(i int) bool { return all[i].Addr > addr }) - 1
	if i < 0 || addr-all[i].Addr >= all[i].MemSize {
		return ""
	}
	return all[i].Name
}

// begins gives the first instruction of each stub, of the places from which control reaches its jump.
func (g *graph) begins(marked []uint64) []uint64 {
	var begins []uint64
	slices.Sort(marked)
	for at := 0; at < len(marked); {
		end := at + 1
		for end < len(marked) && marked[end]-marked[end-1] <= 4 {
			end++
		}
		begins = append(begins, g.begin(marked[at:end]))
		at = end
	}
	return begins
}

// begin leaves out what fills the space before a stub: one begins with the first part of the slot's address.
func (g *graph) begin(run []uint64) uint64 {
	before, hasBefore := entryWord[g.Image.GOARCH]
	for _, pc := range run {
		body, err := g.Image.Bytes(pc, uint64(max(g.Machine.Aligned, 4)))
		if err != nil {
			break
		}
		if hasBefore && g.Image.Order.Uint32(body) == before {
			return pc
		}
		if rest, err := g.Image.Rest(pc); err == nil && g.Machine.Decode(rest, pc).Kind == steps.Constant {
			return pc
		}
	}
	return run[0]
}

// entryWord is what a stub may begin with before it reads its slot: BTI C (ELF for the Arm 64-bit Architecture, "PLT"),
// and the save of the caller's table of contents (64-bit ELF V2 ABI of Power, 4.2.5.3).
var entryWord = map[string]uint32{"arm64": 0xd503245f, "ppc64le": 0xf8410018}
