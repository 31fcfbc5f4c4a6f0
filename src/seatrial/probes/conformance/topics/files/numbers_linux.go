package files

import (
	"runtime"

	"seatrial.example/conformance/suite"
)

// System calls that package syscall does not name on each port (Linux arch/*/entry/syscalls/syscall*.tbl).
var numbers = map[string]struct{ renameat2, memfdCreate uintptr }{
	"386": {353, 356}, "amd64": {316, 319}, "arm": {382, 385}, "arm64": {276, 279}, "loong64": {276, 279},
	"riscv64": {276, 279}, "mips": {4351, 4354}, "mipsle": {4351, 4354}, "mips64": {5311, 5314},
	"mips64le": {5311, 5314}, "ppc64": {357, 360}, "ppc64le": {357, 360}, "s390x": {347, 350},
}

func numbersHere(t *suite.T) struct{ renameat2, memfdCreate uintptr } {
	here, known := numbers[runtime.GOARCH]
	if !known {
		t.Unknown("the numbers of this port's system calls are not in the table")
	}
	return here
}
