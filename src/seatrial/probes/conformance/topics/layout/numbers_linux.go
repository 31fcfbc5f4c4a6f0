package layout

import "runtime"

// The numbers of calls that package syscall does not name on each port.
var (
	sysStatx = map[string]uintptr{
		"386": 383, "amd64": 332, "arm": 397, "arm64": 291, "loong64": 291, "mips": 4366, "mipsle": 4366, "mips64": 5326,
		"mips64le": 5326, "ppc64": 383, "ppc64le": 383, "riscv64": 291, "s390x": 379,
	}[runtime.GOARCH]
	sysGetsockname = map[string]uintptr{
		"386": 367, "amd64": 51, "arm": 286, "arm64": 204, "loong64": 204, "mips": 4171, "mipsle": 4171, "mips64": 5050,
		"mips64le": 5050, "ppc64": 331, "ppc64le": 331, "riscv64": 204, "s390x": 367,
	}[runtime.GOARCH]
	sysGetsockopt = map[string]uintptr{
		"386": 365, "amd64": 55, "arm": 295, "arm64": 209, "loong64": 209, "mips": 4173, "mipsle": 4173, "mips64": 5054,
		"mips64le": 5054, "ppc64": 340, "ppc64le": 340, "riscv64": 209, "s390x": 365,
	}[runtime.GOARCH]
)
