package resources

import (
	"math/bits"
	"runtime"
	"syscall"
	"unsafe"

	"seatrial.example/conformance/suite"
)

var (
	kernel32               = syscall.NewLazyDLL("kernel32.dll")
	getProcessAffinityMask = kernel32.NewProc("GetProcessAffinityMask")
)

func init() {
	suite.Register(suite.Case{
		ID:       "resources/affinity-mask-counted",
		Contract: "NumCPU is the number of processors that the process's affinity mask allows.",
		Source:   "GetProcessAffinityMask (Microsoft, Win32); Go runtime/os_windows.go, getproccount",
		Breaks:   "Services with an affinity start too many threads.",
		Run: func(t *suite.T) {
			var process, system uintptr
			self, _ := syscall.GetCurrentProcess()
			if ok, _, err := getProcessAffinityMask.Call(uintptr(self), uintptr(unsafe.Pointer(&process)), uintptr(unsafe.Pointer(&system))); ok == 0 {
				t.Fatalf("GetProcessAffinityMask: %v", err)
			}
			if suite.Planted("resources-windows-mask-full") {
				process = 1<<runtime.NumCPU() | 1<<(runtime.NumCPU()-1)
			}
			if allowed := bits.OnesCount64(uint64(process)); allowed != runtime.NumCPU() || process&^system != 0 {
				t.Fatalf("the mask allows %d processors (%#x, of %#x), Go counted %d", allowed, process, system, runtime.NumCPU())
			}
		},
	})
}
