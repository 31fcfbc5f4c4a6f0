package files

import (
	"os"
	"syscall"
)

// solid marks a file as one with holes, and says whether that failed.
func solid(file *os.File) (filled bool) {
	const setSparse = 0x900c4 // FSCTL_SET_SPARSE, winioctl.h
	var returned uint32
	return syscall.DeviceIoControl(syscall.Handle(file.Fd()), setSparse, nil, 0, nil, 0, &returned, nil) != nil
}
