package gometa

import "sort"

// Inlined is a call that the compiler replaced by the body of the function (Go source: runtime.inlinedCall).
type Inlined struct {
	Name    string
	Package string
	Line    int     // where the function starts; 0 before Go 1.20
	Parent  int     // index of the inlined call that holds this one; -1 where it is the function itself
	Call    uint64  // address of an instruction of the caller, at the call
	Ranges  []Range // its instructions, without those of calls inlined into it
}

// Range is a range of addresses.
type Range struct{ Start, End uint64 }

const (
	pcdataInlTree   = 2 // internal/abi.PCDATA_InlTreeIndex
	funcdataInlTree = 3 // internal/abi.FUNCDATA_InlTree
	inlineLimit     = 1 << 16
)

// run is a range of offsets from the entry whose instructions belong to one call.
type run struct {
	start, end uint64
	call       int
}

// Inlined gives the calls that were inlined into a function, by their index in its tree.
func (t *Meta) Inlined(f Func) []Inlined {
	if f.index < 0 || t.table.form == form12 {
		return nil
	}
	r := t.table.record(uint64(f.index))
	if r.b == nil {
		return nil
	}
	tree, values := t.inlineTree(r)
	if tree == 0 {
		return nil
	}
	var runs []run
	count := 0
	t.table.values(values, func(start, end uint64, value int32) bool {
		if value >= 0 && value < inlineLimit {
			runs = append(runs, run{start, end, int(value)})
			count = max(count, int(value)+1)
		}
		return true
	})
	var calls []Inlined
	for i := 0; i < count; i++ {
		call, ok := t.inlinedCall(f, tree, i, runs)
		if !ok {
			return nil
		}
		// A call all of whose instructions belong to calls inlined into it has no run, but is a parent.
		count = max(count, call.Parent+1)
		calls = append(calls, call)
	}
	for _, run := range runs {
		call := &calls[run.call]
		call.Ranges = append(call.Ranges, Range{f.Entry + run.start, f.Entry + run.end})
	}
	return calls
}

// inlineTree gives the address of a function's tree and the offset of the table of its indexes; 0 for none.
func (t *Meta) inlineTree(r record) (tree uint64, values uint32) {
	tables := uint64(r.field(fieldPCData))
	_, _, datas := r.flags()
	tail := r.b[t.table.size():]
	if tables <= pcdataInlTree || datas <= funcdataInlTree || tables*4 > uint64(len(tail)) {
		return 0, 0
	}
	values = t.table.order.Uint32(tail[4*pcdataInlTree:])
	tail = tail[4*tables:]
	if t.table.form == form116 { // pointers, aligned in memory
		word := uint64(t.table.ptr)
		place := -(r.addr+t.table.size()+4*tables)%word + funcdataInlTree*word
		if place+word > uint64(len(tail)) {
			return 0, 0
		}
		return t.table.word(tail[place:]), values
	}
	if (funcdataInlTree+1)*4 > len(tail) {
		return 0, 0
	}
	offset := t.table.order.Uint32(tail[4*funcdataInlTree:])
	if offset == ^uint32(0) || t.module.gofunc == 0 {
		return 0, 0
	}
	return t.module.gofunc + uint64(offset), values
}

func (t *Meta) inlinedCall(f Func, tree uint64, i int, runs []run) (Inlined, bool) {
	size, name, call := uint64(16), 4, 8
	if t.table.form != form120 {
		size, name, call = 20, 12, 16
	}
	b, err := t.image.Bytes(tree+uint64(i)*size, size)
	if err != nil {
		return Inlined{}, false
	}
	order := t.table.order
	found := Inlined{Parent: -1, Name: cString(t.table.names, uint64(order.Uint32(b[name:])))}
	found.Package = PackageOf(found.Name)
	offset := uint64(order.Uint32(b[call:]))
	found.Call = f.Entry + offset
	if t.table.form != form120 {
		if parent := int(int16(order.Uint16(b))); parent != i {
			found.Parent = max(parent, -1)
		}
		return found, found.Name != ""
	}
	found.Line = int(int32(order.Uint32(b[12:])))
	at := sort.Search(len(runs), func(j int) bool { return runs[j].end > offset })
	if at < len(runs) && runs[at].start <= offset && runs[at].call != i {
		found.Parent = runs[at].call
	}
	return found, found.Name != ""
}
