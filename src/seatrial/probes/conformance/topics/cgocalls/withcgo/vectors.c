//go:build cgo

#include "vectors.h"
#include "planted.h"

seatrial_v4 seatrial_digits(seatrial_v4 a, seatrial_v4 b, seatrial_v4 c, seatrial_v4 d, seatrial_v4 e, seatrial_v4 f,
			    seatrial_v4 g) {
	if (seatrial_planted("cgocalls-vector-half-lost"))
		c[2] = c[3] = 0;
	return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f + 1000000 * g;
}
