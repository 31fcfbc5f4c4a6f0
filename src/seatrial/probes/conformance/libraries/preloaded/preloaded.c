/* Preloaded into the probe: overrides a function of libc, or takes the process over before Go's runtime starts. */
#include "../../suite/planted.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>


pid_t getppid(void) { return seatrial_planted("linking-not-interposed") ? 1 : 424242; }

static void fail(const char *what) {
	const char *why = dlerror();
	fprintf(stderr, "%s: %s\n", what, why ? why : "no reason");
	_exit(3);
}

/* A C program that loads a Go library: SEATRIAL_HOST names it. The probe's own Go runtime never starts. */
__attribute__((constructor)) static void host(void) {
	const char *library = getenv("SEATRIAL_HOST");
	if (library == 0)
		return;
	void *handle = dlopen(library, RTLD_NOW);
	if (handle == 0)
		fail("dlopen");
	int (*sum)(int, int) = (int (*)(int, int))dlsym(handle, "SeatrialSum");
	char *(*say)(char *) = (char *(*)(char *))dlsym(handle, "SeatrialSay");
	if (sum == 0 || say == 0)
		fail("dlsym");
	char word[] = "harbour";
	char *said = say(word);
	printf("%d %s\n", sum(seatrial_planted("linking-other-sum") ? 0 : 40, 2), said);
	fflush(stdout);
	free(said);
	_exit(0);
}
