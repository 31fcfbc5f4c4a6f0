// Command glibc-on-alpine is linked against glibc, which Alpine does not have: its loader is "not found".
package main

// #include <stdio.h>
// #include <stdlib.h>
// static void hello(void) { puts("hello"); fflush(stdout); }
import "C"

func main() {
	C.hello()
}
