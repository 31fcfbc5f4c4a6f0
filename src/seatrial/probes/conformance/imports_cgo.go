//go:build cgo

package main

// The packages of cases that take a C compiler: one line a topic, "seatrial.example/conformance/topics/<name>/withcgo".
