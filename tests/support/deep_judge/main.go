// Command deep_judge prints as JSON what Go's own packages say of the functions, types and itabs of an unstripped
// program: debug/elf, debug/pe and debug/macho its symbols, debug/dwarf its types and functions, debug/gosym its lines.
package main

import (
	"debug/dwarf"
	"debug/elf"
	"debug/gosym"
	"debug/macho"
	"debug/pe"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

const (
	attrKind        = dwarf.Attr(0x2900) // cmd/internal/dwarf: DW_AT_go_kind
	attrRuntimeType = dwarf.Attr(0x2904) // DW_AT_go_runtime_type
)

type symbol struct {
	Name string
	Addr uint64
	Size uint64
	Code bool
}

type goType struct {
	Name   string
	Kind   int64
	Size   int64
	Offset uint64 // the attribute as it stands: an address up to Go 1.2x, then counted from runtime.types
	Fields []field
}

type field struct {
	Name   string
	Offset int64
}

type function struct {
	Name string
	Low  uint64
	High uint64
	File string
	Unit string
}

type line struct {
	Name string
	File string
	Line int
	End  uint64
}

type opinion struct {
	Symbols   []symbol
	Types     []goType
	Functions []function
	Units     []unit
	Lines     map[uint64]line
	Inlined   map[uint64][]string // entry of a function to what was inlined into it
}

type unit struct {
	Name     string
	Language int64
	Producer string
}

func main() {
	symbols, data, pclntab, err := open(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var text uint64
	for _, s := range symbols { // with C linked in, Go's text does not start where the section does
		if s.Name == "runtime.text" {
			text = s.Addr
		}
	}
	found := opinion{Symbols: symbols, Lines: map[uint64]line{}, Inlined: map[uint64][]string{}}
	if data != nil {
		found.read(data)
	}
	if table, err := gosym.NewTable(nil, gosym.NewLineTable(pclntab, text)); err == nil {
		for _, f := range table.Funcs {
			file, number, _ := table.PCToLine(f.Entry)
			found.Lines[f.Entry] = line{f.Name, file, number, f.End}
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (o *opinion) read(data *dwarf.Data) {
	reader := data.Reader()
	names, origins := map[dwarf.Offset]string{}, map[uint64][]dwarf.Offset{}
	defer func() {
		for entry, all := range origins {
			for _, origin := range all {
				o.Inlined[entry] = append(o.Inlined[entry], names[origin])
			}
		}
	}()
	unitName := ""
	var files []*dwarf.LineFile
	for {
		entry, err := reader.Next()
		if entry == nil || err != nil {
			return
		}
		name, _ := entry.Val(dwarf.AttrName).(string)
		switch entry.Tag {
		case dwarf.TagCompileUnit:
			unitName, files = name, nil
			language, _ := entry.Val(dwarf.AttrLanguage).(int64)
			producer, _ := entry.Val(dwarf.AttrProducer).(string)
			o.Units = append(o.Units, unit{name, language, producer})
			if lines, err := data.LineReader(entry); err == nil && lines != nil {
				files = lines.Files()
			}
		case dwarf.TagSubprogram:
			names[entry.Offset] = name
			if low, ok := entry.Val(dwarf.AttrLowpc).(uint64); ok {
				one := function{Name: name, Low: low, Unit: unitName}
				switch high := entry.Val(dwarf.AttrHighpc).(type) {
				case uint64:
					one.High = high
				case int64:
					one.High = low + uint64(high)
				}
				if number, ok := entry.Val(dwarf.AttrDeclFile).(int64); ok && int(number) < len(files) && files[number] != nil {
					one.File = files[number].Name
				}
				o.Functions = append(o.Functions, one)
				if entry.Children {
					origins[low] = inlined(reader)
				}
				continue
			}
			reader.SkipChildren()
		default:
			o.typeOf(reader, entry, name)
		}
	}
}

// inlined gives the origins of the calls inlined into the function whose children come.
func inlined(reader *dwarf.Reader) (found []dwarf.Offset) {
	for depth := 1; depth > 0; {
		entry, err := reader.Next()
		if err != nil || entry == nil {
			break
		}
		if entry.Tag == dwarf.TagInlinedSubroutine {
			if origin, ok := entry.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset); ok {
				found = append(found, origin)
			}
		}
		switch {
		case entry.Tag == 0:
			depth--
		case entry.Children:
			depth++
		}
	}
	return found
}

// typeOf keeps a type that the runtime knows, with the fields of a struct.
func (o *opinion) typeOf(reader *dwarf.Reader, entry *dwarf.Entry, name string) {
	var offset uint64
	switch value := entry.Val(attrRuntimeType).(type) {
	case uint64:
		offset = value
	case int64:
		offset = uint64(value)
	}
	if offset == 0 {
		if entry.Children && entry.Tag == dwarf.TagStructType {
			reader.SkipChildren()
		}
		return
	}
	one := goType{Name: name, Offset: offset, Size: -1}
	one.Kind, _ = entry.Val(attrKind).(int64)
	if size, ok := entry.Val(dwarf.AttrByteSize).(int64); ok {
		one.Size = size
	}
	if entry.Tag == dwarf.TagStructType && entry.Children {
		for {
			member, err := reader.Next()
			if err != nil || member == nil || member.Tag == 0 {
				break
			}
			name, _ := member.Val(dwarf.AttrName).(string)
			offset, _ := member.Val(dwarf.AttrDataMemberLoc).(int64)
			one.Fields = append(one.Fields, field{name, offset})
			if member.Children {
				reader.SkipChildren()
			}
		}
	}
	o.Types = append(o.Types, one)
}

func open(path string) (symbols []symbol, data *dwarf.Data, pclntab []byte, err error) {
	if file, failed := elf.Open(path); failed == nil {
		all, _ := file.Symbols()
		for _, s := range all {
			if s.Section == elf.SHN_UNDEF {
				continue
			}
			symbols = append(symbols, symbol{s.Name, s.Value, s.Size, elf.ST_TYPE(s.Info) == elf.STT_FUNC})
		}
		for _, section := range file.Sections {
			if strings.HasSuffix(section.Name, ".gopclntab") {
				pclntab, _ = section.Data()
			}
		}
		data, _ = file.DWARF()
		return symbols, data, pclntab, nil
	}
	if file, failed := macho.Open(path); failed == nil {
		if file.Symtab != nil {
			for _, s := range file.Symtab.Syms {
				if s.Type&0xe0 == 0 && s.Sect > 0 {
					section := file.Sections[s.Sect-1]
					symbols = append(symbols, symbol{strings.TrimPrefix(s.Name, "_"), s.Value, 0, section.Name == "__text"})
				}
			}
		}
		if section := file.Section("__gopclntab"); section != nil {
			pclntab, _ = section.Data()
		}
		data, _ = file.DWARF()
		return symbols, data, pclntab, nil
	}
	file, err := pe.Open(path)
	if err != nil {
		return nil, nil, nil, err
	}
	base := uint64(0)
	switch header := file.OptionalHeader.(type) {
	case *pe.OptionalHeader32:
		base = uint64(header.ImageBase)
	case *pe.OptionalHeader64:
		base = header.ImageBase
	}
	var start, end uint64
	for _, s := range file.Symbols {
		if s.SectionNumber <= 0 || int(s.SectionNumber) > len(file.Sections) {
			continue
		}
		section := file.Sections[s.SectionNumber-1]
		addr := base + uint64(section.VirtualAddress) + uint64(s.Value)
		symbols = append(symbols, symbol{s.Name, addr, 0, section.Name == ".text"})
		switch s.Name {
		case "runtime.pclntab":
			start = addr
		case "runtime.epclntab":
			end = addr
		}
	}
	for _, section := range file.Sections {
		first := base + uint64(section.VirtualAddress)
		if contents, err := section.Data(); err == nil && start >= first && end <= first+uint64(len(contents)) && start < end {
			pclntab = contents[start-first : end-first]
		}
	}
	data, _ = file.DWARF()
	return symbols, data, pclntab, nil
}
