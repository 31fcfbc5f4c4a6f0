package withcgo

// #include <errno.h>
// #include "errors.h"
import "C"

import (
	"errors"
	"sync"
	"syscall"

	"seatrial.example/conformance/suite"
)

const twoValues = "cmd/cgo/doc.go: any C function may be called in a multiple assignment context, errno as an error"

func init() {
	suite.Register(suite.Case{
		ID:       "cgocalls/errno",
		Contract: "In a two-value call Go gets the result and the errno that C set, with a void function too.",
		Source:   twoValues,
		Breaks:   "Failures of C libraries are not noticed, or reported as other ones.",
		Run:      errno,
	}, suite.Case{
		ID:       "cgocalls/errno-nil-after-success",
		Contract: "A call that sets no errno gives a nil error, though errno was set on this thread before.",
		Source:   twoValues + "; cmd/cgo/out.go: errno is set to 0 before the call",
		Breaks:   "Good calls are reported as failed.",
		Run:      errnoNil,
	}, suite.Case{
		ID:       "cgocalls/errno-per-thread",
		Contract: "Each of several threads within C at the same time has its own errno.",
		Source:   "errno(3): errno is thread-local",
		Breaks:   "The error of one goroutine's C call is reported to another.",
		Needs:    []string{"threads"},
		Run:      errnoPerThread,
	})
}

func errno(t *suite.T) {
	root, err := C.cgocalls_root(-4)
	if root != -1 || err != syscall.Errno(C.EDOM) {
		t.Errorf("C returned -1 with errno %d, Go got %v with %v", int(C.EDOM), float64(root), err)
	}
	for _, number := range []syscall.Errno{1, 34, 4095} {
		if _, err := C.cgocalls_fail_with(C.int(number)); !errors.Is(err, number) {
			t.Errorf("a void C function set errno %d, Go got %v", uintptr(number), err)
		}
	}
}

func errnoNil(t *suite.T) {
	for range 50 {
		_, failed := C.cgocalls_fail_with(22)
		if got, err := C.cgocalls_succeed(); got != 7 || err != nil {
			t.Fatalf("C returned 7 and left errno alone, Go got %d and %v", int(got), err)
		}
		if failed == nil {
			t.Fatalf("C set errno 22, Go got no error")
		}
	}
}

func errnoPerThread(t *suite.T) {
	const all = 6
	C.cgocalls_meet_again()
	var pool sync.WaitGroup
	for i := range all {
		pool.Go(func() {
			number := C.int(100 + i)
			switch got, err := C.cgocalls_errno_among(all, number, milliseconds(t)); {
			case got == -1:
				t.Errorf("%d goroutines did not come to be within C at once", all)
			case got != number || err != syscall.Errno(number):
				t.Errorf("a thread set errno %d; with others in C it then read %d, and Go got %v", int(number), int(got), err)
			}
		})
	}
	pool.Wait()
}
