package guards

import (
	"slices"
	"strings"
)

// optionTables are the functions that list the flags by name, for GODEBUG=cpu.<name>=off.
var optionTables = []string{"internal/cpu.doinit", "golang.org/x/sys/cpu.initOptions"}

// options finds the flags of internal/cpu and of golang.org/x/sys/cpu, stripped or not: each has its name, the length of
// the name and the address of the flag side by side in one table, which is filled by code or copied from a constant one.
func (a *analysis) options() map[uint64]facts {
	found := map[uint64]facts{}
	for i := range a.list.Funcs {
		f := &a.list.Funcs[i]
		for _, name := range optionTables {
			if f.Name == name || strings.HasSuffix(f.Name, "/"+name) {
				a.optionsIn(i, found)
			}
		}
	}
	return found
}

const longestOption = 32

func (a *analysis) optionsIn(i int, found map[uint64]facts) {
	var text uint64  // the string that came up last
	var length int64 // the small number that came up since the last flag
	var names []string
	var flags []uint64
	var covered uint64 // the end of the constant table
	add := func(flag uint64, name string) {
		a.listed[flag] = true
		if set := a.features.with(a.m.arch.Features(a.features.options[name])); !set.Empty() {
			found[flag] = facts{set: set}
		}
	}
	f := a.follower()
	f.seen = func(n int64) {
		addr := uint64(n)
		switch table := a.optionsAt(addr); {
		case n > 0 && n <= longestOption:
			length = n
		case len(table) > 0:
			if addr < covered { // where a loop that copies the table ends
				break
			}
			covered = addr + uint64(len(table)*4*a.list.Image.PtrSize)
			for _, row := range table {
				if row.flag != 0 {
					add(row.flag, row.name)
				} else {
					names = append(names, row.name)
				}
			}
		case a.data.Has(addr):
			a.listed[addr] = true
			if len(names) > 0 && !slices.Contains(flags, addr) {
				flags = append(flags, addr)
			}
			if text != 0 {
				add(addr, a.text(text, length))
				text = 0
			}
		default:
			if _, err := a.list.Image.Bytes(addr, 1); err == nil && !a.list.Image.ExecutableAt(addr) {
				text = addr
			}
		}
	}
	f.follow(a.list.Body(i), &a.list.Funcs[i])
	// A table without addresses is completed by code, in the table's order. The flags stand side by side.
	for _, first := range flags {
		side := slices.Clone(flags)
		side = slices.DeleteFunc(side, func(addr uint64) bool { return addr-first >= uint64(2*len(names)) })
		if len(side) != len(names) {
			continue
		}
		for n, flag := range side {
			add(flag, names[n])
		}
		return
	}
}

// option is a row of a constant table of options: the name's address and length, the flag's address, two more flags.
type option struct {
	name string
	flag uint64 // 0 where code fills it in
}

func (a *analysis) optionsAt(addr uint64) []option {
	m, size := a.list.Image, uint64(a.list.Image.PtrSize)
	var table []option
	for ; ; addr += 4 * size {
		name, err := m.Pointer(addr)
		length, err2 := m.Pointer(addr + size)
		flag, err3 := m.Pointer(addr + 2*size)
		if err != nil || err2 != nil || err3 != nil || length == 0 || length > longestOption || flag != 0 && !a.data.Has(flag) {
			return table
		}
		text, err := m.Bytes(name, length)
		if err != nil || !plainName(text) {
			return table
		}
		table = append(table, option{string(text), flag})
	}
}

// plainName tells a name from other data.
func plainName(text []byte) bool {
	for _, c := range text {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// text is the name at an address: of the length that came up, if that makes a name, else the longest name that fits. The
// compiler keeps a length in its register where several names have the same.
func (a *analysis) text(addr uint64, length int64) string {
	b, err := a.list.Image.Bytes(addr, uint64(length))
	if err == nil {
		if _, ok := a.features.options[string(b)]; ok {
			return string(b)
		}
	}
	longest := ""
	for name := range a.features.options {
		b, err := a.list.Image.Bytes(addr, uint64(len(name)))
		if err == nil && string(b) == name && len(name) > len(longest) {
			longest = name
		}
	}
	return longest
}
