#ifndef SEATRIAL_VECTORS_H
#define SEATRIAL_VECTORS_H
#include <stdint.h>

/* 16-byte vectors, seven of them as arguments: in vector registers where the port has them. */
typedef int32_t seatrial_v4 __attribute__((vector_size(16)));
typedef double seatrial_w4 __attribute__((vector_size(32)));

seatrial_v4 seatrial_digits(seatrial_v4, seatrial_v4, seatrial_v4, seatrial_v4, seatrial_v4, seatrial_v4, seatrial_v4);
void seatrial_vector_sum(int32_t *four);
void seatrial_wide_sum(double *four);
#endif
