package callers

import (
	"bytes"
	"cmp"
	"path"
	"slices"
	"strings"

	"seatrial.example/reader/dwarf"
	"seatrial.example/reader/image"
)

// Object is what one run of a C compiler made.
type Object struct {
	Name      string    `json:"name"`   // of the source file
	Folder    string    `json:"folder"` // where it was compiled
	Producer  string    `json:"producer"`
	Source    string    `json:"source"`  // what names it
	Package   string    `json:"package"` // the Go package in whose folder it is, or for which cgo wrote it
	First     uint64    `json:"first"`   // address of a function
	Functions int       `json:"functions"`
	Size      uint64    `json:"size"` // of their code
	From      []Leading `json:"from"`
}

// Objects is the C objects of a binary that have code in it.
type Objects struct {
	Objects   []*Object `json:"objects"`
	Unnamed   int       `json:"unnamed"` // functions of C that others use and of which no object is known
	Compilers []string  `json:"compilers"`
}

const (
	byDebug       = "debugging information"
	bySymbols     = "symbol table"
	goObject      = "go.go" // what Go's linker names its own symbols' file (cmd/link/internal/ld, "genelfsym")
	exportFile    = "_cgo_export.c"
	objectLimit   = 1 << 14
	compilerLimit = 64
)

// objects tells whose code the C functions are: by debugging information, else by the symbol table.
func (g *graph) objects(asked arguments) *Objects {
	answer := &Objects{Objects: []*Object{}, Compilers: compilers(g.Image)}
	of := map[int]*Object{}
	left := 0
	for i := range g.Funcs {
		if g.Funcs[i].C && g.stubs[g.Funcs[i].Entry] == "" {
			of[i] = nil
			left++
		}
	}
	if left == 0 {
		return answer
	}
	g.byUnits(of)
	g.bySources(of)
	members := map[*Object][]int{}
	for i := range g.Funcs {
		one, isC := of[i]
		switch {
		case !isC:
			continue
		case one == nil:
			if (len(g.roots[i]) > 0 || len(g.calls[i]) > 0) && !isFiller(g.Body(i)) { // else it may be what fills the space between functions
				answer.Unnamed++
			}
			continue
		case members[one] == nil:
			if len(answer.Objects) >= objectLimit {
				answer.Unnamed++
				continue
			}
			one.First = g.Funcs[i].Entry
			answer.Objects = append(answer.Objects, one)
		}
		members[one] = append(members[one], i)
		one.Functions++
		one.Size += g.Funcs[i].End - g.Funcs[i].Entry
	}
	folders, exporters := g.folders(), g.exporters()
	for _, one := range answer.Objects {
		one.From = []Leading{}
		for _, c := range g.leading(members[one], asked.Chains) {
			one.From = append(one.From, g.way(c))
		}
		one.Package = g.packageOf(one, members[one], folders, exporters)
		if one.Package != "" {
			for _, i := range members[one] {
				g.packages[i] = one.Package
			}
		}
	}
	return answer
}

// unitRange is code of a unit.
type unitRange struct {
	dwarf.Range
	object *Object
}

func (g *graph) byUnits(of map[int]*Object) {
	d, err := dwarf.Open(g.Image)
	if err != nil {
		return
	}
	var ranges []unitRange
	units := d.Units()
	for i := range units {
		u := &units[i]
		if u.Language == dwarf.LanguageGo {
			continue
		}
		object := &Object{Name: u.Name, Folder: u.Dir, Producer: u.Producer, Source: byDebug}
		for _, r := range u.Ranges {
			ranges = append(ranges, unitRange{r, object})
		}
	}
	slices.SortStableFunc(ranges, func(a, b unitRange) int { return cmp.Compare(a.Start, b.Start) })
	next := 0
	for i := range g.Funcs {
		entry := g.Funcs[i].Entry
		for next < len(ranges) && ranges[next].Start <= entry {
			next++
		}
		if _, isC := of[i]; isC && next > 0 && entry < ranges[next-1].End {
			of[i] = ranges[next-1].object
		}
	}
}

// bySources gives local functions to the source file that the symbol table names before them.
func (g *graph) bySources(of map[int]*Object) {
	var object *Object
	g.Image.EachSymbol(func(s image.Symbol) bool {
		switch {
		case s.Kind == image.Source && s.Name != goObject:
			object = &Object{Name: s.Name, Source: bySymbols}
		case s.Kind == image.Source, s.Global:
			object = nil
		case s.Kind == image.Func && object != nil:
			i := g.At(s.Addr)
			if known, isC := of[i]; isC && known == nil {
				of[i] = object
			}
		}
		return true
	})
}

