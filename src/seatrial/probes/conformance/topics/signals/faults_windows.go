package signals

import (
	"syscall"
	"unsafe"
)

var virtualAlloc = syscall.NewLazyDLL("kernel32.dll").NewProc("VirtualAlloc")

// mapped is a page of its own (VirtualAlloc, Microsoft; winnt.h).
func mapped(kind int) (unsafe.Pointer, error) {
	const commitAndReserve, size = 0x3000, 1 << 16
	protection := map[int]uintptr{noAccess: 1, readOnly: 2, data: 4}[kind]
	address, _, err := virtualAlloc.Call(0, size, commitAndReserve, protection)
	if address == 0 {
		return nil, err
	}
	return *(*unsafe.Pointer)(unsafe.Pointer(&address)), nil
}
