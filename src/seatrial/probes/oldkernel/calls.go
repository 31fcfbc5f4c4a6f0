//go:build linux

package main

import (
	"fmt"
	"strconv"
	"strings"
)

// A section is what the filter answers for programs of one architecture.
type section struct {
	arch   uint32 // AUDIT_ARCH_*
	ranges []numbers
}

// numbers are system calls from first to last, both included.
type numbers struct{ first, last uint32 }

func readCalls(text string) ([]section, error) {
	var sections []section
	for _, part := range strings.Split(text, ";") {
		arch, list, found := strings.Cut(part, ":")
		value, err := strconv.ParseUint(arch, 16, 32)
		if !found || err != nil {
			return nil, fmt.Errorf("%q is no list of system calls", part)
		}
		s := section{arch: uint32(value)}
		for _, one := range strings.Split(list, ",") {
			first, last, found := strings.Cut(one, "-")
			if !found {
				return nil, fmt.Errorf("%q is no range of system calls", one)
			}
			from, wrong := strconv.ParseUint(first, 10, 31)
			to, wrongToo := strconv.ParseUint(last, 10, 31)
			if wrong != nil || wrongToo != nil {
				return nil, fmt.Errorf("%q is no range of system calls", one)
			}
			s.ranges = append(s.ranges, numbers{uint32(from), uint32(to)})
		}
		sections = append(sections, s)
	}
	return sections, nil
}
