//go:build unix && !linux

package files

// longestNameOf is NAME_MAX: pathconf is no system call there.
func longestNameOf(string) int { return 255 }
