package gometa

import "encoding/binary"

// stepLimit bounds the steps of one pc-value table; the longest function known has some 100,000.
const stepLimit = 1 << 21

// values walks a pc-value table (Go source: runtime.pcvalue): visit is called for each run of addresses, relative to
// the function's entry, until it returns false. It stops at the end of the table or of the bytes.
func (t *pclntab) values(offset uint32, visit func(start, end uint64, value int32) bool) {
	if offset == 0 || uint64(offset) >= uint64(len(t.pcs)) {
		return
	}
	b := t.pcs[offset:]
	value, pc := int32(-1), uint64(0)
	for step := 0; step < stepLimit; step++ {
		delta, n := binary.Uvarint(b)
		if n <= 0 || (delta == 0 && step > 0) {
			return
		}
		b = b[n:]
		value += int32(uint32(delta)>>1) ^ -int32(delta&1)
		units, n := binary.Uvarint(b)
		if n <= 0 || units > 1<<32 {
			return
		}
		b = b[n:]
		end := pc + units*t.quantum
		if !visit(pc, end, value) {
			return
		}
		pc = end
	}
}

// valueAt is the value of a pc-value table at an offset from the function's entry; -1 where there is none.
func (t *pclntab) valueAt(table uint32, offset uint64) int32 {
	found := int32(-1)
	t.values(table, func(_, end uint64, value int32) bool {
		found = value
		return end <= offset
	})
	return found
}

// own is the offset of the first instruction that belongs to the function itself: what comes before was inlined into
// it, and has another file. 0 where there is none.
func (t *pclntab) own(r record) uint64 {
	if t.form == form12 {
		return 0
	}
	tail := r.b[t.size():]
	if r.field(fieldPCData) <= pcdataInlTree || len(tail) < 4*(pcdataInlTree+1) {
		return 0
	}
	found := uint64(0)
	t.values(t.order.Uint32(tail[4*pcdataInlTree:]), func(start, _ uint64, value int32) bool {
		found = start
		return value >= 0
	})
	return found
}
