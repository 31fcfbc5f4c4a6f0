package gometa

import (
	"errors"
	"fmt"
	"sync"

	"seatrial.example/reader/image"
)

// Meta is the Go metadata of one binary.
type Meta struct {
	image  *image.Image
	table  *pclntab
	module *module

	// Where one want ends in a fault, those that ask again do too.
	funcs, outside func() []Func
}

func newMeta(m *image.Image, table *pclntab, module *module) *Meta {
	t := &Meta{image: m, table: table, module: module}
	t.funcs = sync.OnceValue(t.readFuncs)
	t.outside = sync.OnceValue(func() []Func { return Outside(m, t.Funcs()) })
	return t
}

var errTooOld = errors.New("the module data of Go before 1.16 is not read")

// Load finds the table of functions and the module data that belongs to it. ErrNoGo where there is nothing of Go.
func Load(m *image.Image) (*Meta, error) {
	tables, err := findTables(m)
	if err != nil {
		return nil, err
	}
	if tables[0].form == form12 { // its entries are addresses: it says all by itself
		return newMeta(m, tables[0], &module{unknown: errTooOld}), nil
	}
	for _, table := range tables {
		var found *module
		if found, err = findModule(m, table); err == nil {
			return newMeta(m, table, found), nil
		}
	}
	return nil, fmt.Errorf("the module data of the Go function table at %#x: %w", tables[0].addr, err)
}

// address is where what functab calls pc stands in memory.
func (t *Meta) address(pc uint64) uint64 {
	if t.table.form == form118 || t.table.form == form120 {
		return t.module.address(pc)
	}
	return pc
}
