// Catalogue reads the cases of all ports from the source, with the ports that each applies to, and writes
// catalogue.json: no machine can run the probes of all of them to ask for their lists.
//
//	go run ./catalogue > catalogue.json
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/build"
	"go/constant"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"sort"
)

// ports are those that the suite is built for, by operating system.
var ports = map[string][]string{
	"linux": {
		"386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le", "riscv64",
		"s390x",
	},
	"windows": {"amd64", "arm64"},
	"darwin":  {"amd64", "arm64"},
	"freebsd": {"amd64", "arm64"},
}

type row struct {
	ID       string   `json:"id"`
	Contract string   `json:"contract"`
	Source   string   `json:"source"`
	Breaks   string   `json:"breaks"`
	Needs    []string `json:"needs"`
	Seconds  float64  `json:"seconds"`
	Cgo      bool     `json:"cgo"`
	Ports    []string `json:"ports"`
	where    map[string]bool
}

func main() {
	rows := map[string]*row{}
	folders, err := filepath.Glob("topics/*")
	if err != nil || len(folders) == 0 {
		die("run it in the folder of the conformance module")
	}
	for _, folder := range folders {
		read(folder, false, rows)
		if _, err := os.Stat(filepath.Join(folder, "withcgo")); err == nil {
			read(filepath.Join(folder, "withcgo"), true, rows)
		}
	}
	list := make([]*row, 0, len(rows))
	for _, r := range rows {
		r.Ports = grouped(r.where)
		list = append(list, r)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].ID < list[j].ID })
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", " ")
	out.Encode(list)
	if wrong {
		os.Exit(1)
	}
}

// read adds the cases of one package, each with the ports whose build takes its file.
func read(folder string, cgo bool, rows map[string]*row) {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		die("%v", err)
	}
	parsed := map[string]*ast.File{}
	set := token.NewFileSet()
	constants := map[string]ast.Expr{}
	for _, file := range files {
		if parsed[file], err = parser.ParseFile(set, file, nil, parser.SkipObjectResolution); err != nil {
			die("%v", err)
		}
		for name, value := range namedIn(parsed[file]) {
			constants[name] = value
		}
	}
	for _, file := range files {
		where := portsOf(folder, filepath.Base(file), cgo)
		ast.Inspect(parsed[file], func(node ast.Node) bool {
			literal, ok := node.(*ast.CompositeLit)
			if !ok || !isCase(literal) {
				return true
			}
			r := caseOf(literal, constants, set)
			if r.ID == "" {
				return false
			}
			if old := rows[r.ID]; old != nil {
				// The same case, with another way of asking in a file for other ports.
				if old.Contract != r.Contract || old.Cgo != cgo {
					die("%s: %s is there twice", set.Position(literal.Pos()), r.ID)
				}
				r = old
			}
			r.Cgo = cgo
			for _, port := range where {
				r.where[port] = true
			}
			rows[r.ID] = r
			return false
		})
	}
}

func isCase(literal *ast.CompositeLit) bool {
	selector, ok := literal.Type.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != "Case" || len(literal.Elts) == 0 {
		return false
	}
	name, ok := selector.X.(*ast.Ident)
	return ok && name.Name == "suite"
}

func caseOf(literal *ast.CompositeLit, constants map[string]ast.Expr, set *token.FileSet) *row {
	r := &row{Needs: []string{}, Seconds: 10, where: map[string]bool{}}
	for _, element := range literal.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			die("%s: name the fields", set.Position(element.Pos()))
		}
		name := pair.Key.(*ast.Ident).Name
		text := func() string {
			value := evaluate(pair.Value, constants)
			if value.Kind() != constant.String {
				complain("%s: %s is no constant string", set.Position(pair.Pos()), name)
				return ""
			}
			return constant.StringVal(value)
		}
		switch name {
		case "ID":
			r.ID = text()
		case "Contract":
			r.Contract = text()
		case "Source":
			r.Source = text()
		case "Breaks":
			r.Breaks = text()
		case "Seconds":
			seconds, _ := constant.Float64Val(constant.ToFloat(evaluate(pair.Value, constants)))
			if seconds > 0 {
				r.Seconds = seconds
			}
		case "Needs":
			needs := pair.Value
			if name, ok := needs.(*ast.Ident); ok && constants[name.Name] != nil {
				needs = constants[name.Name]
			}
			list, ok := needs.(*ast.CompositeLit)
			if !ok {
				die("%s: Needs is no list", set.Position(pair.Pos()))
			}
			for _, need := range list.Elts {
				r.Needs = append(r.Needs, constant.StringVal(evaluate(need, constants)))
			}
		}
	}
	return r
}

