// Package conventions reads from the code how the Go runtime of a port works: where the pointer to the goroutine (g)
// lives, how a function's prologue compares the stack pointer with the guard, and by which instructions the operations of
// sync/atomic order memory.
package conventions

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"seatrial.example/reader/gometa"
	"seatrial.example/reader/image"
	"seatrial.example/reader/isa"
	"seatrial.example/reader/request"
	"seatrial.example/reader/steps"
)

func init() { request.RegisterGo("conventions", read) }

// Answer is the part of the answer that is called conventions.
type Answer struct {
	G          string      `json:"g"`           // "R14", or a place in thread-local storage: "TLS FS:-0x8"
	Guard      int64       `json:"guard"`       // offset in g of the stack guard that prologues compare with
	Checked    int         `json:"checked"`     // functions whose prologue compares
	Unchecked  int         `json:"unchecked"`   // functions without: leaves with small frames, and nosplit ones
	OtherForms int         `json:"other_forms"` // prologues that say otherwise
	Prologue   string      `json:"prologue"`    // the bytes of the most frequent comparison
	Operations []Operation `json:"operations"`

	// Emitted counts the instructions that order memory in compiled functions of the runtime: the compiler puts most
	// operations of sync/atomic where they are used. Kinds tells for each kind which of them are among those.
	Emitted map[string]int  `json:"emitted"`
	Kinds   map[string]Kind `json:"kinds"`
}

// Kind is what a port does for the loads, stores or exchanges of sync/atomic.
type Kind struct {
	Needs      []string `json:"needs"` // one of these; none: plain instructions are enough
	Found      []string `json:"found"`
	Sufficient bool     `json:"sufficient"`
}

// Operation is a function of internal/runtime/atomic.
type Operation struct {
	Function   string   `json:"function"`
	Kind       string   `json:"kind"` // load, store, exchange
	Barriers   []string `json:"barriers"`
	Needs      []string `json:"needs"` // one of these; none: plain instructions are enough
	Sufficient bool     `json:"sufficient"`
}

//go:embed barriers.json
var barrierTable []byte

type barrier struct {
	value, mask uint32
	name        string
}

type architecture struct {
	Rows  []string
	Needs map[string][]string
}

type table struct {
	Arch       map[string]architecture
	Operations map[string]json.RawMessage
}

// families are the entries of the table that stand for several GOARCH.
var families = map[string]string{"ppc64le": "ppc64", "mipsle": "mips", "mips64": "mips", "mips64le": "mips"}

func read(m *image.Image, t *gometa.Meta, _ json.RawMessage) (any, error) {
	var known table
	if err := json.Unmarshal(barrierTable, &known); err != nil {
		return nil, fmt.Errorf("barriers.json: %w", err)
	}
	family := m.GOARCH
	if f, ok := families[family]; ok {
		family = f
	}
	arch, ok := known.Arch[family]
	machine := steps.For(m.GOARCH)
	if !ok || machine == nil {
		return nil, fmt.Errorf("the conventions of %s are not read", m.GOARCH)
	}
	rows := make([]barrier, 0, len(arch.Rows))
	for _, row := range arch.Rows {
		b, err := parse(row)
		if err != nil {
			return nil, err
		}
		rows = append(rows, b)
	}
	out := &Answer{Operations: []Operation{}, Emitted: map[string]int{}, Kinds: map[string]Kind{}}
	out.prologues(m, t, machine)
	o := &ordering{image: m, meta: t, machine: machine, rows: rows}
	if err := out.atomics(o, &known, &arch); err != nil {
		return nil, err
	}
	out.emitted(o, &arch)
	return out, nil
}

const (
	enough     = 4000 // functions whose prologues are looked at
	firstBytes = 40   // of a function
)

// prologues finds the most frequent comparison with the stack guard.
func (out *Answer) prologues(m *image.Image, t *gometa.Meta, machine *steps.Machine) {
	forms := map[comparison]int{}
	code := map[comparison]map[string]int{}
	for _, f := range t.Funcs() {
		if f.Assembly || f.Wrapper || f.Package == "" {
			continue
		}
		if out.Checked+out.Unchecked >= enough {
			break
		}
		body, err := m.Bytes(f.Entry, min(f.End-f.Entry, firstBytes))
		if err != nil {
			continue
		}
		form, size, ok := compared(m, machine, body, f.Entry)
		if !ok {
			out.Unchecked++
			continue
		}
		out.Checked++
		forms[form]++
		if code[form] == nil {
			code[form] = map[string]int{}
		}
		code[form][string(body[:size])]++
	}
	var best comparison
	for form, n := range forms {
		if n > forms[best] || n == forms[best] && form.g < best.g {
			best = form
		}
	}
	out.G, out.Guard, out.OtherForms = best.g, best.guard, out.Checked-forms[best]
	out.Prologue = fmt.Sprintf("%x", mostFrequent(code[best]))
}

func mostFrequent(counts map[string]int) string {
	best := ""
	for text, n := range counts {
		if n > counts[best] || n == counts[best] && text < best {
			best = text
		}
	}
	return best
}

// comparison is how a prologue finds the stack guard.
type comparison struct {
	g     string
	guard int64
}

