//go:build cgo

#include "vectors.h"
#include <string.h>

/* Apart from vectors.c, so that the arguments go by the calling convention. */
void cgocalls_vector_sum(int32_t *four) {
	cgocalls_v4 steps = {0, 1, 2, 3};
	cgocalls_v4 sum = cgocalls_digits(7 + steps, 6 + steps, 5 + steps, 4 + steps, 3 + steps, 2 + steps, 1 + steps);
	memcpy(four, &sum, sizeof sum);
}
