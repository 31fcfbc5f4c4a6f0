//go:build cgo

/* Callers of what Go cannot call by itself. Apart from the callees, so that nothing is inlined. */

#include "structs.h"
#include <math.h>

int cgocalls_long_double_passes(double whole, int before) {
	long double copy = 0, last = ldexpl(1, 1 - cgocalls_long_double_bits());
	long double sum = cgocalls_add_long(whole, before, last, &copy);
	return copy == last && sum - (long double)whole == last;
}

void cgocalls_shim_integers(i64 a, i64 b, i64 c, i64 d, i64 e, i64 f, i64 g, i64 h, i64 i, i64 j, i64 k, i64 l) {
	cgocalls_variadic("llllllllllll", (long long)a, (long long)b, (long long)c, (long long)d, (long long)e,
			  (long long)f, (long long)g, (long long)h, (long long)i, (long long)j, (long long)k,
			  (long long)l);
}

void cgocalls_shim_small(signed char a, unsigned char b, short c, unsigned short d, float e) {
	cgocalls_variadic("iiiid", a, b, c, d, e);
}

void cgocalls_shim_floats(double a, double b, double c, double d, double e, double f, double g, double h, double i,
			  double j) {
	cgocalls_variadic("dddddddddd", a, b, c, d, e, f, g, h, i, j);
}

void cgocalls_shim_mixed(int a, double b, i64 c, double d, int e, double f, i64 g, double h, int i, double j, i64 k,
			 double l) {
	cgocalls_variadic("idldidldidld", a, b, (long long)c, d, e, f, (long long)g, h, i, j, (long long)k, l);
}

void cgocalls_shim_structs(int a, struct cgocalls_small s, double b, struct cgocalls_large l, int c) {
	cgocalls_variadic("isdti", a, s, b, l, c);
}

void cgocalls_shim_format(char *out, size_t size, int whole, const char *text, double real, long long wide, char letter,
			  unsigned mask) {
	cgocalls_format(out, size, "%d|%s|%.3f|%lld|%c|%x", whole, text, real, wide, letter, mask);
}

uintptr_t cgocalls_same_address(uintptr_t address) { return (uintptr_t)cgocalls_same_pointer((void *)address); }

struct cgocalls_d3 cgocalls_call_scale(struct cgocalls_methods methods, struct cgocalls_d3 v, double by) {
	return methods.scale(v, by);
}

int64_t cgocalls_call_count(struct cgocalls_methods *methods, struct cgocalls_text text) { return methods->count(text); }
