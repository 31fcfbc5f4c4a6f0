#ifndef SEATRIAL_STRUCTS_H
#define SEATRIAL_STRUCTS_H
#include "varargs.h"

/* Sizes at which some ABI changes its way of passing plain bytes. */
#define SEATRIAL_EACH_SIZE                                                                                             \
	SEATRIAL_SIZED(1) SEATRIAL_SIZED(2) SEATRIAL_SIZED(3) SEATRIAL_SIZED(4) SEATRIAL_SIZED(5) SEATRIAL_SIZED(7)    \
	SEATRIAL_SIZED(8) SEATRIAL_SIZED(9) SEATRIAL_SIZED(12) SEATRIAL_SIZED(15) SEATRIAL_SIZED(16)                   \
	SEATRIAL_SIZED(17) SEATRIAL_SIZED(24) SEATRIAL_SIZED(32) SEATRIAL_SIZED(33) SEATRIAL_SIZED(48)                 \
	SEATRIAL_SIZED(64)

#define SEATRIAL_SIZED(n)                                                                                              \
	struct cgocalls_b##n {                                                                                         \
		unsigned char b[n];                                                                                    \
	};                                                                                                             \
	void cgocalls_take_b##n(uint32_t before, struct cgocalls_b##n, uint32_t after);                                \
	struct cgocalls_b##n cgocalls_give_b##n(uint32_t seed);

SEATRIAL_EACH_SIZE

struct cgocalls_f2 { float f[2]; };
struct cgocalls_f3 { float x, y, z; };
struct cgocalls_f4 { float f[4]; };
struct cgocalls_d2 { double x, y; };
struct cgocalls_d3 { double d[3]; };
struct cgocalls_d4 { double d[4]; };
struct cgocalls_d5 { double d[5]; };

void cgocalls_take_floats(struct cgocalls_f2, struct cgocalls_f3, float, struct cgocalls_f4);
void cgocalls_take_doubles(struct cgocalls_d2, double, struct cgocalls_d3);
void cgocalls_take_d4(struct cgocalls_d4, double);
void cgocalls_take_d5(double, struct cgocalls_d5, double);
void cgocalls_take_late_d2(double, double, double, double, double, double, double, struct cgocalls_d2, double);
struct cgocalls_f2 cgocalls_give_f2(float);
struct cgocalls_f3 cgocalls_give_f3(float);
struct cgocalls_f4 cgocalls_give_f4(float);
struct cgocalls_d2 cgocalls_give_d2(double);
struct cgocalls_d3 cgocalls_give_d3(double);
struct cgocalls_d4 cgocalls_give_d4(double);
struct cgocalls_d5 cgocalls_give_d5(double);

struct cgocalls_if { int32_t i; float f; };
struct cgocalls_id { int64_t i; double d; };
struct cgocalls_di { double d; int64_t i; };
struct cgocalls_fid { float f; int32_t i; double d; };
void cgocalls_take_pairs(struct cgocalls_if, struct cgocalls_id, struct cgocalls_di, struct cgocalls_fid);
struct cgocalls_if cgocalls_give_if(int32_t, float);
struct cgocalls_id cgocalls_give_id(int64_t, double);
struct cgocalls_di cgocalls_give_di(int64_t, double);

struct cgocalls_two { int64_t a, b; };
void cgocalls_take_after5(i64, i64, i64, i64, i64, struct cgocalls_two, i64);
void cgocalls_take_after7(i64, i64, i64, i64, i64, i64, i64, struct cgocalls_two, i64);

struct cgocalls_nested {
	struct { signed char a; double b; } inner;
	struct { int16_t s[3]; struct { uint8_t deep; } more; } outer;
};
void cgocalls_take_nested(struct cgocalls_nested, int);
struct cgocalls_nested cgocalls_give_nested(struct cgocalls_nested);

struct cgocalls_array { int32_t n; float m[3]; };
void cgocalls_take_array(struct cgocalls_array, struct cgocalls_array);
struct cgocalls_array cgocalls_give_array(int32_t n, float first);

union cgocalls_either { double d; int64_t i; unsigned char b[8]; };
union cgocalls_either cgocalls_either_of(int which, union cgocalls_either);

struct cgocalls_text { const char *start; size_t length; };
struct cgocalls_text cgocalls_rest(struct cgocalls_text, size_t skip);

/* Gives a struct through a pointer to function, which is what a table of methods is in C. */
struct cgocalls_methods {
	struct cgocalls_d3 (*scale)(struct cgocalls_d3, double);
	int64_t (*count)(struct cgocalls_text);
};
struct cgocalls_methods cgocalls_methods_of(void);
struct cgocalls_d3 cgocalls_call_scale(struct cgocalls_methods, struct cgocalls_d3, double);
int64_t cgocalls_call_count(struct cgocalls_methods *, struct cgocalls_text);
#endif
