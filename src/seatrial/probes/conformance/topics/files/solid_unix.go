//go:build unix

package files

import (
	"os"
	"syscall"
)

// solid says whether a hole of 1 MiB takes up space, and leaves the file as it was, empty.
func solid(file *os.File) (filled bool) {
	var seen syscall.Stat_t
	if file.Truncate(1<<20) != nil || syscall.Fstat(int(file.Fd()), &seen) != nil || file.Truncate(0) != nil {
		return true
	}
	const sector = 512
	return int64(seen.Blocks)*sector >= 1<<20
}
