// Command judge prints what Go's own readers say of each file named: an opinion that owes nothing to ours.
package main

import (
	"debug/buildinfo"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/json"
	"os"
	"strings"
)

type symbol struct{ Name, Version, Library string }

type opinion struct {
	Machine   string
	Libraries []string
	Imports   []symbol
	Soname    []string
	Version   string
	Settings  map[string]string
}

func main() {
	opinions := map[string]opinion{}
	for _, path := range os.Args[1:] {
		opinions[path] = judge(path)
	}
	if err := json.NewEncoder(os.Stdout).Encode(opinions); err != nil {
		panic(err)
	}
}

func judge(path string) (o opinion) {
	if info, err := buildinfo.ReadFile(path); err == nil {
		o.Version = info.GoVersion
		o.Settings = map[string]string{}
		for _, setting := range info.Settings {
			o.Settings[setting.Key] = setting.Value
		}
	}
	if file, err := elf.Open(path); err == nil {
		o.Machine = file.Machine.String()
		o.Libraries, _ = file.ImportedLibraries()
		o.Soname, _ = file.DynString(elf.DT_SONAME)
		symbols, _ := file.ImportedSymbols()
		for _, s := range symbols {
			o.Imports = append(o.Imports, symbol{s.Name, s.Version, s.Library})
		}
	} else if file, err := pe.Open(path); err == nil {
		o.Libraries = nil // debug/pe says: not implemented
		symbols, _ := file.ImportedSymbols()
		for _, s := range symbols {
			name, library, _ := strings.Cut(s, ":")
			o.Imports = append(o.Imports, symbol{Name: name, Library: library})
		}
	} else if file, err := macho.Open(path); err == nil {
		o.Machine = file.Cpu.String()
		o.Libraries, _ = file.ImportedLibraries()
		symbols, _ := file.ImportedSymbols()
		for _, s := range symbols {
			o.Imports = append(o.Imports, symbol{Name: s})
		}
	}
	return o
}
