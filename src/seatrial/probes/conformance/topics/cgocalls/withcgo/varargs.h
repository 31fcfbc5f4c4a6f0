#ifndef SEATRIAL_VARARGS_H
#define SEATRIAL_VARARGS_H
#include "numbers.h"
#include <stddef.h>

struct cgocalls_small {
	int32_t whole;
	float part;
};
struct cgocalls_large {
	int64_t all[5];
};

/* Notes its variable arguments: i int, l long long, d double, s struct small, t struct large. */
void cgocalls_variadic(const char *kinds, ...);
int cgocalls_format(char *out, size_t size, const char *format, ...);

void cgocalls_shim_integers(i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64);
void cgocalls_shim_small(signed char, unsigned char, short, unsigned short, float);
void cgocalls_shim_floats(double, double, double, double, double, double, double, double, double, double);
void cgocalls_shim_mixed(int, double, i64, double, int, double, i64, double, int, double, i64, double);
void cgocalls_shim_structs(int, struct cgocalls_small, double, struct cgocalls_large, int);
void cgocalls_shim_format(char *out, size_t size, int, const char *, double, long long, char, unsigned);
#endif
