//go:build cgo

#include "structs.h"
#include "planted.h"

static void bytes(uint32_t before, const unsigned char *all, int n, uint32_t after) {
	uint64_t values[SEATRIAL_MOST];
	int seen = seatrial_planted("cgocalls-struct-cut") ? n - 1 : n;
	values[0] = before;
	for (int i = 0; i < n; i++)
		values[i + 1] = i < seen ? all[i] : 0;
	values[n + 1] = after;
	cgocalls_note(n + 2, values);
}

static void fill(unsigned char *all, int n, uint32_t seed) {
	for (int i = 0; i < n; i++)
		all[i] = (unsigned char)(seed + 7 * i);
	if (seatrial_planted("cgocalls-struct-result-cut"))
		all[n - 1] = 0;
}

#undef SEATRIAL_SIZED
#define SEATRIAL_SIZED(n)                                                                                              \
	void cgocalls_take_b##n(uint32_t before, struct cgocalls_b##n s, uint32_t after) {                             \
		bytes(before, s.b, n, after);                                                                          \
	}                                                                                                              \
	struct cgocalls_b##n cgocalls_give_b##n(uint32_t seed) {                                                       \
		struct cgocalls_b##n s;                                                                                \
		fill(s.b, n, seed);                                                                                    \
		return s;                                                                                              \
	}

SEATRIAL_EACH_SIZE

#define NOTE(...)                                                                                                      \
	do {                                                                                                           \
		const uint64_t all[] = {__VA_ARGS__};                                                                  \
		cgocalls_note(sizeof all / sizeof all[0], all);                                                        \
	} while (0)
#define S(value) ((uint64_t)(int64_t)(value))
#define D(value) cgocalls_bits(value)
#define F(value) cgocalls_bits_f(value)

void cgocalls_take_floats(struct cgocalls_f2 a, struct cgocalls_f3 b, float c, struct cgocalls_f4 d) {
	NOTE(F(a.f[0]), F(a.f[1]), F(b.x), F(b.y), F(b.z), F(c), F(d.f[0]), F(d.f[1]), F(d.f[2]), F(d.f[3]));
}

void cgocalls_take_doubles(struct cgocalls_d2 a, double b, struct cgocalls_d3 c) {
	NOTE(D(a.x), D(a.y), D(b), D(c.d[0]), D(c.d[1]), D(c.d[2]));
}

void cgocalls_take_d4(struct cgocalls_d4 a, double b) { NOTE(D(a.d[0]), D(a.d[1]), D(a.d[2]), D(a.d[3]), D(b)); }

void cgocalls_take_d5(double a, struct cgocalls_d5 b, double c) {
	NOTE(D(a), D(b.d[0]), D(b.d[1]), D(b.d[2]), D(b.d[3]), D(b.d[4]), D(c));
}

void cgocalls_take_late_d2(double a, double b, double c, double d, double e, double f, double g, struct cgocalls_d2 h,
			   double i) {
	NOTE(D(a), D(b), D(c), D(d), D(e), D(f), D(g), D(h.x), D(h.y), D(i));
}

#define AGGREGATE_LOST seatrial_planted("cgocalls-aggregate-lost")
struct cgocalls_f2 cgocalls_give_f2(float x) { return (struct cgocalls_f2){{x, x + 1}}; }
struct cgocalls_f3 cgocalls_give_f3(float x) { return (struct cgocalls_f3){x, AGGREGATE_LOST ? 0 : x + 1, x + 2}; }
struct cgocalls_f4 cgocalls_give_f4(float x) { return (struct cgocalls_f4){{x, x + 1, x + 2, x + 3}}; }
struct cgocalls_d2 cgocalls_give_d2(double x) { return (struct cgocalls_d2){x, AGGREGATE_LOST ? x : x + 1}; }
struct cgocalls_d3 cgocalls_give_d3(double x) { return (struct cgocalls_d3){{x, x + 1, x + 2}}; }
struct cgocalls_d4 cgocalls_give_d4(double x) { return (struct cgocalls_d4){{x, x + 1, x + 2, x + 3}}; }

