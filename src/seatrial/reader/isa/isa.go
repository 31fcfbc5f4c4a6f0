// Package isa decodes the instructions of amd64, 386, arm64, loong64 and riscv64 as far as seatrial asks: how long they
// are, which CPU feature they need (in the kernel's names), what kind of work they do, and where they branch or point to.
//
// Which encoding needs which feature is data: one JSON table an architecture, each group of rows with its source.
package isa

import (
	"embed"
	"errors"
	"fmt"
	"math/bits"
	"sort"
	"strings"
	"sync"
)

// Class is the kind of work that an instruction does.
type Class uint8

const (
	Integer Class = iota
	Float
	Vector
	Atomic
	Crypto
)

var classes = [...]string{"integer", "float", "vector", "atomic", "crypto"}

func (c Class) String() string { return classes[c] }

// Flow says where control goes after an instruction.
type Flow uint8

const (
	Next Flow = iota
	Jump
	Branch // a jump that may not be taken
	Call
	IndirectJump
	IndirectCall
	Return
	Stop // traps, or does not come back
)

// Set is a set of an architecture's features; Arch.Names spells it out.
type Set [2]uint64

// With returns the union, Without the difference, And the intersection.
func (s Set) With(t Set) Set    { return Set{s[0] | t[0], s[1] | t[1]} }
func (s Set) Without(t Set) Set { return Set{s[0] &^ t[0], s[1] &^ t[1]} }
func (s Set) And(t Set) Set     { return Set{s[0] & t[0], s[1] & t[1]} }

// Empty reports whether nothing is in the set.
func (s Set) Empty() bool { return s[0]|s[1] == 0 }

// Len returns how many features are in the set.
func (s Set) Len() int { return bits.OnesCount64(s[0]) + bits.OnesCount64(s[1]) }

// Instruction is one decoded instruction.
type Instruction struct {
	Addr     uint64
	Len      int
	Features Set // what the CPU must have; empty where the table knows no demand
	Class    Class
	Flow     Flow
	Target   uint64 // of a direct jump, branch or call
	Address  uint64 // what a PC-relative or absolute memory operand points to; 0 for none
	Word     uint32 // the instruction itself, on architectures of fixed length (riscv64: 16 bits of a compressed one)
	X86      X86    // operands, on amd64 and 386
}

// Arch decodes one architecture.
type Arch struct {
	GOARCH string
	names  []string
	index  map[string]int
	decode func(a *Arch, code []byte, addr uint64, in *Instruction) error
	x86    *x86Tables
	fixed  *fixedTables
}

// ErrUnknown is what Decode returns for bytes that are no instruction that it knows.
var ErrUnknown = errors.New("not an instruction that is known here")

//go:embed *.json
var tables embed.FS

var (
	loaders = map[string]func() (*Arch, error){}
	loaded  = map[string]*Arch{}
	loading sync.Mutex
)

// For returns the decoder of a GOARCH; an error names an architecture that is not read.
func For(goarch string) (*Arch, error) {
	loading.Lock()
	defer loading.Unlock()
	if a := loaded[goarch]; a != nil {
		return a, nil
	}
	load := loaders[goarch]
	if load == nil {
		return nil, fmt.Errorf("instructions of %s are not read", goarch)
	}
	a, err := load()
	if err != nil {
		return nil, err
	}
	loaded[goarch] = a
	return a, nil
}

// Decode decodes the instruction at the start of code, which lies at addr.
func Decode(code []byte, addr uint64, goarch string) (Instruction, error) {
	a, err := For(goarch)
	if err != nil {
		return Instruction{}, err
	}
	var in Instruction
	err = a.Decode(code, addr, &in)
	return in, err
}

// Decode fills in with the instruction at the start of code, which lies at addr.
func (a *Arch) Decode(code []byte, addr uint64, in *Instruction) error {
	*in = Instruction{Addr: addr}
	return a.decode(a, code, addr, in)
}

// Step is by how much to go on after bytes that are no known instruction.
func (a *Arch) Step() int {
	switch {
	case a.x86 != nil:
		return 1
	case a.GOARCH == "riscv64":
		return 2
	}
	return 4
}

// Names spells a set out, sorted.
func (a *Arch) Names(s Set) []string {
	out := make([]string, 0, s.Len())
	for i, name := range a.names {
		if s[i/64]>>(i%64)&1 != 0 {
			out = append(out, name)
		}
	}
	sort.Strings(out)
	return out
}

// Features returns the set of the named features; names that no instruction of the architecture needs are left out.
func (a *Arch) Features(names ...string) Set {
	var s Set
	for _, name := range names {
		if i, ok := a.index[name]; ok {
			s[i/64] |= 1 << (i % 64)
		}
	}
	return s
}

// intern returns the set of a table's column: features joined by +, or - for none.
func (a *Arch) intern(column string) (Set, error) {
	if column == "-" {
		return Set{}, nil
	}
	names := strings.Split(column, "+")
	for _, name := range names {
		if _, ok := a.index[name]; !ok {
			if len(a.names) == 128 {
				return Set{}, fmt.Errorf("more than 128 features of %s", a.GOARCH)
			}
			a.index[name] = len(a.names)
			a.names = append(a.names, name)
		}
	}
	return a.Features(names...), nil
}

func classNamed(name string) (Class, bool) {
	for c, n := range classes {
		if n == name {
			return Class(c), true
		}
	}
	return 0, false
}
