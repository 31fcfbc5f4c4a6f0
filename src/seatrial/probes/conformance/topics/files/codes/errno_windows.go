package codes

import "syscall"

func systemName(code syscall.Errno) string {
	if code >= syscall.APPLICATION_ERROR { // Go's own numbers for POSIX names (syscall/types_windows.go)
		return "an error of Go's own"
	}
	return win32[uint32(code)]
}

func busy(code syscall.Errno) bool {
	switch code {
	case 32, 33, 170, 231, 303, 1224: // sharing, lock, busy, pipe, delete pending, mapped
		return true
	}
	return false
}
