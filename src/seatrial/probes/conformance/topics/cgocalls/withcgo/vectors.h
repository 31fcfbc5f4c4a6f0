#ifndef SEATRIAL_VECTORS_H
#define SEATRIAL_VECTORS_H
#include <stdint.h>

/* 16-byte vectors, seven of them as arguments: in vector registers where the port has them. */
typedef int32_t cgocalls_v4 __attribute__((vector_size(16)));
typedef double cgocalls_w4 __attribute__((vector_size(32)));

cgocalls_v4 cgocalls_digits(cgocalls_v4, cgocalls_v4, cgocalls_v4, cgocalls_v4, cgocalls_v4, cgocalls_v4, cgocalls_v4);
void cgocalls_vector_sum(int32_t *four);
void cgocalls_wide_sum(double *four);
#endif
