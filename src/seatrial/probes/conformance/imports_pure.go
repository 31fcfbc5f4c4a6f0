//go:build !cgo

package main

import (
	_ "seatrial.example/conformance/topics/atomics"
	_ "seatrial.example/conformance/topics/cgocalls"
	_ "seatrial.example/conformance/topics/clocks"
	_ "seatrial.example/conformance/topics/files"
	_ "seatrial.example/conformance/topics/floats"
	_ "seatrial.example/conformance/topics/layout"
	_ "seatrial.example/conformance/topics/linking"
	_ "seatrial.example/conformance/topics/load"
	_ "seatrial.example/conformance/topics/memory"
	_ "seatrial.example/conformance/topics/names"
	_ "seatrial.example/conformance/topics/network"
	_ "seatrial.example/conformance/topics/readiness"
	_ "seatrial.example/conformance/topics/resources"
	_ "seatrial.example/conformance/topics/runtimes"
	_ "seatrial.example/conformance/topics/signals"
	_ "seatrial.example/conformance/topics/syscalls"
)
