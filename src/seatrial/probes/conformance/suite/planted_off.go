//go:build !faults

package suite

// Planted is false in the probes that are shipped; the compiler leaves out what depends on it.
func Planted(string) bool { return false }
