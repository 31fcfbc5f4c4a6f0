package syscalls

import (
	"errors"
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"seatrial.example/conformance/suite"
)

// System Error Codes (Microsoft, Win32).
const (
	errorInvalidHandle = syscall.Errno(6)
	errorModNotFound   = syscall.Errno(126)
	errorProcNotFound  = syscall.Errno(127)
)

var (
	kernel32            = syscall.NewLazyDLL("kernel32.dll")
	setLastError        = kernel32.NewProc("SetLastError")
	wideCharToMultiByte = kernel32.NewProc("WideCharToMultiByte")
	closeHandle         = kernel32.NewProc("CloseHandle")
)

func init() {
	suite.Register(suite.Case{
		ID:       "syscalls/missing-procedure-told",
		Contract: "A library or a procedure that is not there is an error with its own code, not a crash.",
		Source:   "GetProcAddress, LoadLibrary (Microsoft, Win32); package syscall, LazyProc.Find, DLLError",
		Breaks:   "Programs that look whether Windows has a new call end with a panic on older ones.",
		Run:      missingProcedure,
	}, suite.Case{
		ID:       "syscalls/last-error-per-thread",
		Contract: "The last error is the calling thread's own, and Go reads it right after the call.",
		Source:   "GetLastError (Microsoft, Win32); Go runtime/sys_windows_*.s, asmstdcall",
		Breaks:   "Under load calls fail with the errors of other goroutines.",
		Run:      lastErrors,
	}, suite.Case{
		ID:       "syscalls/eight-arguments",
		Contract: "A call gets all of its arguments, those on the stack included.",
		Source:   "x64 calling convention (Microsoft); Go runtime/sys_windows_*.s, asmstdcall; WideCharToMultiByte",
		Breaks:   "Files are opened with the wrong rights, processes started with the wrong handles.",
		Run:      eightArguments,
	})
}

func missingProcedure(t *suite.T) {
	name := "SeatrialHasNoSuchProcedure"
	if suite.Planted("syscalls-windows-finds-all") {
		name = "GetLastError"
	}
	err := kernel32.NewProc(name).Find()
	var told *syscall.DLLError
	if !errors.As(err, &told) || told.Err != errorProcNotFound {
		t.Errorf("a missing procedure: %v; error %d was expected", err, errorProcNotFound)
	}
	err = syscall.NewLazyDLL("seatrial-has-no-such-library.dll").Load()
	if !errors.As(err, &told) || told.Err != errorModNotFound {
		t.Errorf("a missing library: %v; error %d was expected", err, errorModNotFound)
	}
}

func lastErrors(t *suite.T) {
	const threads, rounds = 4, 500
	var pool sync.WaitGroup
	for i := range threads {
		pool.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			for range rounds {
				own := syscall.Errno(1000 + i)
				_, _, err := setLastError.Call(uintptr(own))
				if suite.Planted("syscalls-windows-one-last-error") {
					err = syscall.Errno(1000)
				}
				if err != own {
					t.Errorf("thread %d set its last error to %d and read %v", i, own, err)
					return
				}
				if ok, _, err := closeHandle.Call(0); ok != 0 || err != errorInvalidHandle {
					t.Errorf("thread %d: closing no handle: %d, %v; error %d was expected", i, ok, err, errorInvalidHandle)
					return
				}
			}
		})
	}
	pool.Wait()
}

func eightArguments(t *suite.T) {
	const latin1 = 28591
	text, err := syscall.UTF16FromString("ship \u8239")
	must(t, err)
	var into [16]byte
	standIn, used := byte('#'), int32(0)
	count, _, err := wideCharToMultiByte.Call(latin1, 0, uintptr(unsafe.Pointer(&text[0])), uintptr(len(text)-1),
		uintptr(unsafe.Pointer(&into[0])), uintptr(len(into)), uintptr(unsafe.Pointer(&standIn)), uintptr(unsafe.Pointer(&used)))
	if suite.Planted("syscalls-windows-arguments-cut") {
		used = 0
	}
	if count != 6 || string(into[:6]) != "ship #" || into[6] != 0 || used == 0 {
		t.Fatalf("WideCharToMultiByte: %d (%v), %q, stand-in used: %v; 6, %q and true were expected", count, err, into[:7],
			used != 0, "ship #")
	}
}
