// Command static-glibc-getaddrinfo is a static glibc program that asks glibc for names: NSS is loaded when it runs.
package main

// #include <netdb.h>
// #include <stddef.h>
// static int look(void) {
//   struct addrinfo *found = NULL;
//   int failed = getaddrinfo("localhost", NULL, NULL, &found);
//   if (!failed) freeaddrinfo(found);
//   return failed;
// }
import "C"

import "fmt"

func main() {
	fmt.Println("getaddrinfo:", C.look())
}
