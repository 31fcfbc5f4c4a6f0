// Command executable-stack is linked with -z execstack, as C code with nested functions or old assembler files would be.
package main

// #include <stdio.h>
// #include <stdlib.h>
// static void hello(void) { puts("hello"); fflush(stdout); }
import "C"

func main() {
	C.hello()
}
