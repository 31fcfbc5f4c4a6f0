package withcgo

// #include "system.h"
// #include <stdlib.h>
import "C"

import (
	"reflect"
	"strings"
	"unsafe"

	"seatrial.example/conformance/suite"
)

const threeViews = "Go syscall/types_linux.go (made from the C headers by cgo -godefs); "

// threefold holds C's layout against cgo's and package syscall's. Where the C library chose another one than the
// kernel, which package syscall follows, the differences are a row of expected/layout.json. Hidden are the members that
// cgo has no names for.
func threefold[Cgo, Go any](t *suite.T, name string, hidden ...string) {
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	found := C.seatrial_system_shape(text)
	agree[Cgo](t, found, hidden...)
	differences := shapeOf(t, found).differences(reflect.TypeFor[Go](), func(one member) string { return one.inGo })
	got := strings.Join(differences, "; ")
	want, _ := t.Expected(name + "-" + libc())
	if got != want {
		t.Errorf("%s against %s: %q, expected %q", name, reflect.TypeFor[Go](), got, want)
	}
	if want != "" {
		t.Value("differences", got)
	}
}

// inUnions are the members of struct rusage that glibc has in unions without names.
func inUnions() []string {
	if libc() != "glibc" {
		return nil
	}
	return []string{"ru_maxrss", "ru_minflt", "ru_majflt", "ru_inblock", "ru_oublock", "ru_nvcsw", "ru_nivcsw"}
}
