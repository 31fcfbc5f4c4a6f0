package suite

import (
	"os"
	"runtime"
	"unsafe"
)

// facts are what the probe sees of its machine. Nothing is judged here.
func facts() map[string]any {
	seen := map[string]any{
		"goos": runtime.GOOS, "goarch": runtime.GOARCH, "go": runtime.Version(), "cgo": withCgo,
		"cpus": runtime.NumCPU(), "page_size": os.Getpagesize(), "pointer_size": int(unsafe.Sizeof(uintptr(0))),
		"euid": os.Geteuid(), "cgroup": CgroupMode(),
	}
	machine(seen)
	return seen
}
