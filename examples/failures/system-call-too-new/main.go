// Command system-call-too-new opens a file with openat2, which Linux has since 5.6, and does not handle its absence.
package main

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

const openat2 = 437

type openHow struct{ flags, mode, resolve uint64 }

func open(name string) (int, error) {
	path, err := syscall.BytePtrFromString(name)
	if err != nil {
		return -1, err
	}
	how := openHow{flags: syscall.O_RDONLY | syscall.O_CLOEXEC}
	const here = -100 // AT_FDCWD
	dir := here
	fd, _, errno := syscall.Syscall6(openat2, uintptr(dir), uintptr(unsafe.Pointer(path)),
		uintptr(unsafe.Pointer(&how)), unsafe.Sizeof(how), 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil
}

func main() {
	if _, err := open("/"); err != nil {
		fmt.Fprintln(os.Stderr, "openat2:", err)
		os.Exit(1)
	}
	fmt.Println("opened")
}
