package isa

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// The opcode maps, as amd64.json names them.
const (
	mapOne = iota
	map0F
	map0F38
	map0F3A
	mapVEX1
	mapVEX2
	mapVEX3
	mapEVEX1
	mapEVEX2
	mapEVEX3
	mapEVEX5
	mapEVEX6
	mapXOP8
	mapXOP9
	mapXOPA
	maps
)

var mapNames = map[string]int{
	"one": mapOne, "0f": map0F, "0f38": map0F38, "0f3a": map0F3A, "vex1": mapVEX1, "vex2": mapVEX2, "vex3": mapVEX3,
	"evex1": mapEVEX1, "evex2": mapEVEX2, "evex3": mapEVEX3, "evex5": mapEVEX5, "evex6": mapEVEX6,
	"xop8": mapXOP8, "xop9": mapXOP9, "xopa": mapXOPA,
}

var prefixNames = map[string][]int{"np": {0}, "66": {1}, "f3": {2}, "f2": {3}, "*": {0, 1, 2, 3}}

// x86Row is what one row of the table says of an opcode.
type x86Row struct {
	features Set
	class    Class
	vl       bool // needs avx512vl where the vector is shorter than 512 bits
	w        int8 // -1: either
	l        int8
	reg      int8
	modrm    int16
	memory   int8 // -1 either, 0 register form, 1 memory form
	before   uint16
}

type x86Tables struct {
	length [2][256]byte
	// first is the row of an opcode that is tried first, counted from 1; its `before` leads on to the others.
	first [maps][4][256]uint16
	rows  []x86Row
	// plain marks the one-byte opcodes whose only row is the one of all: integer, for every CPU.
	plain [256]bool
	vl    Set
	mode  int // 64 or 32
}

func init() {
	loaders["amd64"] = func() (*Arch, error) { return loadX86("amd64", 64) }
	loaders["386"] = func() (*Arch, error) { return loadX86("386", 32) }
}

func loadX86(goarch string, mode int) (*Arch, error) {
	raw, err := tables.ReadFile("amd64.json")
	if err != nil {
		return nil, err
	}
	var file struct {
		Length []struct {
			Map     string
			Columns []string
		}
		Rows []struct{ Rows []string }
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, fmt.Errorf("amd64.json: %w", err)
	}
	a := &Arch{GOARCH: goarch, index: map[string]int{}, decode: decodeX86}
	t := &x86Tables{mode: mode}
	a.x86 = t
	for _, l := range file.Length {
		columns := strings.Join(l.Columns, "")
		if m, ok := mapNames[l.Map]; !ok || m > map0F || len(columns) != 256 {
			return nil, fmt.Errorf("amd64.json: length of %q", l.Map)
		}
		copy(t.length[mapNames[l.Map]][:], columns)
	}
	if mode == 32 {
		t.length[mapOne][0xD4], t.length[mapOne][0xD5] = 'b', 'b'
	}
	for _, group := range file.Rows {
		for _, row := range group.Rows {
			if err := t.add(a, row); err != nil {
				return nil, fmt.Errorf("amd64.json: %q: %w", row, err)
			}
		}
	}
	t.vl, err = a.intern("avx512vl")
	return a, err
}

func (t *x86Tables) add(a *Arch, text string) error {
	field := strings.Fields(text)
	if len(field) != 6 {
		return fmt.Errorf("%d columns in place of 6", len(field))
	}
	m, ok := mapNames[field[0]]
	prefixes, okPrefix := prefixNames[field[1]]
	if !ok || !okPrefix {
		return fmt.Errorf("unknown map or prefix")
	}
	low, high, isRange := strings.Cut(field[2], "-")
	if !isRange {
		high = low
	}
	from, err := strconv.ParseUint(low, 16, 8)
	if err != nil {
		return err
	}
	to, err := strconv.ParseUint(high, 16, 8)
	if err != nil {
		return err
	}
	row := x86Row{w: -1, l: -1, reg: -1, modrm: -1, memory: -1}
	if err := row.conditions(field[3]); err != nil {
		return err
	}
	if row.features, err = a.intern(field[4]); err != nil {
		return err
	}
	for _, word := range strings.Split(field[5], ",") {
		switch class, ok := classNamed(word); {
		case ok:
			row.class = class
		case word == "vl":
			row.class, row.vl = Vector, true
		case word == "scalar":
			row.class = Float
		default:
			return fmt.Errorf("unknown class %q", word)
		}
	}
	for op := from; op <= to; op++ {
		if m == mapOne {
			t.plain[op] = from == 0 && to == 0xFF
		}
		for _, p := range prefixes {
			row.before = t.first[m][p][op]
			t.rows = append(t.rows, row)
			t.first[m][p][op] = uint16(len(t.rows))
		}
	}
	if len(t.rows) > 0xFFFF {
		return fmt.Errorf("too many rows")
	}
	return nil
}

func (row *x86Row) conditions(text string) error {
	if text == "-" {
		return nil
	}
	for _, word := range strings.Split(text, ",") {
		number, err := strconv.ParseUint(word[1:], 16, 8)
		switch {
		case word == "mem":
			row.memory = 1
		case word == "reg":
			row.memory = 0
		case err != nil:
			return fmt.Errorf("unknown condition %q", word)
		case word[0] == 'w':
			row.w = int8(number)
		case word[0] == 'l':
			row.l = int8(number)
		case word[0] == '/':
			row.reg = int8(number)
		case word[0] == '=':
			row.modrm = int16(number)
		default:
			return fmt.Errorf("unknown condition %q", word)
		}
	}
	return nil
}

// find returns the row for an instruction, nil where the table has none.
func (t *x86Tables) find(x *X86) *x86Row {
	for at := t.first[x.Map][x.Prefix][x.Opcode]; at != 0; {
		row := &t.rows[at-1]
		if row.fits(x) {
			return row
		}
		at = row.before
	}
	return nil
}

func (row *x86Row) fits(x *X86) bool {
	memory := int8(0)
	if x.Memory {
		memory = 1
	}
	w := int8(0)
	if x.W {
		w = 1
	}
	return (row.w < 0 || row.w == w) && (row.l < 0 || row.l == int8(x.L)) &&
		(row.reg < 0 || x.HasModRM && row.reg == int8(x.ModRM>>3&7)) && (row.modrm < 0 || x.HasModRM && row.modrm == int16(x.ModRM)) &&
		(row.memory < 0 || row.memory == memory)
}
