/* A library that notes its own life. Loaded by topics/linking. */
#include "../../suite/planted.h"
#include <errno.h>
#include <stdlib.h>

#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#define HIDDEN
#else
#define EXPORT __attribute__((visibility("default")))
#define HIDDEN __attribute__((visibility("hidden")))
#endif

EXPORT int seatrial_number = 1234;
EXPORT int seatrial_read_number(void) { return seatrial_number; }
EXPORT int seatrial_add(int a, int b) { return a + b - !!seatrial_planted("linking-other-function"); }

HIDDEN int seatrial_hidden(void) { return 1; }
static int internal(void) { return seatrial_hidden(); }
EXPORT int seatrial_through_hidden(void) { return internal(); }

/* The constructors that ran, one digit each, and whom to tell of destructors. */
EXPORT int seatrial_began;
static void (*ended)(int);
EXPORT void seatrial_tell(void (*whom)(int)) { ended = whom; }

static void began(int which) {
	if (!seatrial_planted("linking-no-constructors"))
		seatrial_began = seatrial_began * 10 + which;
}

static void tell(int which) {
	if (ended && !seatrial_planted("linking-no-constructors"))
		ended(which);
}

__attribute__((constructor(202))) static void second(void) { began(2); }
__attribute__((constructor(201))) static void first(void) { began(1); }
__attribute__((constructor)) static void third(void) { began(3); }
__attribute__((destructor(202))) static void before_last(void) { tell(2); }
__attribute__((destructor(201))) static void last(void) { tell(1); }

#ifndef _WIN32
/* Each thread's own: one that begins as 42, and one that needs its alignment. */
static __thread int own = 42;
static __thread char wide[64] __attribute__((aligned(64)));

EXPORT int seatrial_own(int next) {
	int before = own;
	own = next;
	if ((size_t)wide % 64 != 0 || wide[0] != 0)
		return -1;
	return seatrial_planted("linking-threads-share") ? 43 : before;
}

extern int seatrial_nowhere(void) __attribute__((weak));
EXPORT int seatrial_has_nowhere(void) { return seatrial_nowhere != 0; }
EXPORT __attribute__((weak)) int seatrial_fallback(void) { return 5; }
EXPORT int seatrial_call_fallback(void) { return seatrial_fallback(); }
#endif

EXPORT void *seatrial_allocate(int size) {
	errno = seatrial_planted("linking-other-errno") ? 0 : EXDEV;
	return calloc(1, (size_t)size);
}
