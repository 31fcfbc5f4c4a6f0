package withcgo

// #cgo CFLAGS: -I${SRCDIR}/../../../suite -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64
// #include "shape.h"
import "C"

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unsafe"

	"seatrial.example/conformance/suite"
)

// shape is what C says of one of its structures.
type shape struct {
	size, align uintptr
	members     []member
}

type member struct {
	name, inGo   string
	offset, size uintptr
}

func shapeOf(t *suite.T, found *C.struct_seatrial_shape) shape {
	if found == nil {
		t.Fatalf("this is a mistake in the case: C has no such shape")
	}
	made := shape{size: uintptr(found.size), align: uintptr(found.align)}
	for _, one := range unsafe.Slice(found.members, found.count) {
		made.members = append(made.members,
			member{C.GoString(one.name), C.GoString(one.in_go), uintptr(one.offset), uintptr(one.size)})
	}
	return made
}

// differences between C's layout and a Go structure, by its fields' names, as short texts.
func (s shape) differences(in reflect.Type, name func(member) string) (list []string) {
	if in.Size() != s.size {
		list = append(list, fmt.Sprintf("size %d in C, %d in Go", s.size, in.Size()))
	}
	for _, one := range s.members {
		if name(one) == "" {
			continue
		}
		field, found := in.FieldByName(name(one))
		switch {
		case !found:
			list = append(list, one.name+" not in Go")
		case field.Offset != one.offset || field.Type.Size() != one.size:
			list = append(list, fmt.Sprintf("%s %d+%d in C, %d+%d in Go", one.name, one.offset, one.size, field.Offset, field.Type.Size()))
		}
	}
	return list
}

// agree holds the structure that cgo made against C's. Fields that cgo documents to leave out are told by name.
func agree[S any](t *suite.T, found *C.struct_seatrial_shape, omitted ...string) {
	it, in := shapeOf(t, found), reflect.TypeFor[S]()
	for _, difference := range it.differences(in, cgoName) {
		if name, left := strings.CutSuffix(difference, " not in Go"); left && slices.Contains(omitted, name) {
			continue
		}
		t.Errorf("%s: %s", in.Name(), difference)
	}
	for _, name := range omitted {
		if _, found := in.FieldByName(name); found {
			t.Errorf("%s has a field %s, which cgo should leave out", in.Name(), name)
		}
	}
}

// cgoName is a member's name in Go: a keyword gets an underscore.
func cgoName(one member) string {
	if one.name == "type" {
		return "_type"
	}
	return one.name
}
