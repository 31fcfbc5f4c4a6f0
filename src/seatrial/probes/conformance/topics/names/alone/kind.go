// Package alone looks names up in a network of its own, with files in /etc of its own, so that the system's resolver can
// be asked without touching the system.
package alone

import (
	"errors"
	"net"
	"strings"
)

// Kind says of an error of a lookup what programs ask of it: "not found", "time-out", "temporary", several, or none.
func Kind(err error) string {
	var told *net.DNSError
	if !errors.As(err, &told) {
		return "no DNSError"
	}
	var kinds []string
	for _, k := range []struct {
		name string
		is   bool
	}{{"not found", told.IsNotFound}, {"time-out", told.IsTimeout}, {"temporary", told.IsTemporary}} {
		if k.is {
			kinds = append(kinds, k.name)
		}
	}
	return strings.Join(kinds, ", ")
}
