//go:build cgo

#include "varargs.h"
#include "planted.h"
#include <stdarg.h>
#include <stdio.h>

void cgocalls_variadic(const char *kinds, ...) {
	uint64_t all[SEATRIAL_MOST];
	int n = 0;
	va_list list;
	va_start(list, kinds);
	for (; *kinds != 0 && n < SEATRIAL_MOST - 5; kinds++) {
		if (*kinds == 'i') {
			all[n++] = (uint64_t)va_arg(list, int);
		} else if (*kinds == 'l') {
			all[n++] = (uint64_t)va_arg(list, long long);
		} else if (*kinds == 'd') {
			double value = va_arg(list, double);
			all[n++] = seatrial_planted("cgocalls-no-vector-count") ? 0 : cgocalls_bits(value);
		} else if (*kinds == 's') {
			struct cgocalls_small s = va_arg(list, struct cgocalls_small);
			all[n++] = (uint64_t)s.whole;
			all[n++] = cgocalls_bits_f(s.part);
		} else {
			struct cgocalls_large s = va_arg(list, struct cgocalls_large);
			for (int i = 0; i < 5; i++)
				all[n++] = (uint64_t)s.all[i];
		}
	}
	va_end(list);
	cgocalls_note(n, all);
}

int cgocalls_format(char *out, size_t size, const char *format, ...) {
	va_list list, again;
	va_start(list, format);
	va_copy(again, list);
	if (seatrial_planted("cgocalls-list-moved"))
		(void)va_arg(again, int);
	vsnprintf(out, size, format, list); /* uses `list` up; the copy still begins at the beginning */
	int length = vsnprintf(out, size, format, again);
	va_end(again);
	va_end(list);
	return length;
}
