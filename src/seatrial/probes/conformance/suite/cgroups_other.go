//go:build !linux

package suite

// CgroupMode is `none` on every system but Linux.
func CgroupMode() string { return "none" }

func noCgroup(string) string { return "only Linux has cgroups" }
