package conventions

import (
	"encoding/binary"
	"slices"

	"seatrial.example/reader/gometa"
	"seatrial.example/reader/image"
	"seatrial.example/reader/isa"
	"seatrial.example/reader/steps"
)

// ordering finds the instructions that order memory.
type ordering struct {
	image   *image.Image
	meta    *gometa.Meta
	machine *steps.Machine
	rows    []barrier
}

const deepest = 2 // functions that an operation hands on to, one after the other

// of lists the instructions of an operation that order memory, with those of the functions that it calls or ends in,
// each name once.
func (o *ordering) of(f gometa.Func, depth int) []string {
	found := []string{}
	body, err := o.image.Bytes(f.Entry, f.End-f.Entry)
	if err != nil {
		return found
	}
	add := func(name string) {
		if !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	o.each(body, f.Entry, add)
	for at := 0; at < len(body) && depth > 0; {
		s := o.machine.Decode(body[at:], f.Entry+uint64(at))
		at += s.Size
		if (s.Kind == steps.Call || s.Kind == steps.Jump || s.Kind == steps.Branch) && (s.Target < f.Entry || s.Target >= f.End) {
			// A function that is static in its assembly file bears no package.
			if next, ok := o.meta.FuncAt(s.Target); ok && (next.Package == "" || slices.Contains(atomicPackages, next.Package)) {
				for _, name := range o.of(next, depth-1) {
					add(name)
				}
			}
		}
	}
	return found
}

// each tells of every instruction that orders memory.
func (o *ordering) each(body []byte, entry uint64, tell func(name string)) {
	switch o.image.GOARCH {
	case "amd64", "386":
		eachX86(o.image.GOARCH, body, entry, tell)
	case "s390x":
		eachS390X(body, tell)
	default:
		for at := 0; at+4 <= len(body); {
			if o.image.GOARCH == "riscv64" && body[at]&3 != 3 {
				at += 2
				continue
			}
			if name := o.named(o.image.Order.Uint32(body[at:])); name != "" {
				tell(name)
			}
			at += 4
		}
	}
}

// named is the most exact row that fits.
func (o *ordering) named(word uint32) string {
	best := barrier{}
	for _, row := range o.rows {
		if word&row.mask == row.value && row.mask&best.mask == best.mask {
			best = row
		}
	}
	return best.name
}

func eachX86(goarch string, body []byte, entry uint64, tell func(string)) {
	arch, err := isa.For(goarch)
	if err != nil {
		return
	}
	var in isa.Instruction
	for at := 0; at < len(body); at += in.Len {
		if arch.Decode(body[at:], entry+uint64(at), &in) != nil {
			return
		}
		x := &in.X86
		switch {
		case x.Lock:
			tell("LOCK")
		case x.Map == 0 && x.Opcode&0xFE == 0x86 && x.Memory:
			tell("XCHG")
		case x.Map == 1 && x.Opcode == 0xAE && !x.Memory && x.ModRM>>3&7 == 6 && x.Prefix == 0:
			tell("MFENCE")
		}
	}
}

// eachS390X follows the z/Architecture Principles of Operation: the first two bits of an instruction tell its length.
func eachS390X(body []byte, tell func(string)) {
	for at := 0; at+2 <= len(body); {
		size := []int{2, 4, 4, 6}[body[at]>>6]
		if at+size > len(body) {
			return
		}
		switch op := binary.BigEndian.Uint16(body[at:]); {
		case op == 0x07E0 || op == 0x07F0: // BCR 14,0 and BCR 15,0
			tell("BCR")
		case op>>8 == 0xBA, op>>8 == 0xEB && (body[at+5] == 0x14 || body[at+5] == 0x30):
			tell("CS")
		case op>>8 == 0xEB && body[at+5] >= 0xE4 && body[at+5] <= 0xFA:
			tell("LAA")
		}
		at += size
	}
}
