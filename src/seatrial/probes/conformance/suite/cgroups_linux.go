package suite

import (
	"os"
	"strings"
)

// CgroupMode is `v1`, `v2`, `hybrid` or `none`, by what /proc/self/cgroup lists (cgroups(7)).
func CgroupMode() string {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "none"
	}
	first, second := false, false
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if strings.HasPrefix(line, "0::") {
			second = true
		} else if line != "" {
			first = true
		}
	}
	switch {
	case first && second:
		return "hybrid"
	case first:
		return "v1"
	case second:
		return "v2"
	}
	return "none"
}

func noCgroup(version string) string {
	if mode := CgroupMode(); mode != version && mode != "hybrid" {
		return "this host's cgroups are " + mode
	}
	return ""
}
