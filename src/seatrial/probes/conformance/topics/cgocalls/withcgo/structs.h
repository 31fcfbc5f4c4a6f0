#ifndef SEATRIAL_STRUCTS_H
#define SEATRIAL_STRUCTS_H
#include "varargs.h"

/* Plain bytes of each size at which some ABI changes its way of passing. */
#define SEATRIAL_SIZED(n)                                                                                              \
	struct seatrial_b##n {                                                                                         \
		unsigned char b[n];                                                                                    \
	};                                                                                                             \
	void seatrial_take_b##n(uint32_t before, struct seatrial_b##n, uint32_t after);                                \
	struct seatrial_b##n seatrial_give_b##n(uint32_t seed);

SEATRIAL_SIZED(1)
SEATRIAL_SIZED(2)
SEATRIAL_SIZED(3)
SEATRIAL_SIZED(4)
SEATRIAL_SIZED(5)
SEATRIAL_SIZED(7)
SEATRIAL_SIZED(8)
SEATRIAL_SIZED(9)
SEATRIAL_SIZED(12)
SEATRIAL_SIZED(15)
SEATRIAL_SIZED(16)
SEATRIAL_SIZED(17)
SEATRIAL_SIZED(24)
SEATRIAL_SIZED(32)
SEATRIAL_SIZED(33)
SEATRIAL_SIZED(48)
SEATRIAL_SIZED(64)

struct seatrial_f2 { float f[2]; };
struct seatrial_f3 { float x, y, z; };
struct seatrial_f4 { float f[4]; };
struct seatrial_d2 { double x, y; };
struct seatrial_d3 { double d[3]; };
struct seatrial_d4 { double d[4]; };
struct seatrial_d5 { double d[5]; };

void seatrial_take_floats(struct seatrial_f2, struct seatrial_f3, float, struct seatrial_f4);
void seatrial_take_doubles(struct seatrial_d2, double, struct seatrial_d3);
void seatrial_take_d4(struct seatrial_d4, double);
void seatrial_take_d5(double, struct seatrial_d5, double);
void seatrial_take_late_d2(double, double, double, double, double, double, double, struct seatrial_d2, double);
struct seatrial_f2 seatrial_give_f2(float);
struct seatrial_f3 seatrial_give_f3(float);
struct seatrial_f4 seatrial_give_f4(float);
struct seatrial_d2 seatrial_give_d2(double);
struct seatrial_d3 seatrial_give_d3(double);
struct seatrial_d4 seatrial_give_d4(double);
struct seatrial_d5 seatrial_give_d5(double);

struct seatrial_if { int32_t i; float f; };
struct seatrial_id { int64_t i; double d; };
struct seatrial_di { double d; int64_t i; };
struct seatrial_fid { float f; int32_t i; double d; };
void seatrial_take_pairs(struct seatrial_if, struct seatrial_id, struct seatrial_di, struct seatrial_fid);
struct seatrial_if seatrial_give_if(int32_t, float);
struct seatrial_id seatrial_give_id(int64_t, double);
struct seatrial_di seatrial_give_di(int64_t, double);

struct seatrial_two { int64_t a, b; };
void seatrial_take_after5(i64, i64, i64, i64, i64, struct seatrial_two, i64);
void seatrial_take_after7(i64, i64, i64, i64, i64, i64, i64, struct seatrial_two, i64);

struct seatrial_nested {
	struct { signed char a; double b; } inner;
	struct { int16_t s[3]; struct { uint8_t deep; } more; } outer;
};
void seatrial_take_nested(struct seatrial_nested, int);
struct seatrial_nested seatrial_give_nested(struct seatrial_nested);

struct seatrial_array { int32_t n; float m[3]; };
void seatrial_take_array(struct seatrial_array, struct seatrial_array);
struct seatrial_array seatrial_give_array(int32_t n, float first);

union seatrial_either { double d; int64_t i; unsigned char b[8]; };
union seatrial_either seatrial_either_of(int which, union seatrial_either);

struct seatrial_text { const char *start; size_t length; };
struct seatrial_text seatrial_rest(struct seatrial_text, size_t skip);

/* Gives a struct through a pointer to function, which is what a table of methods is in C. */
struct seatrial_methods {
	struct seatrial_d3 (*scale)(struct seatrial_d3, double);
	int64_t (*count)(struct seatrial_text);
};
struct seatrial_methods seatrial_methods_of(void);
struct seatrial_d3 seatrial_call_scale(struct seatrial_methods, struct seatrial_d3, double);
int64_t seatrial_call_count(struct seatrial_methods *, struct seatrial_text);
#endif
