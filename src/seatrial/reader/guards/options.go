package guards

import "strings"

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
	f := a.follower()
	f.seen = func(n int64) {
		switch {
		case n > 0 && n <= longestOption:
			length = n
		case a.data.has(uint64(n)):
			if feature, ok := a.features.options[a.text(text, length)]; ok && text != 0 {
				if set := a.features.with(a.m.arch.Features(feature)); !set.Empty() {
					found[uint64(n)] = facts{set: set}
				}
				text = 0
			}
		default:
			if _, err := a.list.Image.Bytes(uint64(n), 1); err == nil && !a.list.Image.ExecutableAt(uint64(n)) {
				text = uint64(n)
				a.optionsAt(uint64(n), found)
			}
		}
	}
	f.follow(a.list.Body(i), &a.list.Funcs[i])
}

// optionsAt reads a constant table: the name's address and length, the flag's address, and two more flags.
func (a *analysis) optionsAt(addr uint64, found map[uint64]facts) {
	m, size := a.list.Image, uint64(a.list.Image.PtrSize)
	for ; ; addr += 4 * size {
		name, err := m.Pointer(addr)
		length, err2 := m.Pointer(addr + size)
		flag, err3 := m.Pointer(addr + 2*size)
		if err != nil || err2 != nil || err3 != nil || length == 0 || length > longestOption || !a.data.has(flag) {
			return
		}
		text, err := m.Bytes(name, length)
		if err != nil {
			return
		}
		if set := a.features.with(a.m.arch.Features(a.features.options[string(text)])); !set.Empty() {
			found[flag] = facts{set: set}
		}
	}
}

// text is the name at an address: of the length that came up, if that makes a name, else the longest name that fits.
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
