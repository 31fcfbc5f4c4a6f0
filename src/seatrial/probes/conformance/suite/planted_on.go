//go:build faults

package suite

import "os"

var fault = os.Getenv("SEATRIAL_FAULT")

// Planted says whether this run is to have the named fault (topics/<topic>/faults.toml).
func Planted(name string) bool { return fault == name }
