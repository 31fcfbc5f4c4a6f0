//go:build unix && !linux

package signals

import "runtime"

// continued is WCONTINUED of sys/wait.h, which the package syscall does not have everywhere.
var continued = map[string]int{"darwin": 0x10, "freebsd": 4, "netbsd": 0x10, "openbsd": 8, "dragonfly": 4}[runtime.GOOS]
