package callers

import "seatrial.example/reader/code"

// shortJumps finds jumps to functions near by, which compilers of C make of calls before a return. One byte of distance
// says too little by itself: the instructions before are counted.
func shortJumps(l *code.List, i int, w *wanted, visit func(reference)) {
	f, body := &l.Funcs[i], l.Body(i)
	if !f.C || l.Image.GOARCH != "amd64" && l.Image.GOARCH != "386" {
		return
	}
	var starts []bool
	for at := 0; at+2 <= len(body); at++ {
		if body[at] != 0xeb && body[at]&0xf0 != 0x70 { // JMP, Jcc
			continue
		}
		target := f.Entry + uint64(at) + 2 + uint64(int64(int8(body[at+1])))
		if target >= f.Entry && target < f.End || !w.has(target) {
			continue
		}
		if starts == nil {
			starts = make([]bool, len(body))
			for pc := 0; pc < len(body); {
				starts[pc] = true
				pc += max(l.Machine.Decode(body[pc:], f.Entry+uint64(pc)).Size, 1)
			}
		}
		if starts[at] {
			visit(reference{f.Entry + uint64(at), target, true})
		}
	}
}
