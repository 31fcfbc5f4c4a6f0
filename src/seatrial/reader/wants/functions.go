// Package wants answers what is asked of the Go metadata and of DWARF.
package wants

import (
	"encoding/json"

	"seatrial.example/reader/gometa"
	"seatrial.example/reader/image"
	"seatrial.example/reader/request"
)

func init() {
	request.RegisterGo("functions", functions)
}

type functionsArgs struct {
	All bool `json:"all"` // every function, not only the counts
}

type packageFunctions struct {
	Functions int    `json:"functions"`
	Assembly  int    `json:"assembly"`
	Bytes     uint64 `json:"bytes"`
}

type function struct {
	Name     string `json:"name"`
	Package  string `json:"package"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Entry    uint64 `json:"entry"`
	End      uint64 `json:"end"`
	Assembly bool   `json:"assembly,omitempty"`
	C        bool   `json:"c,omitempty"` // of C, and in the table of Go's functions all the same
}

type functionsAnswer struct {
	Count    int                          `json:"count"`
	Packages map[string]*packageFunctions `json:"packages"`
	Outside  int                          `json:"outside"` // functions of C and of the linker
	All      []function                   `json:"all,omitempty"`
	Others   []function                   `json:"outside_all,omitempty"`
}

func functions(_ *image.Image, t *gometa.Meta, args json.RawMessage) (any, error) {
	var asked functionsArgs
	if err := request.Arguments(args, &asked); err != nil {
		return nil, err
	}
	funcs := t.Funcs()
	answer := functionsAnswer{Count: len(funcs), Packages: map[string]*packageFunctions{}, Outside: len(t.OutsideGo())}
	for i := range funcs {
		f := &funcs[i]
		of := answer.Packages[f.Package]
		if of == nil {
			of = &packageFunctions{}
			answer.Packages[f.Package] = of
		}
		of.Functions++
		of.Bytes += f.End - f.Entry
		if f.Assembly {
			of.Assembly++
		}
		if asked.All {
			answer.All = append(answer.All, told(f))
		}
	}
	if asked.All {
		outside := t.OutsideGo()
		for i := range outside {
			answer.Others = append(answer.Others, told(&outside[i]))
		}
	}
	return answer, nil
}

func told(f *gometa.Func) function {
	return function{f.Name, f.Package, f.File, f.Line, f.Entry, f.End, f.Assembly, f.OfC()}
}
