// Conformance asks a platform, case by case, whether it keeps the contracts that Go programs lean on.
//
// With CGO_ENABLED=0 it is the static pure-Go probe, with cgo the probe of what C takes part in: each case is in
// exactly one of the two. See README.md for the commands and for how to add a case.
package main

import (
	"os"

	"seatrial.example/conformance/suite"
)

func main() { os.Exit(suite.Main(os.Args[1:])) }
