/* Planted faults in C, only in builds with -DSEATRIAL_FAULTS: seatrial_planted("name") is 0 in all others. */
#ifndef SEATRIAL_PLANTED_H
#define SEATRIAL_PLANTED_H
#ifdef SEATRIAL_FAULTS
#include <stdlib.h>
#include <string.h>
static inline int seatrial_planted(const char *name) {
	const char *fault = getenv("SEATRIAL_FAULT");
	return fault != 0 && strcmp(fault, name) == 0;
}
#else
#define seatrial_planted(name) 0
#endif
#endif