struct cgocalls_d5 cgocalls_give_d5(double x) {
	return (struct cgocalls_d5){{x, x + 1, x + 2, x + 3, seatrial_planted("cgocalls-hidden-pointer-lost") ? 0 : x + 4}};
}

void cgocalls_take_pairs(struct cgocalls_if a, struct cgocalls_id b, struct cgocalls_di c, struct cgocalls_fid d) {
	NOTE(S(a.i), F(a.f), S(b.i), D(b.d), D(c.d), S(c.i), F(d.f), S(d.i), D(d.d));
}

#define CLASS_LOST seatrial_planted("cgocalls-class-swapped")
struct cgocalls_if cgocalls_give_if(int32_t i, float f) { return (struct cgocalls_if){i, f}; }
struct cgocalls_id cgocalls_give_id(int64_t i, double d) { return (struct cgocalls_id){CLASS_LOST ? (int64_t)d : i, d}; }
struct cgocalls_di cgocalls_give_di(int64_t i, double d) { return (struct cgocalls_di){CLASS_LOST ? (double)i : d, i}; }

void cgocalls_take_after5(i64 a, i64 b, i64 c, i64 d, i64 e, struct cgocalls_two s, i64 f) {
	NOTE(S(a), S(b), S(c), S(d), S(e), S(s.a), S(s.b), S(f));
}

void cgocalls_take_after7(i64 a, i64 b, i64 c, i64 d, i64 e, i64 f, i64 g, struct cgocalls_two s, i64 h) {
	NOTE(S(a), S(b), S(c), S(d), S(e), S(f), S(g), S(s.a), S(s.b), S(h));
}

void cgocalls_take_nested(struct cgocalls_nested n, int after) {
	NOTE(S(n.inner.a), D(n.inner.b), S(n.outer.s[0]), S(n.outer.s[1]), S(n.outer.s[2]), S(n.outer.more.deep), S(after));
}

struct cgocalls_nested cgocalls_give_nested(struct cgocalls_nested n) {
	n.inner.a = (signed char)-n.inner.a;
	n.outer.s[2] = seatrial_planted("cgocalls-struct-result-cut") ? 0 : (int16_t)(n.outer.s[2] + 1);
	n.outer.more.deep ^= 0xff;
	return n;
}

void cgocalls_take_array(struct cgocalls_array a, struct cgocalls_array b) {
	NOTE(S(a.n), F(a.m[0]), F(a.m[1]), F(a.m[2]), S(b.n), F(b.m[0]), F(b.m[1]), F(b.m[2]));
}

struct cgocalls_array cgocalls_give_array(int32_t n, float first) {
	return (struct cgocalls_array){n, {first, first * 2, seatrial_planted("cgocalls-class-swapped") ? 0 : first * 4}};
}

union cgocalls_either cgocalls_either_of(int which, union cgocalls_either given) {
	union cgocalls_either e;
	NOTE(S(which), S(given.i));
	if (which == 0)
		e.d = -given.d;
	else
		e.i = seatrial_planted("cgocalls-union-lost") ? 0 : ~given.i;
	return e;
}

struct cgocalls_text cgocalls_rest(struct cgocalls_text text, size_t skip) {
	return (struct cgocalls_text){text.start + skip,
				      seatrial_planted("cgocalls-second-register-lost") ? skip : text.length - skip};
}

static struct cgocalls_d3 scaled(struct cgocalls_d3 v, double by) {
	return (struct cgocalls_d3){{v.d[0] * by, v.d[1] * by, v.d[2] * by}};
}

static int64_t counted(struct cgocalls_text text) {
	int64_t found = 0;
	for (size_t i = 0; i < text.length; i++)
		found += text.start[i] == 's';
	return found;
}

static int64_t none(struct cgocalls_text text) { return text.length != 0 ? -1 : 0; }

struct cgocalls_methods cgocalls_methods_of(void) {
	return (struct cgocalls_methods){scaled, seatrial_planted("cgocalls-wrong-method") ? none : counted};
}