// folders tells in which folder each package of Go was compiled.
func (g *graph) folders() map[string]string {
	found := map[string]string{}
	seen := map[string]bool{}
	for i := range g.Funcs {
		f := &g.Funcs[i]
		if f.C || f.Package == "" || seen[f.Package] || f.Wrapper {
			continue
		}
		if folder := path.Dir(plain(f.File)); folder != "." {
			seen[f.Package] = true
			found[folder] = f.Package
		}
	}
	return found
}

// exporters tells which package exports a function to C: cgo gives it one of Go that is called
// `_cgoexp_<mark>_<name>` (cmd/cgo, "writeExports").
func (g *graph) exporters() map[string]string {
	found := map[string]string{}
	for i := range g.Funcs {
		rest, ok := strings.CutPrefix(g.Funcs[i].Name, "_cgoexp_")
		if mark, name, more := strings.Cut(rest, "_"); ok && more {
			found[name] = g.owner[mark]
		}
	}
	if len(found) == 0 {
		return found
	}
	several := map[string]bool{}
	for i := range g.Funcs { // a package that calls nothing of C: one that has the function
		f := &g.Funcs[i]
		name, ok := strings.CutPrefix(f.Name, f.Package+".")
		owner, exported := found[name]
		switch {
		case f.C || f.Package == "" || !ok || !exported || owner == f.Package:
		case owner == "" && !several[name]:
			found[name], several[name] = f.Package, true
		case several[name]:
			found[name] = ""
		}
	}
	return found
}

// plain is a path as Go's compiler writes it.
func plain(file string) string { return strings.ReplaceAll(file, `\`, "/") }

// trimmed takes from a path what the go command lets C's compiler write before that of a package with -trimpath; the
// version of its module stays (cmd/go/internal/work, "ccompile").
func trimmed(file string) (string, bool) {
	rest, ok := strings.CutPrefix(file, "/_/")
	if !ok {
		rest, ok = strings.CutPrefix(file, "//_/_/") // Windows
	}
	return strings.TrimPrefix(rest, "GOROOT/src/"), ok
}

func (g *graph) packageOf(one *Object, members []int, folders, exporters map[string]string) string {
	for _, i := range members {
		if owner := g.owner[cgoMark(g.Funcs[i].Name)]; owner != "" {
			return owner
		}
		if owner := exporters[g.Funcs[i].Name]; owner != "" && one.Name == exportFile {
			return owner
		}
	}
	folder := plain(one.Folder)
	if name := plain(one.Name); path.IsAbs(name) || strings.Contains(name, ":/") {
		folder = path.Dir(name)
	} else if strings.Contains(name, "/") {
		folder = path.Join(folder, path.Dir(name))
	}
	short, isTrimmed := trimmed(folder)
	if owner := folders[folder]; owner != "" {
		return owner
	}
	if owner := folders[short]; isTrimmed && owner != "" {
		return owner
	}
	if isTrimmed {
		return withoutVersion(short)
	}
	// All of its Go code may have been put into its callers: what is left is cgo's, whose files have no folder.
	for _, leading := range one.From {
		if path.Base(leading.Package) == path.Base(withoutVersion(folder)) {
			return leading.Package
		}
	}
	return ""
}

// withoutVersion takes @v1.2.3 from a path.
func withoutVersion(file string) string {
	before, after, found := strings.Cut(file, "@")
	if !found {
		return file
	}
	_, behind, more := strings.Cut(after, "/")
	if !more {
		return before
	}
	return before + "/" + behind
}

// compilers gives what compilers and assemblers wrote into .comment.
func compilers(m *image.Image) []string {
	found := []string{}
	s := m.Section(".comment")
	if s == nil {
		return found
	}
	raw, err := m.Raw(s)
	if err != nil {
		return found
	}
	for text := range bytes.SplitSeq(raw, []byte{0}) {
		if name := string(text); name != "" && len(found) < compilerLimit && !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	return found
}

// isFiller tells what fills the space between functions. Go's linker puts marks there, which the code asks for (Go source:
// cmd/link/internal/ld/data.go, go:textfipsstart).
func isFiller(body []byte) bool {
	return !slices.ContainsFunc(body, func(b byte) bool { return b != body[0] })
}
