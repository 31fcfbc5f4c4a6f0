//go:build cgo

#include "vectors.h"
#include "planted.h"

cgocalls_v4 cgocalls_digits(cgocalls_v4 a, cgocalls_v4 b, cgocalls_v4 c, cgocalls_v4 d, cgocalls_v4 e, cgocalls_v4 f,
			    cgocalls_v4 g) {
	if (seatrial_planted("cgocalls-vector-half-lost"))
		c[2] = c[3] = 0;
	return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f + 1000000 * g;
}
