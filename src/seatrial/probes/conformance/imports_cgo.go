//go:build cgo

package main

// The packages of cases that take a C compiler: one line a topic.
import (
	_ "seatrial.example/conformance/topics/atomics/withcgo"
	_ "seatrial.example/conformance/topics/cgocalls/withcgo"
	_ "seatrial.example/conformance/topics/floats/withcgo"
	_ "seatrial.example/conformance/topics/layout/withcgo"
	_ "seatrial.example/conformance/topics/linking/withcgo"
	_ "seatrial.example/conformance/topics/names/withcgo"
	_ "seatrial.example/conformance/topics/signals/withcgo"
)
