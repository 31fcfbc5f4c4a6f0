package guards

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"seatrial.example/reader/isa"
)

//go:embed features.json
var featureTable []byte

type rowsOf[T any] struct {
	Rows T
}

// features is what is known of an architecture's features beside their instructions.
type features struct {
	arch    *isa.Arch
	implied []isa.Set         // by index of a feature's bit: what comes with it
	options map[string]string // Go's name of a flag, and the feature
	cpuid   map[cpuidWord]map[int]string

	hwcap     []string // features by bit
	readHWCap []string // functions

	noReturn, returns []string // names of functions, some with a * at the end
}

// cpuidWord names one of the numbers that CPUID returns.
type cpuidWord struct {
	leaf, sub uint32
	anySub    bool
	register  int // 0 EAX, 1 EBX, 2 ECX, 3 EDX
}

func loadFeatures(a *isa.Arch) (*features, error) {
	var file struct {
		CPUID   rowsOf[[]string]
		Implies map[string]rowsOf[map[string][]string]
		Options map[string]rowsOf[map[string]string]

		HWCap map[string]struct {
			Functions []string
			Rows      []string
		}
		NoReturn, Returns rowsOf[[]string]
	}
	if err := json.Unmarshal(featureTable, &file); err != nil {
		return nil, fmt.Errorf("features.json: %w", err)
	}
	family := a.GOARCH
	if family == "386" {
		family = "amd64"
	}
	f := &features{
		arch: a, options: file.Options[family].Rows, cpuid: map[cpuidWord]map[int]string{},
		noReturn: file.NoReturn.Rows, returns: file.Returns.Rows,
		hwcap: file.HWCap[family].Rows, readHWCap: file.HWCap[family].Functions,
	}
	for name, others := range file.Implies[family].Rows {
		f.imply(name, others)
	}
	f.close()
	if family != "amd64" {
		return f, nil
	}
	for _, row := range file.CPUID.Rows {
		field := strings.Fields(row)
		if len(field) != 5 {
			return nil, fmt.Errorf("features.json: %q", row)
		}
		leaf, err := strconv.ParseUint(field[0], 16, 32)
		if field[0] == "13" { // the leaf of XSAVE is written in decimal everywhere
			leaf = 13
		}
		bit, err2 := strconv.Atoi(field[3])
		register := slices.Index([]string{"eax", "ebx", "ecx", "edx"}, field[2])
		w := cpuidWord{leaf: uint32(leaf), anySub: field[1] == "-", register: register}
		if !w.anySub {
			sub, err := strconv.ParseUint(field[1], 10, 32)
			if err != nil {
				return nil, err
			}
			w.sub = uint32(sub)
		}
		if err != nil || err2 != nil || register < 0 {
			return nil, fmt.Errorf("features.json: %q", row)
		}
		if f.cpuid[w] == nil {
			f.cpuid[w] = map[int]string{}
		}
		f.cpuid[w][bit] = field[4]
	}
	return f, nil
}

func (f *features) imply(name string, others []string) {
	set := f.arch.Features(name)
	for i := range 128 {
		if set[i/64]>>(i%64)&1 != 0 {
			for len(f.implied) <= i {
				f.implied = append(f.implied, isa.Set{})
			}
			f.implied[i] = f.arch.Features(others...)
		}
	}
}

// close makes what is implied by what is implied part of the table.
func (f *features) close() {
	for changed := true; changed; {
		changed = false
		for i, set := range f.implied {
			if more := f.with(set); more != set {
				f.implied[i], changed = more, true
			}
		}
	}
}

// with is the set with all that comes with its features.
func (f *features) with(s isa.Set) isa.Set {
	if s.Empty() {
		return s
	}
	for i, more := range f.implied {
		if s[i/64]>>(i%64)&1 != 0 {
			s = s.With(more)
		}
	}
	return s
}

// neverReturns tells a function of the runtime by its name.
func (f *features) neverReturns(name string) bool {
	is := func(row string) bool {
		prefix, open := strings.CutSuffix(row, "*")
		return name == row || open && strings.HasPrefix(name, prefix)
	}
	return slices.ContainsFunc(f.noReturn, is) && !slices.ContainsFunc(f.returns, is)
}

// cpuid is what register i holds after CPUID of a leaf.
func (m *machine) cpuid(leaf, sub value, i int) value {
	if leaf.kind != constant {
		return value{}
	}
	for n, w := range m.words {
		if w.cpuid.leaf == uint32(leaf.n) && w.cpuid.register == i &&
			(w.cpuid.anySub || sub.kind == constant && uint32(sub.n) == w.cpuid.sub) {
			return value{kind: word, source: uint8(n + 1), n: -1}
		}
	}
	return value{}
}

// learn makes the machine know the words of CPUID, or of AT_HWCAP.
func (m *machine) learn(f *features) {
	if len(f.hwcap) > 0 {
		one := bitWord{bits: map[int]facts{}}
		one.cpuid.register = -1
		for bit, name := range f.hwcap {
			one.named |= 1 << uint(bit)
			one.bits[bit] = facts{set: f.with(f.arch.Features(name))}
		}
		m.words = append(m.words, one)
		m.hwcap = uint8(len(m.words))
	}
	for w, bits := range f.cpuid {
		one := bitWord{cpuid: w, bits: map[int]facts{}}
		for bit, name := range bits {
			one.bits[bit] = facts{set: f.with(f.arch.Features(name))}
			one.named |= 1 << uint(bit)
		}
		m.words = append(m.words, one)
	}
}
