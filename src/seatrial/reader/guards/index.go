package guards

import (
	"slices"
	"sync"

	"seatrial.example/reader/code"
	"seatrial.example/reader/gometa"
	"seatrial.example/reader/image"
)

// sites are places in the code that name addresses, by pieces of the code.
type sites [][]code.Site

// index lists what the code of a binary refers to. Some of it may not be real: bytes that look like an instruction.
// Whoever uses it decodes the function.
type index struct {
	calls sites // to the begin of functions, and jumps there
	named sites // begins of functions, or words of data that hold one, or stand where a table of such may begin
	data  sites // in what the loader maps for writing

	pointers []code.Site     // words of data that hold the begin of a function
	written  *code.Addresses // of what the loader maps for writing, what is written
	taken    *code.Addresses // and what has its address taken

	itabs map[uint64][]uint64 // by the begin of a method: the tables of interfaces with it, which code names that makes a value
}

// itabsOf gives the tables of interfaces by their methods; none where they cannot be read.
func itabsOf(t *gometa.Meta) map[uint64][]uint64 {
	if t == nil {
		return nil
	}
	types, err := t.Types()
	if err != nil {
		return nil
	}
	all, err := types.Itabs()
	if err != nil {
		return nil
	}
	found := map[uint64][]uint64{}
	for i := range all {
		for _, method := range all[i].Funcs {
			found[method] = append(found[method], all[i].Addr)
		}
	}
	return found
}

// access is what an instruction does with an address that it names.
type access uint8

const (
	reads access = iota
	writes
	takes
)

// scanner finds sites in a piece of code: accesses to data, and the jumps to other functions that steps.Machine.Calls
// does not tell of.
type scanner func(body []byte, addr uint64, jump func(pc, target uint64), data func(pc, target uint64, how access))

var scanners = map[string]scanner{"amd64": scanAMD64, "arm64": scanARM64, "loong64": scanLOONG64, "riscv64": scanRISCV64}

// writable is where variables are.
func writable(m *image.Image) image.Ranges {
	var found []image.Range
	for _, s := range m.Segments {
		if s.Writable() {
			found = append(found, image.Range{Start: s.Addr, End: s.Addr + max(s.MemSize, s.FileSize)})
		}
	}
	return image.JoinRanges(found)
}

// indexOf goes over all the code once.
func indexOf(l *code.List, variables image.Ranges, itabs map[uint64][]uint64) *index {
	scan := scanners[l.Image.GOARCH]
	if scan == nil {
		return &index{}
	}
	entries := l.Entries()
	out := &index{
		pointers: code.PointersTo(l.Image, entries), written: code.NewAddresses(l.Image), taken: code.NewAddresses(l.Image),
		itabs: itabs,
	}
	pointing := code.NewAddresses(l.Image)
	for _, p := range out.pointers {
		for n := range uint64(emptyWords + 1) {
			pointing.Add(p.PC - n*uint64(l.Image.PtrSize))
		}
	}
	for _, tables := range itabs {
		for _, addr := range tables {
			pointing.Add(addr)
		}
	}
	type found struct{ calls, named, data []code.Site }
	var marking sync.Mutex
	parts := code.InPieces(l, func(p code.Piece) found {
		calls, named, data, written, taken := code.Room(), code.Room(), code.Room(), code.Room(), code.Room()
		for _, room := range []*code.Collected{calls, named, data, written, taken} {
			defer room.Leave()
		}
		scan(p.Body, p.Start, func(pc, target uint64) {
			if pc < p.End && entries.Has(target) {
				calls.Sites = append(calls.Sites, code.Site{PC: pc, Addr: target})
			}
		}, func(pc, target uint64, how access) {
			if pc >= p.End {
				return
			}
			s := code.Site{PC: pc, Addr: target}
			if entries.Has(target) || pointing.Has(target) {
				named.Sites = append(named.Sites, s)
			}
			if !variables.Has(target) {
				return
			}
			data.Sites = append(data.Sites, s)
			switch how {
			case takes:
				taken.Sites = append(taken.Sites, s)
			case writes:
				written.Sites = append(written.Sites, s)
			}
		})
		marking.Lock()
		defer marking.Unlock()
		for _, s := range written.Sites {
			out.written.Add(s.Addr)
		}
		for _, s := range taken.Sites {
			out.taken.Add(s.Addr)
		}
		return found{slices.Clone(calls.Sites), slices.Clone(named.Sites), slices.Clone(data.Sites)}
	})
	out.calls = append(out.calls, l.Calls()...)
	for i := range parts {
		out.calls = append(out.calls, parts[i].calls)
		out.named = append(out.named, parts[i].named)
		out.data = append(out.data, parts[i].data)
	}
	return out
}

const widestStruct = 256 // bytes from where an address is taken to a field that is written by way of it

// neverWritten tells of a variable of one byte that nothing is seen to change.
func (x *index) neverWritten(addr uint64) bool {
	if x.written.Has(addr) {
		return false
	}
	for n := range uint64(widestStruct) {
		if x.taken.Has(addr - n) {
			return false
		}
	}
	return true
}

// functions are those that hold sites whose address is wanted.
func functions(l *code.List, all sites, wanted *code.Addresses) []int {
	var found []int
	last := -1
	for _, part := range all {
		for _, s := range part {
			if !wanted.Has(s.Addr) {
				continue
			}
			if last >= 0 && s.PC >= l.Funcs[last].Entry && s.PC < l.Funcs[last].End {
				continue
			}
			if i := l.At(s.PC); i >= 0 {
				last = i
				found = append(found, i)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
