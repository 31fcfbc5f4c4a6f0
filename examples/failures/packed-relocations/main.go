// Command packed-relocations has DT_RELR, which glibc reads from 2.36 on: Kylin V10 SP3 has 2.28, Debian 12 has 2.36.
package main

// #include <stdio.h>
// #include <stdlib.h>
// static void hello(void) { puts("hello"); fflush(stdout); }
import "C"

func main() {
	C.hello()
}
