// Package litmus reads the small programs that ask for memory order, and judges what they saw.
//
// "x=1 y? | y=1 x?" are two threads: one stores 1 in x and loads y, the other stores 1 in y and loads x. Cells begin
// as 0. In C, a letter after an access is its order ("x=1r" release, "y?a" acquire, "x=1s" and "y?s" sequentially
// consistent, none relaxed); "y>x?" loads y, then x at an address made from what was read; "mb", "wmb" and "rmb" are
// fences (sequentially consistent, release, acquire).
//
// An outcome is written "1 0 x=2 y=1": what the loads saw, thread by thread, and what the cells held in the end. A
// pattern of outcomes may have "-" for any value, and need not name the cells.
package litmus

import (
	"fmt"
	"slices"
	"strings"
)

type Kind uint8

const (
	Store Kind = iota
	Load
	Fence
)

type Order uint8

const (
	Relaxed Order = iota
	Acquire
	Release
	Sequential
)

// Cells is how many cells there are: x and y.
const Cells = 2

// MostLoads is how many loads a program has at most.
const MostLoads = 4

// Outcomes is how many outcomes there are: two bits for each load and each cell.
const Outcomes = 1 << (2 * (MostLoads + Cells))

// An Op is one step of a thread.
type Op struct {
	Kind      Kind
	Order     Order
	Cell      int
	Value     uint32 // of a Store
	Slot      int    // of a Load: which part of the outcome it is
	Dependent bool   // the address of this Load comes from the value of the Load before it
}

// A Program is the steps of each thread.
type Program [][]Op

// Parse reads a program. A mistake in it is its author's, and panics.
func Parse(text string) Program {
	var program Program
	slot := 0
	load := func(cell byte, order string, dependent bool) Op {
		slot++
		return Op{Kind: Load, Order: orderOf(order), Cell: cellOf(cell), Slot: slot - 1, Dependent: dependent}
	}
	for thread := range strings.SplitSeq(text, "|") {
		var ops []Op
		for word := range strings.FieldsSeq(thread) {
			switch {
			case word == "mb":
				ops = append(ops, Op{Kind: Fence, Order: Sequential})
			case word == "wmb":
				ops = append(ops, Op{Kind: Fence, Order: Release})
			case word == "rmb":
				ops = append(ops, Op{Kind: Fence, Order: Acquire})
			case word[1] == '>':
				ops = append(ops, load(word[0], "", false), load(word[2], "", true))
			case word[1] == '?':
				ops = append(ops, load(word[0], word[2:], false))
			default:
				ops = append(ops, Op{Order: orderOf(word[3:]), Cell: cellOf(word[0]), Value: uint32(word[2] - '0')})
			}
		}
		program = append(program, ops)
	}
	if slot > MostLoads {
		panic(text + " has too many loads")
	}
	return program
}

func orderOf(letter string) Order {
	return Order(slices.Index([]string{"", "a", "r", "s"}, letter))
}

func cellOf(name byte) int { return int(name - 'x') }

// Loads is how many there are.
func (p Program) Loads() int {
	count := 0
	for _, ops := range p {
		for _, op := range ops {
			if op.Kind == Load {
				count++
			}
		}
	}
	return count
}

// Reversed is the program as a machine may run it that keeps no order at all.
func (p Program) Reversed() Program {
	var reversed Program
	for _, ops := range p {
		ops = slices.Clone(ops)
		slices.Reverse(ops)
		reversed = append(reversed, ops)
	}
	return reversed
}

// name is how an outcome is written.
func (p Program) name(outcome int) string {
	var words []string
	for slot := range p.Loads() {
		words = append(words, fmt.Sprint(outcome>>(2*slot)&3))
	}
	for cell := range Cells {
		words = append(words, fmt.Sprintf("%c=%d", 'x'+cell, outcome>>(2*(MostLoads+cell))&3))
	}
	return strings.Join(words, " ")
}

func matches(name, pattern string) bool {
	words := strings.Fields(name)
	for i, want := range strings.Fields(pattern) {
		if strings.Contains(want, "=") {
			if !slices.Contains(words, want) {
				return false
			}
		} else if want != "-" && words[i] != want {
			return false
		}
	}
	return true
}

// Count is how often outcomes of the patterns were seen, how often any was, and what was seen, for people.
func (p Program) Count(seen []int, patterns ...string) (matching, all int, text string) {
	var told []string
	for outcome, times := range seen {
		if times == 0 {
			continue
		}
		all += times
		name := p.name(outcome)
		if slices.ContainsFunc(patterns, func(pattern string) bool { return matches(name, pattern) }) {
			matching += times
			name += " (forbidden)"
		}
		told = append(told, fmt.Sprintf("%s: %d times", name, times))
	}
	return matching, all, strings.Join(told, "; ")
}
