//go:build cgo

#include "vectors.h"
#include "planted.h"
#include "registers.h"
#include <string.h>

/* Through memory on the way in: GCC and Clang pass 32-byte vectors alike only where AVX is on for both sides. */
#define AVX __attribute__((target("avx"), noinline))

AVX static void rotate(double *four, int times) {
	cgocalls_w4 all;
	memcpy(&all, four, sizeof all);
	volatile cgocalls_w4 spilled = all; /* to a 32-byte aligned slot */
	for (int i = 0; i < times; i++)
		spilled = (cgocalls_w4){spilled[3], spilled[0], spilled[1], spilled[2]} + 1.0;
	all = spilled;
	if (seatrial_planted("cgocalls-vector-half-lost"))
		all[2] = all[3] = 0;
	memcpy(four, &all, sizeof all);
}

/* Whether the processor has AVX and the operating system saves its registers. */
static int has_avx(void) {
	uint32_t a = 1, b, c = 0, d, low, high;
	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	if ((c >> 27 & 3) != 3) /* OSXSAVE, AVX */
		return 0;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (low & 6) == 6;
}

int cgocalls_vectors32(void) {
	double four[4] = {1, 2, 3, 4};
	if (!has_avx())
		return -1;
	rotate(four, 6);
	return four[0] == 9 && four[1] == 10 && four[2] == 7 && four[3] == 8;
}
