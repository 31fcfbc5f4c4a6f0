// Command other-loader names a loader at a path of its own, as tool chains with a private glibc do.
package main

// #include <stdio.h>
// #include <stdlib.h>
// static void hello(void) { puts("hello"); fflush(stdout); }
import "C"

func main() {
	C.hello()
}
