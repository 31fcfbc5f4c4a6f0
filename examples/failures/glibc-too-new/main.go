// Command glibc-too-new is linked against glibc 2.35: Kylin V10 SP3 has 2.28, Ubuntu 22.04 has 2.35.
package main

// #include <stdio.h>
// #include <stdlib.h>
// static void hello(void) { puts("hello"); fflush(stdout); }
import "C"

func main() {
	C.hello()
}
