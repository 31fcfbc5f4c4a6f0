// Package codes names what systems answer: errno numbers, Win32 error codes and NTSTATUS values. A text that says only
// "permission denied" does not tell EACCES from EPERM, nor ERROR_ACCESS_DENIED from a file that waits to be deleted.
package codes

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// A Kind is what a program does differently after an error.
type Kind string

// The kinds that Go programs tell apart on each system.
const (
	None       Kind = "no error"
	NotExist   Kind = "does not exist"
	Exist      Kind = "exists already"
	Permission Kind = "not permitted"
	Busy       Kind = "busy"
	Other      Kind = "another error"
)

// KindOf is the kind of an error: by errors.Is, as programs ask, and busy by the system's own codes.
func KindOf(err error) Kind {
	var code syscall.Errno
	switch {
	case err == nil:
		return None
	case errors.As(err, &code) && busy(code):
		return Busy
	case errors.Is(err, fs.ErrNotExist):
		return NotExist
	case errors.Is(err, fs.ErrExist):
		return Exist
	case errors.Is(err, fs.ErrPermission):
		return Permission
	}
	return Other
}

// Describe is an error's text with the name and number of the system's code in it, if there is one.
func Describe(err error) string {
	var code syscall.Errno
	switch {
	case err == nil:
		return "no error"
	case errors.As(err, &code):
		return fmt.Sprintf("%v [%s]", err, Name(code))
	}
	return err.Error()
}

// Name is the name and the number of a code of this system: "ENOENT 2", "ERROR_SHARING_VIOLATION 32".
func Name(code syscall.Errno) string {
	if name := systemName(code); name != "" {
		return fmt.Sprintf("%s %d", name, uintptr(code))
	}
	return fmt.Sprintf("no known code, %d", uintptr(code))
}

// Ending says how a process ended, with the name of what ended it.
func Ending(state *os.ProcessState) string {
	if state == nil {
		return "not ended"
	}
	code := uint32(state.ExitCode())
	if status, known := statuses[code]; known && !state.Success() {
		return fmt.Sprintf("%v, %s", state, status.name)
	}
	return state.String()
}

// Win32 is the name of an error code of Windows (winerror.h); "" when it is not in the table.
func Win32(code uint32) string { return win32[code] }

// NTStatus is the name of a status of the Windows kernel (ntstatus.h), and the Win32 code that programs get for it
// (RtlNtStatusToDosError); "" when it is not in the table.
func NTStatus(status uint32) (name string, code uint32) {
	row := statuses[status]
	return row.name, row.win32
}

// Statuses are the NTSTATUS values of the table for which Windows has a Win32 code, with that code.
func Statuses() map[uint32]uint32 {
	mapped := map[uint32]uint32{}
	for status, row := range statuses {
		if row.win32 != 0 {
			mapped[status] = row.win32
		}
	}
	return mapped
}
