/* What a callee in C saw of its arguments, in order, as bits. One case runs at a time, so one place is enough. */
#ifndef SEATRIAL_SEEN_H
#define SEATRIAL_SEEN_H
#include <stdint.h>
#include <string.h>

enum { SEATRIAL_MOST = 72 };
extern uint64_t cgocalls_seen[SEATRIAL_MOST];

static inline uint64_t cgocalls_bits(double value) {
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}

static inline uint64_t cgocalls_bits_f(float value) {
	uint32_t bits;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}

/* Notes what was seen. Planted faults of the transport itself are here. */
void cgocalls_note(int n, const uint64_t *all);
#endif