// evaluate knows literals, sums of them and what the package names at its top; all else is unknown.
func evaluate(expression ast.Expr, constants map[string]ast.Expr) constant.Value {
	switch e := expression.(type) {
	case *ast.BasicLit:
		return constant.MakeFromLiteral(e.Value, e.Kind, 0)
	case *ast.ParenExpr:
		return evaluate(e.X, constants)
	case *ast.Ident:
		if value := constants[e.Name]; value != nil {
			return evaluate(value, constants)
		}
	case *ast.BinaryExpr:
		left, right := evaluate(e.X, constants), evaluate(e.Y, constants)
		if left.Kind() != constant.Unknown && left.Kind() == right.Kind() {
			return constant.BinaryOp(left, e.Op, right)
		}
	}
	return constant.MakeUnknown()
}

func namedIn(file *ast.File) map[string]ast.Expr {
	found := map[string]ast.Expr{}
	for _, declaration := range file.Decls {
		general, ok := declaration.(*ast.GenDecl)
		if !ok || general.Tok != token.CONST && general.Tok != token.VAR {
			continue
		}
		for _, spec := range general.Specs {
			values := spec.(*ast.ValueSpec)
			for i, name := range values.Names {
				if i < len(values.Values) {
					found[name.Name] = values.Values[i]
				}
			}
		}
	}
	// Lists that an init function names: needs := []string{"threads"}.
	ast.Inspect(file, func(node ast.Node) bool {
		if assign, ok := node.(*ast.AssignStmt); ok && assign.Tok == token.DEFINE && len(assign.Lhs) == 1 {
			name, _ := assign.Lhs[0].(*ast.Ident)
			if _, isList := assign.Rhs[0].(*ast.CompositeLit); isList && name != nil {
				found[name.Name] = assign.Rhs[0]
			}
		}
		return true
	})
	return found
}

func portsOf(folder, file string, cgo bool) []string {
	var fitting []string
	for goos, arches := range ports {
		for _, goarch := range arches {
			context := build.Default
			context.GOOS, context.GOARCH, context.CgoEnabled, context.BuildTags = goos, goarch, cgo, nil
			if taken, err := context.MatchFile(folder, file); err != nil {
				die("%v", err)
			} else if taken {
				fitting = append(fitting, goos+"/"+goarch)
			}
		}
	}
	return fitting
}

// grouped writes "linux/*" for all architectures of a system, and "*" for all systems.
func grouped(where map[string]bool) []string {
	names := []string{}
	whole := 0
	for goos, arches := range ports {
		var some []string
		for _, goarch := range arches {
			if where[goos+"/"+goarch] {
				some = append(some, goos+"/"+goarch)
			}
		}
		if len(some) == len(arches) {
			some = []string{goos + "/*"}
			whole++
		}
		names = append(names, some...)
	}
	if whole == len(ports) {
		return []string{"*"}
	}
	slices.Sort(names)
	return names
}

func die(format string, args ...any) {
	complain(format, args...)
	os.Exit(1)
}

// wrong: the source holds something that cannot be read. All such places are told before the end.
var wrong bool

func complain(format string, args ...any) {
	wrong = true
	fmt.Fprintf(os.Stderr, "catalogue: "+format+"\n", args...)
}
