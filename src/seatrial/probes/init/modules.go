package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"syscall"
	"unsafe"
)

// loadModules loads every file of the folder in the order of their names, which is that of their dependencies.
func loadModules(folder string) error {
	files, err := filepath.Glob(folder + "/*")
	if err != nil {
		return err
	}
	sort.Strings(files)
	for _, file := range files {
		image, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if len(image) == 0 {
			return fmt.Errorf("%s is empty", file)
		}
		if err := initModule(image); err != nil && err != syscall.EEXIST { // built in
			return fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
	}
	return nil
}

// initModule is init_module(2): Go's syscall package has its number for every architecture, that of finit_module(2)
// for some.
func initModule(image []byte) error {
	parameters := []byte{0}
	_, _, errno := syscall.Syscall(syscall.SYS_INIT_MODULE, uintptr(unsafe.Pointer(&image[0])), uintptr(len(image)),
		uintptr(unsafe.Pointer(&parameters[0])))
	if errno != 0 {
		return errno
	}
	return nil
}
