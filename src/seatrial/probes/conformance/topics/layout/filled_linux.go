package layout

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"seatrial.example/conformance/suite"
)

const goTypes = "Go syscall/ztypes_linux_GOARCH.go, made from the C headers of each port"

// guarded is a structure with room on both sides that nobody may write to.
type guarded[S any] struct {
	before [4]uint64
	it     S
	after  [32]uint64
}

// filled lets the kernel write a structure twice, over two patterns: what keeps both patterns was not written. The
// kernel must write nothing before and behind it, and all up to its last field, which ends at least there.
func filled[S any](t *suite.T, name string, least uintptr, call func(*S) error) *S {
	patterns := [2]byte{0xaa, 0x55}
	var rooms [2]*guarded[S]
	for i, pattern := range patterns {
		rooms[i] = new(guarded[S])
		for j := range bytesOf(rooms[i]) {
			bytesOf(rooms[i])[j] = pattern
		}
		if err := call(&rooms[i].it); err != nil {
			refused(t, name, err)
		}
	}
	start, size := unsafe.Offsetof(rooms[0].it), unsafe.Sizeof(rooms[0].it)
	first, second := bytesOf(rooms[0]), bytesOf(rooms[1])
	reached := uintptr(0)
	for i := range first {
		switch kept := first[i] == patterns[0] && second[i] == patterns[1]; {
		case kept:
		case uintptr(i) < start:
			t.Errorf("the kernel wrote %d bytes before %s", start-uintptr(i), name)
		default:
			reached = uintptr(i) - start + 1
		}
	}
	if reached < least || reached > size {
		t.Errorf("the kernel wrote %d bytes of %s, expected %d to %d, the size of Go's structure", reached, name, least, size)
	}
	return &rooms[0].it
}

// whole is filled for a structure that the kernel writes to its last field.
func whole[S any](t *suite.T, name string, call func(*S) error) *S {
	least := lastField(reflect.TypeFor[S]())
	if value, ok := t.Expected(name + "-bytes"); ok {
		number, err := strconv.Atoi(value)
		if err != nil {
			t.Fatalf("this is a mistake in expected/layout.json: %v", err)
		}
		least = uintptr(number)
	}
	return filled(t, name, least, call)
}

// lastField is where the last field of a structure ends that is not there to fill it up.
func lastField(of reflect.Type) uintptr {
	if of.Kind() != reflect.Struct {
		return of.Size()
	}
	end := uintptr(0)
	for i := range of.NumField() {
		field := of.Field(i)
		if field.Name != "_" && !strings.HasPrefix(field.Name, "Pad") && !strings.HasPrefix(field.Name, "X_") {
			end = field.Offset + field.Type.Size()
		}
	}
	return end
}

// refused ends the case: a call that is not there or not allowed says nothing about its structures.
func refused(t *suite.T, name string, err error) {
	for _, closed := range []error{syscall.ENOSYS, syscall.EPERM, syscall.EACCES, syscall.EAFNOSUPPORT} {
		if errors.Is(err, closed) {
			t.NA("%s: the kernel answers %v here", name, err)
		}
	}
	t.Fatalf("%s: %v", name, err)
}

func bytesOf[S any](it *S) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(it)), unsafe.Sizeof(*it))
}

// same holds one field against what is known of it.
func same[V comparable](t *suite.T, field string, got, want V) {
	if got != want {
		t.Errorf("%s is %v, expected %v", field, got, want)
	}
}

func within[V ~int64 | ~uint64](t *suite.T, field string, got, least, most V) {
	if got < least || got > most {
		t.Errorf("%s is %v, expected %v to %v", field, got, least, most)
	}
}

// raw is a system call whose result is an error only.
func raw(number uintptr, args ...uintptr) error {
	_, err := number6(number, args...)
	return err
}

func number6(number uintptr, args ...uintptr) (uintptr, error) {
	var a [6]uintptr
	copy(a[:], args)
	result, _, errno := syscall.Syscall6(number, a[0], a[1], a[2], a[3], a[4], a[5])
	if errno != 0 {
		return result, errno
	}
	return result, nil
}

func at[S any](it *S) uintptr { return uintptr(unsafe.Pointer(it)) }

// text is the part of a field of characters before its NUL; the sign of a character differs between ports.
func text[C ~int8 | ~uint8](t *suite.T, field string, chars []C) string {
	letters := unsafe.Slice((*byte)(unsafe.Pointer(&chars[0])), len(chars))
	before, _, ended := bytes.Cut(letters, []byte{0})
	if !ended {
		t.Errorf("%s has no NUL: %q", field, letters)
	}
	return string(before)
}

// told is the content of a file of /proc or /sys, which says in words what structures say in bytes.
func told(t *suite.T, file string) string {
	content, err := os.ReadFile(file)
	if err != nil {
		t.Unknown("%v: nothing to compare with", err)
	}
	return strings.TrimSpace(string(content))
}

// toldNumber is the number behind a key in lines such as "MemTotal:  16 kB".
func toldNumber(t *suite.T, file, key string) uint64 {
	for line := range strings.Lines(told(t, file)) {
		if rest, found := strings.CutPrefix(line, key+":"); found {
			if fields := strings.Fields(rest); len(fields) > 0 {
				number, err := strconv.ParseUint(fields[0], 10, 64)
				if err == nil {
					return number
				}
			}
		}
	}
	t.Unknown("%s has no number for %s", file, key)
	return 0
}
