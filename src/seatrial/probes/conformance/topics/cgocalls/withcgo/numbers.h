#ifndef SEATRIAL_NUMBERS_H
#define SEATRIAL_NUMBERS_H
#include "seen.h"
#include <complex.h>
#include <stdbool.h>

typedef int64_t i64;

void seatrial_i1(i64);
void seatrial_i2(i64, i64);
void seatrial_i3(i64, i64, i64);
void seatrial_i4(i64, i64, i64, i64);
void seatrial_i5(i64, i64, i64, i64, i64);
void seatrial_i6(i64, i64, i64, i64, i64, i64);
void seatrial_i7(i64, i64, i64, i64, i64, i64, i64);
void seatrial_i8(i64, i64, i64, i64, i64, i64, i64, i64);
void seatrial_i9(i64, i64, i64, i64, i64, i64, i64, i64, i64);
void seatrial_i10(i64, i64, i64, i64, i64, i64, i64, i64, i64, i64);
void seatrial_i11(i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64);
void seatrial_i12(i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64);

/* Signed and unsigned ones of each narrow width, first in registers, then after registers have run out. */
void seatrial_narrow(signed char, unsigned char, short, unsigned short);
void seatrial_narrow_late(i64, i64, i64, i64, i64, i64, i64, i64, signed char, unsigned char, short, unsigned short, int,
			  unsigned);
void seatrial_widths(int32_t, i64, int32_t, int32_t, i64, int16_t, i64);
signed char seatrial_to_schar(int);
unsigned char seatrial_to_uchar(int);
short seatrial_to_short(int);
unsigned short seatrial_to_ushort(int);
int seatrial_to_int(i64);
unsigned seatrial_to_unsigned(i64);
i64 seatrial_to_long_long(i64);
int seatrial_char_is_signed(void);

bool seatrial_not(bool);
enum seatrial_sign { SEATRIAL_MINUS = -3, SEATRIAL_PLUS = 7 };
enum seatrial_wide { SEATRIAL_SMALL = 1, SEATRIAL_LARGE = 0xfffffff0 };
enum seatrial_sign seatrial_other_sign(enum seatrial_sign);
enum seatrial_wide seatrial_other_wide(enum seatrial_wide);
void *seatrial_same_pointer(void *);
uintptr_t seatrial_same_address(uintptr_t); /* as a pointer within C */

void seatrial_d4(double, double, double, double);
void seatrial_d14(double, double, double, double, double, double, double, double, double, double, double, double, double,
		  double);
void seatrial_f14(float, float, float, float, float, float, float, float, float, float, float, float, float, float);
void seatrial_fd(float, double, float, double, float, double, float, double, float, double, float, double);
void seatrial_id(i64, double, int32_t, float, i64, double, int32_t, float, i64, double, int32_t, float, i64, double, i64,
		 double);
float seatrial_same_float(float);
double seatrial_same_double(double);
float _Complex seatrial_turn_float(float _Complex);
double _Complex seatrial_turn_double(double _Complex, double);

/* `long double` has no type in Go: how many bits its fraction has, and whether its last bit comes through a call. */
int seatrial_long_double_bits(void);
int seatrial_long_double_passes(double whole, int before);
long double seatrial_add_long(double whole, int before, long double last, long double *copy);
#endif