// compared looks for the load of the guard, or the comparison with it, at the begin of a function; size is what it takes
// up to there. The guard is the third word of g (Go source: runtime2.go).
func compared(m *image.Image, machine *steps.Machine, body []byte, entry uint64) (comparison, int, bool) {
	guard := int64(2 * m.PtrSize)
	if m.GOARCH == "amd64" || m.GOARCH == "386" {
		return comparedX86(m, body, entry, guard)
	}
	for at := 0; at < len(body); {
		s := machine.Decode(body[at:], entry+uint64(at))
		at += s.Size
		if s.Kind == steps.Load && s.Src != machine.Stack && s.Src >= 0 && s.Imm == guard {
			return comparison{fmt.Sprintf("R%d", s.Src), guard}, at, true
		}
		// Only arithmetic on the stack pointer comes before.
		if s.Kind != steps.Add && s.Kind != steps.Constant && s.Kind != steps.Other && s.Kind != steps.Insert && s.Kind != steps.Sum {
			break
		}
	}
	return comparison{}, 0, false
}

var x86Registers = [...]string{"AX", "CX", "DX", "BX", "SP", "BP", "SI", "DI", "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15"}

func comparedX86(m *image.Image, body []byte, entry uint64, guard int64) (comparison, int, bool) {
	arch, err := isa.For(m.GOARCH)
	if err != nil {
		return comparison{}, 0, false
	}
	var slots [16]string // of registers that were loaded from thread-local storage
	var in isa.Instruction
	for at := 0; at < len(body); at += in.Len {
		if arch.Decode(body[at:], entry+uint64(at), &in) != nil {
			break
		}
		x := &in.X86
		switch {
		case x.Map != 0 || in.Flow != isa.Next:
			return comparison{}, 0, false
		case x.Opcode == 0x8B && x.Memory && (x.Segment == 0x64 || x.Segment == 0x65):
			name := "GS"
			if x.Segment == 0x64 {
				name = "FS"
			}
			slots[x.Reg] = fmt.Sprintf("TLS %s:%s", name, hexadecimal(x.Disp))
		case x.Opcode == 0x8B && x.Memory && x.Base < 16 && slots[x.Base] != "":
			slots[x.Reg] = slots[x.Base] + " " + hexadecimal(x.Disp)
		case (x.Opcode == 0x3B || x.Opcode == 0x39) && x.Memory && x.Base < 16 && x.Base != 4 && x.Disp == guard:
			g := x86Registers[x.Base]
			if slot := slots[x.Base]; slot != "" {
				g = slot
			}
			return comparison{g, guard}, at + in.Len, true
		}
	}
	return comparison{}, 0, false
}

func hexadecimal(n int64) string {
	if n < 0 {
		return "-0x" + strconv.FormatInt(-n, 16)
	}
	return "0x" + strconv.FormatInt(n, 16)
}

var atomicPackages = []string{"internal/runtime/atomic", "runtime/internal/atomic"}

// atomics reads the operations that the binary has as functions.
func (out *Answer) atomics(o *ordering, known *table, arch *architecture) error {
	kinds := map[string]string{}
	for kind := range arch.Needs {
		var names []string
		if err := json.Unmarshal(known.Operations[kind], &names); err != nil {
			return fmt.Errorf("barriers.json: %w", err)
		}
		for _, name := range names {
			kinds[name] = kind
		}
	}
	for _, f := range o.meta.Funcs() {
		if !slices.Contains(atomicPackages, f.Package) || f.Wrapper {
			continue
		}
		name := strings.TrimSuffix(strings.TrimPrefix(f.Name, f.Package+"."), ".abi0")
		kind, ok := kinds[name]
		if !ok {
			continue
		}
		barriers := o.of(f, deepest)
		needs := append([]string{}, arch.Needs[kind]...)
		out.Operations = append(out.Operations, Operation{name, kind, barriers, needs, suffices(needs, barriers)})
	}
	sort.SliceStable(out.Operations, func(i, j int) bool { return out.Operations[i].Function < out.Operations[j].Function })
	return nil
}

func suffices(needs, found []string) bool {
	return len(needs) == 0 || slices.ContainsFunc(found, func(b string) bool { return slices.Contains(needs, b) })
}

// emitted counts what the compiler put into the runtime's own functions.
func (out *Answer) emitted(o *ordering, arch *architecture) {
	for _, f := range o.meta.Funcs() {
		if f.Assembly || f.Package != "runtime" {
			continue
		}
		if body, err := o.image.Bytes(f.Entry, f.End-f.Entry); err == nil {
			o.each(body, f.Entry, func(name string) { out.Emitted[name]++ })
		}
	}
	for kind, needs := range arch.Needs {
		found := []string{}
		for name := range out.Emitted {
			if slices.Contains(needs, name) {
				found = append(found, name)
			}
		}
		sort.Strings(found)
		for _, op := range out.Operations {
			if op.Kind == kind && len(found) == 0 {
				found = append(found, op.Barriers...)
			}
		}
		out.Kinds[kind] = Kind{append([]string{}, needs...), found, suffices(needs, found)}
	}
}

func parse(row string) (barrier, error) {
	field := strings.Fields(row)
	if len(field) != 3 {
		return barrier{}, fmt.Errorf("barriers.json: %q", row)
	}
	value, err := strconv.ParseUint(field[0], 16, 32)
	mask, err2 := strconv.ParseUint(field[1], 16, 32)
	if err != nil || err2 != nil || value&^mask != 0 {
		return barrier{}, fmt.Errorf("barriers.json: %q", row)
	}
	return barrier{uint32(value), uint32(mask), field[2]}, nil
}
