//go:build cgo

#include "numbers.h"
#include "planted.h"
#include <math.h>

uint64_t cgocalls_seen[SEATRIAL_MOST];

void cgocalls_note(int n, const uint64_t *all) {
	for (int i = 0; i < n; i++)
		cgocalls_seen[i] = all[i];
	if (seatrial_planted("cgocalls-register-lost"))
		cgocalls_seen[n - 1 < 2 ? n - 1 : 2] ^= 1;
	if (seatrial_planted("cgocalls-stack-slot-lost") && n > 8)
		cgocalls_seen[n - 1] = cgocalls_seen[n - 2];
	if (seatrial_planted("cgocalls-high-half-lost"))
		for (int i = 0; i < n; i++)
			cgocalls_seen[i] &= 0xffffffff;
}

#define NOTE(...)                                                                                                      \
	do {                                                                                                           \
		const uint64_t all[] = {__VA_ARGS__};                                                                  \
		cgocalls_note(sizeof all / sizeof all[0], all);                                                        \
	} while (0)
#define S(value) ((uint64_t)(int64_t)(value))
#define D(value) cgocalls_bits(value)
#define F(value) cgocalls_bits_f(value)

void cgocalls_i1(i64 a) { NOTE(S(a)); }
void cgocalls_i2(i64 a, i64 b) { NOTE(S(a), S(b)); }
void cgocalls_i3(i64 a, i64 b, i64 c) { NOTE(S(a), S(b), S(c)); }
void cgocalls_i4(i64 a, i64 b, i64 c, i64 d) { NOTE(S(a), S(b), S(c), S(d)); }
void cgocalls_i5(i64 a, i64 b, i64 c, i64 d, i64 e) { NOTE(S(a), S(b), S(c), S(d), S(e)); }
void cgocalls_i6(i64 a, i64 b, i64 c, i64 d, i64 e, i64 f) { NOTE(S(a), S(b), S(c), S(d), S(e), S(f)); }
void cgocalls_i7(i64 a, i64 b, i64 c, i64 d, i64 e, i64 f, i64 g) { NOTE(S(a), S(b), S(c), S(d), S(e), S(f), S(g)); }

void cgocalls_i8(i64 a, i64 b, i64 c, i64 d, i64 e, i64 f, i64 g, i64 h) {
	NOTE(S(a), S(b), S(c), S(d), S(e), S(f), S(g), S(h));
}

void cgocalls_i9(i64 a, i64 b, i64 c, i64 d, i64 e, i64 f, i64 g, i64 h, i64 i) {
	NOTE(S(a), S(b), S(c), S(d), S(e), S(f), S(g), S(h), S(i));
}

void cgocalls_i10(i64 a, i64 b, i64 c, i64 d, i64 e, i64 f, i64 g, i64 h, i64 i, i64 j) {
	NOTE(S(a), S(b), S(c), S(d), S(e), S(f), S(g), S(h), S(i), S(j));
}

void cgocalls_i11(i64 a, i64 b, i64 c, i64 d, i64 e, i64 f, i64 g, i64 h, i64 i, i64 j, i64 k) {
	NOTE(S(a), S(b), S(c), S(d), S(e), S(f), S(g), S(h), S(i), S(j), S(k));
}

void cgocalls_i12(i64 a, i64 b, i64 c, i64 d, i64 e, i64 f, i64 g, i64 h, i64 i, i64 j, i64 k, i64 l) {
	NOTE(S(a), S(b), S(c), S(d), S(e), S(f), S(g), S(h), S(i), S(j), S(k), S(l));
}

void cgocalls_narrow(signed char a, unsigned char b, short c, unsigned short d) {
	if (seatrial_planted("cgocalls-sign-lost"))
		a &= 0x7f, c &= 0x7fff;
	NOTE(S(a), S(b), S(c), S(d));
}

void cgocalls_narrow_late(i64 p, i64 q, i64 r, i64 s, i64 t, i64 u, i64 v, i64 w, signed char a, unsigned char b, short c,
			  unsigned short d, int e, unsigned f) {
	NOTE(S(p), S(q), S(r), S(s), S(t), S(u), S(v), S(w), S(a), S(b), S(c), S(d), S(e), S(f));
}

void cgocalls_widths(int32_t a, i64 b, int32_t c, int32_t d, i64 e, int16_t f, i64 g) {
	NOTE(S(a), S(b), S(c), S(d), S(e), S(f), S(g));
}

