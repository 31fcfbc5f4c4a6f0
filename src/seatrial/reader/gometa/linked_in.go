package gometa

import (
	"slices"
	"strings"
)

// OfC tells a function of C that Go's linker took from an object of a C compiler, as it does where no package but those of
// the standard library uses cgo, and for the race detector: it is in the table of Go's functions, without a file.
func (f *Func) OfC() bool {
	if f.File != "" || strings.HasPrefix(f.Name, "go:") {
		return false
	}
	// A name with a dot is of a package, or of a part that a C compiler has made of a function.
	_, part, _ := strings.Cut(f.Name, ".")
	part, _, _ = strings.Cut(part, ".")
	return f.Package == "" || slices.Contains(partsOfC, part)
}

// partsOfC is what GCC and clang put behind a function's name for a part or a copy of it.
var partsOfC = []string{"cold", "part", "constprop", "isra", "llvm", "lto_priv"}
