//go:build unix

package withcgo

// #include <errno.h>
// #include <stdlib.h>
// #include "errors.h"
import "C"

import (
	"errors"
	"io/fs"
	"syscall"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "cgocalls/errno-of-libc",
		Contract: "The errno that libc makes of a failed system call reaches Go as the same error that Go's own call gives.",
		Source:   twoValues + "; access(2), ENOENT",
		Breaks:   "errors.Is(err, fs.ErrNotExist) is false for errors of C libraries.",
		Run:      errnoOfLibc,
	}, suite.Case{
		ID:       "cgocalls/errno-numbers",
		Contract: "The numbers of errno in C's headers are those of package syscall.",
		Source:   "errno.h of the platform; Go syscall/zerrors_*.go",
		Breaks:   "errors.Is compares errors of C with other ones: EAGAIN of one port is EDEADLK of another.",
		Run:      errnoNumbers,
	})
}

func errnoOfLibc(t *suite.T) {
	path := C.CString(t.Dir() + "/missing")
	defer C.free(unsafe.Pointer(path))
	if got, err := C.cgocalls_missing_file(path); got != -1 || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("access(2) of a missing file: C returned %d, Go got the error %v, expected -1 and %v", int(got), err, syscall.ENOENT)
	}
}

func errnoNumbers(t *suite.T) {
	for _, number := range []struct {
		name  string
		c, is syscall.Errno
	}{
		{"ENOENT", C.ENOENT, syscall.ENOENT}, {"EINTR", C.EINTR, syscall.EINTR}, {"EAGAIN", C.EAGAIN, syscall.EAGAIN},
		{"ENOSYS", C.ENOSYS, syscall.ENOSYS}, {"EDEADLK", C.EDEADLK, syscall.EDEADLK}, {"ELOOP", C.ELOOP, syscall.ELOOP},
		{"ENAMETOOLONG", C.ENAMETOOLONG, syscall.ENAMETOOLONG}, {"ENOTEMPTY", C.ENOTEMPTY, syscall.ENOTEMPTY},
		{"ETIMEDOUT", C.ETIMEDOUT, syscall.ETIMEDOUT}, {"ECONNREFUSED", C.ECONNREFUSED, syscall.ECONNREFUSED},
		{"EINPROGRESS", C.EINPROGRESS, syscall.EINPROGRESS}, {"EADDRINUSE", C.EADDRINUSE, syscall.EADDRINUSE},
		{"EOVERFLOW", C.EOVERFLOW, syscall.EOVERFLOW}, {"EILSEQ", C.EILSEQ, syscall.EILSEQ},
	} {
		_, err := C.cgocalls_fail_with(C.int(number.c))
		if !errors.Is(err, number.is) || number.c != number.is {
			t.Errorf("%s is %d in C and %d in Go; set by C, Go sees it as %v", number.name, uintptr(number.c),
				uintptr(number.is), err)
		}
	}
}
