package coverage

import (
	"encoding/json"
	"os"
	"sort"
	"strings"

	"seatrial.example/reader/gometa"
	"seatrial.example/reader/image"
	"seatrial.example/reader/isa"
	"seatrial.example/reader/request"
)

func init() {
	request.RegisterGo("coverage", cover)
}

type arguments struct {
	Log string `json:"log"` // a file, or a FIFO that is read while the program runs
}

// Answer is the part of the answer that is called coverage.
type Answer struct {
	Traces     int         `json:"traces"`  // blocks begun, as far as they were logged
	Outside    int         `json:"outside"` // blocks of libraries, of the loader and of code made at run time
	Odd        int         `json:"odd"`     // lines of the log that could not be understood
	Undecoded  int         `json:"undecoded"`
	Extensions []Extension `json:"extensions"`
	Classes    []Class     `json:"classes"`
}

// Extension is what was executed of the instructions that need one feature of the CPU.
type Extension struct {
	Feature   string     `json:"feature"` // the kernel's name
	Functions []Function `json:"functions"`
}

// Function counts the instructions of one function that need the feature.
type Function struct {
	Name       string `json:"name"`
	Package    string `json:"package"`
	Executed   int    `json:"executed"`
	Translated int    `json:"translated"` // reached by the translator and not shown to be executed
	First      uint64 `json:"first"`      // address of the first of them
}

// Class counts the instructions of the program's own code by feature ("" for the base) and kind of work.
type Class struct {
	Feature    string `json:"feature"`
	Class      string `json:"class"`
	Present    int    `json:"present"`
	Executed   int    `json:"executed"`
	Translated int    `json:"translated"`
}

const (
	translated = 1
	executed   = 2
)

func cover(m *image.Image, t *gometa.Meta, args json.RawMessage) (any, error) {
	var asked arguments
	if err := request.Arguments(args, &asked); err != nil {
		return nil, err
	}
	arch, err := isa.For(m.GOARCH)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(asked.Log)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	code := code{funcs: append(append([]gometa.Func{}, t.Funcs()...), t.OutsideGo()...)}
	sort.Slice(code.funcs, func(i, j int) bool { return code.funcs[i].Entry < code.funcs[j].Entry })
	l, err := read(file, code.handler)
	if err != nil {
		return nil, err
	}
	return count(m, arch, &code, l)
}

type code struct{ funcs []gometa.Func }

func (c *code) at(pc uint64) *gometa.Func {
	i := sort.Search(len(c.funcs), func(i int) bool { return c.funcs[i].Entry > pc }) - 1
	if i < 0 || pc >= c.funcs[i].End {
		return nil
	}
	return &c.funcs[i]
}

// handler tells where the handlers of signals may begin: those of Go's runtime, and any C function that no linked block
// leads to. In a program that was moved when it was loaded only the names tell.
func (c *code) handler(b *block) bool {
	if strings.HasPrefix(b.name, "runtime.sigtramp") || strings.HasPrefix(b.name, "runtime.cgoSigtramp") {
		return true
	}
	fn := c.at(b.start)
	return fn != nil && fn.Entry == b.start && (fn.Package == "" || strings.HasPrefix(fn.Name, "runtime.sigtramp"))
}

// bias is by how much the program was moved when it was loaded: what most of the functions' names agree upon.
func (c *code) bias(l *runLog) uint64 {
	entries := make(map[string]uint64, len(c.funcs))
	for i := range c.funcs {
		entries[c.funcs[i].Name] = c.funcs[i].Entry
	}
	votes := map[uint64]int{}
	var best uint64
	for _, b := range l.blocks {
		entry, known := entries[strings.TrimSuffix(b.name, ".abi0")]
		if !known {
			continue
		}
		moved := b.start - entry
		if votes[moved]++; votes[moved] > votes[best] {
			best = moved
		}
	}
	return best
}

func count(m *image.Image, arch *isa.Arch, c *code, l *runLog) (*Answer, error) {
	answer := &Answer{Traces: l.traces, Odd: l.odd}
	seen, err := c.seen(m, arch, l, answer)
	if err != nil {
		return nil, err
	}
	type key struct {
		feature string
		fn      *gometa.Func
	}
	type work struct {
		feature string
		class   isa.Class
	}
	functions := map[key]*Function{}
	classes := map[work]*Class{}
	var in isa.Instruction
	for i := range c.funcs {
		fn := &c.funcs[i]
		bytes, err := m.Bytes(fn.Entry, fn.End-fn.Entry)
		if err != nil {
			continue // .bss and the like hold no code
		}
		for at := 0; at < len(bytes); {
			addr := fn.Entry + uint64(at)
			if arch.Decode(bytes[at:], addr, &in) != nil {
				at += arch.Step()
				continue
			}
			at += in.Len
			how := seen[addr]
			names := arch.Names(in.Features)
			for _, name := range names {
				if how == 0 {
					continue
				}
				k := key{name, fn}
				f := functions[k]
				if f == nil {
					f = &Function{Name: fn.Name, Package: fn.Package, First: addr}
					functions[k] = f
				}
				if how == executed {
					f.Executed++
				} else {
					f.Translated++
				}
			}
			if len(names) == 0 {
				names = []string{""}
			}
			for _, name := range names {
				k := work{name, in.Class}
				w := classes[k]
				if w == nil {
					w = &Class{Feature: name, Class: in.Class.String()}
					classes[k] = w
				}
				w.Present++
				switch how {
				case executed:
					w.Executed++
				case translated:
					w.Translated++
				}
			}
		}
	}
	byFeature := map[string]*Extension{}
	for k, f := range functions {
		e := byFeature[k.feature]
		if e == nil {
			e = &Extension{Feature: k.feature}
			byFeature[k.feature] = e
		}
		e.Functions = append(e.Functions, *f)
	}
	for _, e := range byFeature {
		sort.Slice(e.Functions, func(i, j int) bool { return e.Functions[i].First < e.Functions[j].First })
		answer.Extensions = append(answer.Extensions, *e)
	}
	sort.Slice(answer.Extensions, func(i, j int) bool { return answer.Extensions[i].Feature < answer.Extensions[j].Feature })
	for _, w := range classes {
		answer.Classes = append(answer.Classes, *w)
	}
	sort.Slice(answer.Classes, func(i, j int) bool {
		a, b := answer.Classes[i], answer.Classes[j]
		return a.Feature < b.Feature || a.Feature == b.Feature && a.Class < b.Class
	})
	return answer, nil
}

// seen tells of each address of the program whether its instruction was executed or only translated.
func (c *code) seen(m *image.Image, arch *isa.Arch, l *runLog, answer *Answer) (map[uint64]uint8, error) {
	bias := c.bias(l)
	seen := make(map[uint64]uint8, 8*len(l.blocks))
	var in isa.Instruction
	for _, b := range l.blocks {
		start, last := b.start-bias, b.last-bias
		if c.at(start) == nil {
			answer.Outside++
			continue
		}
		how := uint8(translated)
		if b.ended {
			how = executed
		}
		bytes, err := m.Bytes(start, last-start+1)
		if err != nil {
			answer.Outside++
			continue
		}
		// The last instruction is longer than what was asked for.
		if more, err := m.Bytes(start, last-start+16); err == nil {
			bytes = more
		}
		for addr := start; addr <= last; {
			if arch.Decode(bytes[addr-start:], addr, &in) != nil {
				answer.Undecoded++
				break
			}
			seen[addr] = max(seen[addr], how)
			addr += uint64(in.Len)
		}
	}
	return seen, nil
}
