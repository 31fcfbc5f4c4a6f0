//go:build export

package main

import (
	"embed"

	"seatrial.example/conformance/suite"
)

// payload is put here by `seatrial conformance export`: the cgo probe, its libraries and the list of its cases.
//
//go:embed all:payload
var payload embed.FS

func init() { suite.Carry(payload) }
