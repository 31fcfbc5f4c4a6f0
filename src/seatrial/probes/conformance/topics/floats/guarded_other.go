//go:build !linux && !darwin

package floats

import "seatrial.example/conformance/suite"

// guarded is a page of memory. Nothing guards it here.
func guarded(*suite.T) (page []byte, release func()) { return make([]byte, 4096), func() {} }
