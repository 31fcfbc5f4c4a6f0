package isa

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// fixedRow is what a table says of the words that match.
type fixedRow struct {
	value, mask uint32
	features    Set
	class       Class
}

// fixedTables classify words of 32 bits. The bits of a word from shift on choose among 256 lists of rows.
type fixedTables struct {
	shift int
	rows  [256][]fixedRow // the row that wins stands first
}

func loadFixed(goarch, file string, shift int, decode func(*Arch, []byte, uint64, *Instruction) error) (*Arch, error) {
	raw, err := tables.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var table struct {
		Rows []struct{ Rows []string }
	}
	if err := json.Unmarshal(raw, &table); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	a := &Arch{GOARCH: goarch, index: map[string]int{}, decode: decode, fixed: &fixedTables{shift: shift}}
	for _, group := range table.Rows {
		for _, row := range group.Rows {
			if err := a.fixed.add(a, row); err != nil {
				return nil, fmt.Errorf("%s: %q: %w", file, row, err)
			}
		}
	}
	return a, nil
}

func (t *fixedTables) add(a *Arch, text string) error {
	field := strings.Fields(text)
	if len(field) < 4 {
		return fmt.Errorf("%d columns in place of 4", len(field))
	}
	value, err := strconv.ParseUint(field[0], 16, 32)
	if err != nil {
		return err
	}
	mask, err := strconv.ParseUint(field[1], 16, 32)
	if err != nil {
		return err
	}
	if value&^mask != 0 {
		return fmt.Errorf("bits outside the mask")
	}
	row := fixedRow{value: uint32(value), mask: uint32(mask)}
	if row.features, err = a.intern(field[2]); err != nil {
		return err
	}
	class, ok := classNamed(field[3])
	if !ok {
		return fmt.Errorf("unknown class %q", field[3])
	}
	row.class = class
	for key := range uint32(256) {
		if (key<<t.shift^row.value)&row.mask&(0xFF<<t.shift) == 0 {
			t.rows[key] = append([]fixedRow{row}, t.rows[key]...)
		}
	}
	return nil
}

// classify fills in what the table says of a word; ErrUnknown where no row fits.
func (t *fixedTables) classify(word uint32, in *Instruction) error {
	for _, row := range t.rows[uint8(word>>t.shift)] {
		if word&row.mask == row.value {
			in.Features, in.Class = row.features, row.class
			return nil
		}
	}
	return ErrUnknown
}
