// Command c-shared-on-musl is a Go library for C programs: under musl its constructor reads argc and argv that nobody
// passes, and its initial-exec TLS keeps it from being loaded with dlopen.
package main

import "C"

//export Answer
func Answer() C.int {
	return 42
}

func main() {}
