#ifndef SEATRIAL_NUMBERS_H
#define SEATRIAL_NUMBERS_H
#include "seen.h"
#include <complex.h>
#include <stdbool.h>

typedef int64_t i64;

void cgocalls_i1(i64);
void cgocalls_i2(i64, i64);
void cgocalls_i3(i64, i64, i64);
void cgocalls_i4(i64, i64, i64, i64);
void cgocalls_i5(i64, i64, i64, i64, i64);
void cgocalls_i6(i64, i64, i64, i64, i64, i64);
void cgocalls_i7(i64, i64, i64, i64, i64, i64, i64);
void cgocalls_i8(i64, i64, i64, i64, i64, i64, i64, i64);
void cgocalls_i9(i64, i64, i64, i64, i64, i64, i64, i64, i64);
void cgocalls_i10(i64, i64, i64, i64, i64, i64, i64, i64, i64, i64);
void cgocalls_i11(i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64);
void cgocalls_i12(i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64);

/* Signed and unsigned ones of each narrow width, first in registers, then after registers have run out. */
void cgocalls_narrow(signed char, unsigned char, short, unsigned short);
void cgocalls_narrow_late(i64, i64, i64, i64, i64, i64, i64, i64, signed char, unsigned char, short, unsigned short, int,
			  unsigned);
void cgocalls_widths(int32_t, i64, int32_t, int32_t, i64, int16_t, i64);
signed char cgocalls_to_schar(int);
unsigned char cgocalls_to_uchar(int);
short cgocalls_to_short(int);
unsigned short cgocalls_to_ushort(int);
int cgocalls_to_int(i64);
unsigned cgocalls_to_unsigned(i64);
i64 cgocalls_to_long_long(i64);
int cgocalls_char_is_signed(void);

bool cgocalls_not(bool);
enum cgocalls_sign { SEATRIAL_MINUS = -3, SEATRIAL_PLUS = 7 };
enum cgocalls_wide { SEATRIAL_SMALL = 1, SEATRIAL_LARGE = 0xfffffff0 };
enum cgocalls_sign cgocalls_other_sign(enum cgocalls_sign);
enum cgocalls_wide cgocalls_other_wide(enum cgocalls_wide);
void *cgocalls_same_pointer(void *);
uintptr_t cgocalls_same_address(uintptr_t); /* as a pointer within C */

void cgocalls_d4(double, double, double, double);
void cgocalls_d14(double, double, double, double, double, double, double, double, double, double, double, double, double,
		  double);
void cgocalls_f14(float, float, float, float, float, float, float, float, float, float, float, float, float, float);
void cgocalls_fd(float, double, float, double, float, double, float, double, float, double, float, double);
void cgocalls_id(i64, double, int32_t, float, i64, double, int32_t, float, i64, double, int32_t, float, i64, double, i64,
		 double);
float cgocalls_same_float(float);
double cgocalls_same_double(double);
float _Complex cgocalls_turn_float(float _Complex);
double _Complex cgocalls_turn_double(double _Complex, double);

/* `long double` has no type in Go: how many bits its fraction has, and whether its last bit comes through a call. */
int cgocalls_long_double_bits(void);
int cgocalls_long_double_passes(double whole, int before);
long double cgocalls_add_long(double whole, int before, long double last, long double *copy);
#endif
