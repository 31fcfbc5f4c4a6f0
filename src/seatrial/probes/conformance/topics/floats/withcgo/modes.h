#ifndef SEATRIAL_MODES_H
#define SEATRIAL_MODES_H
#include <stdint.h>

/* Sets the rounding mode of this thread: 0 to nearest, 1 upward. 0 when that is done, -1 when it cannot be. */
int seatrial_round(int upward);
/* 1/3, 1/10 and 1 + 2^-60, computed now. */
void seatrial_thirds(double *three);
/* Computes in as many registers as there are, for so many rounds, rounding upward. */
double seatrial_compute(int rounds, volatile int32_t *begun);
/* A function of <math.h>, by number. */
double seatrial_math(int function, double x, double y, double z);
/* min/2, denormal + denormal, denormal * 2^1000: as C computes them. */
void seatrial_denormals(double *three);
/* Divides by zero, overflows, takes the root of -1 and computes 1/3: which flags each raised, of 1 invalid, 2 division,
   4 overflow, 8 inexact; -1 where C has no flags. */
void seatrial_flags(int *four);
#endif
