package wants

import (
	"encoding/json"

	"seatrial.example/reader/dwarf"
	"seatrial.example/reader/gometa"
	"seatrial.example/reader/image"
	"seatrial.example/reader/request"
)

func init() {
	request.Register("units", units)
	request.Register("debug_types", debugTypes)
}

type unitsArgs struct {
	Functions bool `json:"functions"` // of the units that are not Go's
	Go        bool `json:"go"`        // the units of Go, not only their number
}

type unitsAnswer struct {
	Versions []int         `json:"versions"`
	Go       int           `json:"go"`
	Units    []unit        `json:"units"`
	Producer string        `json:"producer"` // of the first unit of Go
	Packages []packageUnit `json:"packages,omitempty"`
}

type packageUnit struct {
	Path string `json:"path"`
	Name string `json:"name"`
}

type unit struct {
	Name      string         `json:"name"`
	Folder    string         `json:"folder"`
	Language  int            `json:"language"`
	Producer  string         `json:"producer"`
	Functions []unitFunction `json:"functions,omitempty"`
}

type unitFunction struct {
	Name  string `json:"name"`
	File  string `json:"file"`
	Start uint64 `json:"start"`
	End   uint64 `json:"end"`
}

func units(m *image.Image, _ *gometa.Meta, args json.RawMessage) (any, error) {
	var asked unitsArgs
	if err := request.Arguments(args, &asked); err != nil {
		return nil, err
	}
	d, err := dwarf.Open(m)
	if err != nil {
		return nil, err
	}
	answer := unitsAnswer{Units: []unit{}, Versions: []int{}}
	versions := map[int]bool{}
	all := d.Units()
	for i := range all {
		u := &all[i]
		if !versions[u.Version] {
			versions[u.Version] = true
			answer.Versions = append(answer.Versions, u.Version)
		}
		if u.Language == dwarf.LanguageGo {
			if answer.Go++; answer.Go == 1 {
				answer.Producer = u.Producer
			}
			if asked.Go {
				answer.Packages = append(answer.Packages, packageUnit{u.Name, u.Package})
			}
			continue
		}
		told := unit{Name: u.Name, Folder: u.Dir, Language: u.Language, Producer: u.Producer}
		if asked.Functions {
			functions, err := d.Functions(u)
			if err != nil {
				return nil, err
			}
			for _, f := range functions {
				for _, r := range f.Ranges {
					told.Functions = append(told.Functions, unitFunction{f.Name, f.File, r.Start, r.End})
				}
			}
		}
		answer.Units = append(answer.Units, told)
	}
	return answer, nil
}

type debugTypesArgs struct {
	All bool `json:"all"` // each of them, not only the counts
	Go  bool `json:"go"`  // the types of Go's units too
}

type debugTypesAnswer struct {
	Count int            `json:"count"`
	Kinds map[string]int `json:"kinds"`
	All   []debugType    `json:"all,omitempty"`
}

type debugType struct {
	Name        string       `json:"name"`
	Kind        string       `json:"kind"`
	Size        uint64       `json:"size"`
	Fields      []debugField `json:"fields,omitempty"`
	RuntimeType uint64       `json:"runtime_type,omitempty"`
}

type debugField struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Offset uint64 `json:"offset"`
}

func debugTypes(m *image.Image, _ *gometa.Meta, args json.RawMessage) (any, error) {
	var asked debugTypesArgs
	if err := request.Arguments(args, &asked); err != nil {
		return nil, err
	}
	d, err := dwarf.Open(m)
	if err != nil {
		return nil, err
	}
	answer := debugTypesAnswer{Kinds: map[string]int{}}
	type identity struct {
		name, kind string
		size       uint64
		fields     int
	}
	seen := map[identity]bool{} // a header is compiled into each unit that includes it
	all := d.Units()
	for i := range all {
		if all[i].Language == dwarf.LanguageGo && !asked.Go {
			continue
		}
		types, err := d.Types(&all[i])
		if err != nil {
			return nil, err
		}
		for _, t := range types {
			id := identity{t.Name, t.Kind, t.Size, len(t.Fields)}
			if seen[id] {
				continue
			}
			seen[id] = true
			answer.Count++
			answer.Kinds[t.Kind]++
			if !asked.All {
				continue
			}
			told := debugType{Name: t.Name, Kind: t.Kind, Size: t.Size, RuntimeType: t.RuntimeType}
			for _, f := range t.Fields {
				told.Fields = append(told.Fields, debugField(f))
			}
			answer.All = append(answer.All, told)
		}
	}
	return answer, nil
}
