package files

import "syscall"

func longestNameOf(dir string) int {
	var seen syscall.Statfs_t
	if syscall.Statfs(dir, &seen) != nil || seen.Namelen <= 0 {
		return 255
	}
	return int(seen.Namelen)
}
