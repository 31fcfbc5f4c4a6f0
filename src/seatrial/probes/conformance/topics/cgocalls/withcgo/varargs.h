#ifndef SEATRIAL_VARARGS_H
#define SEATRIAL_VARARGS_H
#include "numbers.h"
#include <stddef.h>

struct seatrial_small {
	int32_t whole;
	float part;
};
struct seatrial_large {
	int64_t all[5];
};

/* Notes its variable arguments: i int, l long long, d double, s struct small, t struct large. */
void seatrial_variadic(const char *kinds, ...);
int seatrial_format(char *out, size_t size, const char *format, ...);

void seatrial_shim_integers(i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64);
void seatrial_shim_small(signed char, unsigned char, short, unsigned short, float);
void seatrial_shim_floats(double, double, double, double, double, double, double, double, double, double);
void seatrial_shim_mixed(int, double, i64, double, int, double, i64, double, int, double, i64, double);
void seatrial_shim_structs(int, struct seatrial_small, double, struct seatrial_large, int);
void seatrial_shim_format(char *out, size_t size, int, const char *, double, long long, char, unsigned);
#endif
