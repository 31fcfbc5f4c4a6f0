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
		for _, found := range casesIn(parsed[file]) {
			r := caseOf(found.literal, scope{constants, found.bound, set})
			if r.ID == "" {
				continue
			}
			if old := rows[r.ID]; old != nil {
				// The same case, with another way of asking in a file for other ports.
				if old.Contract != r.Contract || old.Cgo != cgo {
					die("%s: %s is there twice", set.Position(found.literal.Pos()), r.ID)
				}
				r = old
			}
			r.Cgo = cgo
			for _, port := range where {
				r.where[port] = true
			}
			rows[r.ID] = r
		}
	}
}

// A found literal is a suite.Case, with what the loop around it binds: "e.name" to an expression.
type found struct {
	literal *ast.CompositeLit
	bound   map[string]ast.Expr
}

// casesIn are the cases of a file. One in a loop over a table that is written out there (for _, e := range []end{...})
// counts once for each row.
func casesIn(file *ast.File) []found {
	var all []found
	var walk func(node ast.Node, bound map[string]ast.Expr)
	walk = func(node ast.Node, bound map[string]ast.Expr) {
		ast.Inspect(node, func(inner ast.Node) bool {
			switch n := inner.(type) {
			case *ast.RangeStmt:
				table, isTable := n.X.(*ast.CompositeLit)
				row, isNamed := n.Value.(*ast.Ident)
				if !isTable || !isNamed || n == node {
					return true
				}
				for _, element := range table.Elts {
					walk(n.Body, fieldsOf(row.Name, element))
				}
				return false
			case *ast.CompositeLit:
				if isCase(n) {
					all = append(all, found{n, bound})
					return false
				}
			}
			return true
		})
	}
	walk(file, nil)
	return all
}

func fieldsOf(name string, row ast.Expr) map[string]ast.Expr {
	fields := map[string]ast.Expr{name + ".": row}
	if literal, ok := row.(*ast.CompositeLit); ok {
		for _, element := range literal.Elts {
			if pair, ok := element.(*ast.KeyValueExpr); ok {
				fields[name+"."+pair.Key.(*ast.Ident).Name] = pair.Value
			}
		}
	}
	return fields
}

// A scope is what the expressions of a case may refer to.
type scope struct {
	constants map[string]ast.Expr
	bound     map[string]ast.Expr
	set       *token.FileSet
}

func isCase(literal *ast.CompositeLit) bool {
	selector, ok := literal.Type.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != "Case" || len(literal.Elts) == 0 {
		return false
	}
	name, ok := selector.X.(*ast.Ident)
	return ok && name.Name == "suite"
}

func caseOf(literal *ast.CompositeLit, in scope) *row {
	r := &row{Needs: []string{}, Seconds: 10, where: map[string]bool{}}
	for _, element := range literal.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			die("%s: name the fields", in.set.Position(element.Pos()))
		}
		name := pair.Key.(*ast.Ident).Name
		text := func() string {
			value := in.evaluate(pair.Value)
			if value.Kind() != constant.String {
				complain("%s: %s is no constant string", in.set.Position(pair.Pos()), name)
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
			seconds, _ := constant.Float64Val(constant.ToFloat(in.evaluate(pair.Value)))
			if seconds > 0 {
				r.Seconds = seconds
			}
		case "Needs":
			r.Needs = append(r.Needs, in.list(pair.Value)...)
		}
	}
	return r
}

// list knows literals, names of lists, and append of two of them.
func (in scope) list(expression ast.Expr) []string {
	var words []string
	switch e := in.resolve(expression).(type) {
	case *ast.CompositeLit:
		for _, element := range e.Elts {
			words = append(words, constant.StringVal(in.evaluate(element)))
		}
		return words
	case *ast.CallExpr:
		if name, ok := e.Fun.(*ast.Ident); ok && name.Name == "append" && len(e.Args) == 2 {
			return append(in.list(e.Args[0]), in.list(e.Args[1])...)
		}
	case nil:
		return nil // a field that the row leaves out
	}
	complain("%s: this is no list that can be read", in.set.Position(expression.Pos()))
	return nil
}

// resolve follows a name to what it stands for; nil is a field that a row leaves out.
func (in scope) resolve(expression ast.Expr) ast.Expr {
	switch e := expression.(type) {
	case *ast.Ident:
		if value := in.constants[e.Name]; value != nil {
			return value
		}
	case *ast.SelectorExpr:
		if name, ok := e.X.(*ast.Ident); ok && in.bound[name.Name+"."] != nil {
			return in.bound[name.Name+"."+e.Sel.Name]
		}
	}
	return expression
}

// evaluate knows literals, sums of them and what the package names at its top; all else is unknown.
func (in scope) evaluate(expression ast.Expr) constant.Value {
	switch e := in.resolve(expression).(type) {
	case *ast.BasicLit:
		return constant.MakeFromLiteral(e.Value, e.Kind, 0)
	case *ast.ParenExpr:
		return in.evaluate(e.X)
	case *ast.BinaryExpr:
		left, right := in.evaluate(e.X), in.evaluate(e.Y)
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
