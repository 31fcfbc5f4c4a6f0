package withcgo

/*
#include <stdlib.h>
static const char *seatrial_libc(void) {
#if defined(__GLIBC__)
	return "glibc";
#elif defined(_WIN32)
	return "windows";
#elif defined(__linux__)
	return "musl";
#else
	return "bsd";
#endif
}
*/
import "C"

// libc names the C library for which this probe was compiled: some widths are its choice.
func libc() string { return C.GoString(C.seatrial_libc()) }
