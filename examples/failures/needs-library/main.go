// Command needs-library is linked with a library that a Debian system may or may not have.
package main

// #cgo LDFLAGS: -Wl,--no-as-needed -l:libstdc++.so.6
// #include <stdio.h>
// static void hello(void) { puts("hello"); fflush(stdout); }
import "C"

func main() {
	C.hello()
}