signed char cgocalls_to_schar(int wide) { return (signed char)(seatrial_planted("cgocalls-sign-lost") ? 0 : wide); }
unsigned char cgocalls_to_uchar(int wide) { return (unsigned char)wide; }
short cgocalls_to_short(int wide) { return (short)wide; }
unsigned short cgocalls_to_ushort(int wide) { return (unsigned short)wide; }
int cgocalls_to_int(i64 wide) { return (int)wide; }
unsigned cgocalls_to_unsigned(i64 wide) { return (unsigned)wide; }
i64 cgocalls_to_long_long(i64 wide) { return seatrial_planted("cgocalls-high-half-lost") ? (int)wide : wide; }
int cgocalls_char_is_signed(void) { return ((char)0xff < 0) != !!seatrial_planted("cgocalls-sign-lost"); }

bool cgocalls_not(bool value) {
	unsigned char raw;
	memcpy(&raw, &value, 1);
	NOTE(raw);
	return seatrial_planted("cgocalls-truth-lost") || raw == 0;
}

enum cgocalls_sign cgocalls_other_sign(enum cgocalls_sign value) {
	NOTE(S(value), sizeof value);
	return value == SEATRIAL_MINUS ? SEATRIAL_PLUS : SEATRIAL_MINUS;
}

enum cgocalls_wide cgocalls_other_wide(enum cgocalls_wide value) {
	NOTE(value, sizeof value);
	return value == SEATRIAL_LARGE ? SEATRIAL_SMALL : SEATRIAL_LARGE;
}

void *cgocalls_same_pointer(void *pointer) {
	return seatrial_planted("cgocalls-high-half-lost") ? (void *)(uintptr_t)(uint32_t)(uintptr_t)pointer : pointer;
}

void cgocalls_d4(double a, double b, double c, double d) { NOTE(D(a), D(b), D(c), D(d)); }

void cgocalls_d14(double a, double b, double c, double d, double e, double f, double g, double h, double i, double j,
		  double k, double l, double m, double n) {
	NOTE(D(a), D(b), D(c), D(d), D(e), D(f), D(g), D(h), D(i), D(j), D(k), D(l), D(m), D(n));
}

void cgocalls_f14(float a, float b, float c, float d, float e, float f, float g, float h, float i, float j, float k,
		  float l, float m, float n) {
	NOTE(F(a), F(b), F(c), F(d), F(e), F(f), F(g), F(h), F(i), F(j), F(k), F(l), F(m), F(n));
}

void cgocalls_fd(float a, double b, float c, double d, float e, double f, float g, double h, float i, double j, float k,
		 double l) {
	NOTE(F(a), D(b), F(c), D(d), F(e), D(f), F(g), D(h), F(i), D(j), F(k), D(l));
}

void cgocalls_id(i64 a, double b, int32_t c, float d, i64 e, double f, int32_t g, float h, i64 i, double j, int32_t k,
		 float l, i64 m, double n, i64 o, double p) {
	NOTE(S(a), D(b), S(c), F(d), S(e), D(f), S(g), F(h), S(i), D(j), S(k), F(l), S(m), D(n), S(o), D(p));
}

float cgocalls_same_float(float value) {
	if (seatrial_planted("cgocalls-nan-canonical") && value != value)
		return NAN;
	return seatrial_planted("cgocalls-float-rounded") ? value * 3 : value;
}

double cgocalls_same_double(double value) {
	if (seatrial_planted("cgocalls-nan-canonical") && value != value)
		return NAN;
	return seatrial_planted("cgocalls-float-rounded") ? value + 1 : value;
}

float _Complex cgocalls_turn_float(float _Complex z) {
	const float parts[2] = {-cimagf(z), seatrial_planted("cgocalls-part-lost") ? 0 : crealf(z)};
	float _Complex turned;
	memcpy(&turned, parts, sizeof turned);
	return turned;
}

double _Complex cgocalls_turn_double(double _Complex z, double after) {
	NOTE(D(creal(z)), D(cimag(z)), D(after));
	const double parts[2] = {-cimag(z), seatrial_planted("cgocalls-part-lost") ? 0 : creal(z)};
	double _Complex turned;
	memcpy(&turned, parts, sizeof turned);
	return turned;
}

int cgocalls_long_double_bits(void) {
	volatile long double one = 1, step = 1, sum = 2;
	int bits = 0;
	for (; sum != one; bits++) {
		step /= 2;
		sum = one + step;
	}
	return seatrial_planted("cgocalls-long-double-cut") ? 24 : bits;
}

long double cgocalls_add_long(double whole, int before, long double last, long double *copy) {
	*copy = last;
	if (seatrial_planted("cgocalls-long-double-cut"))
		return (double)(whole + last);
	return before < 0 ? 0 : (long double)whole + last;
}
