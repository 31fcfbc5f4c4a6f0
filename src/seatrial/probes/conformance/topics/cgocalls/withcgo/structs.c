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
	seatrial_note(n + 2, values);
}

static void fill(unsigned char *all, int n, uint32_t seed) {
	for (int i = 0; i < n; i++)
		all[i] = (unsigned char)(seed + 7 * i);
	if (seatrial_planted("cgocalls-struct-result-cut"))
		all[n - 1] = 0;
}

#undef SEATRIAL_SIZED
#define SEATRIAL_SIZED(n)                                                                                              \
	void seatrial_take_b##n(uint32_t before, struct seatrial_b##n s, uint32_t after) {                             \
		bytes(before, s.b, n, after);                                                                          \
	}                                                                                                              \
	struct seatrial_b##n seatrial_give_b##n(uint32_t seed) {                                                       \
		struct seatrial_b##n s;                                                                                \
		fill(s.b, n, seed);                                                                                    \
		return s;                                                                                              \
	}

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

#define NOTE(...)                                                                                                      \
	do {                                                                                                           \
		const uint64_t all[] = {__VA_ARGS__};                                                                  \
		seatrial_note(sizeof all / sizeof all[0], all);                                                        \
	} while (0)
#define S(value) ((uint64_t)(int64_t)(value))
#define D(value) seatrial_bits(value)
#define F(value) seatrial_bits_f(value)

void seatrial_take_floats(struct seatrial_f2 a, struct seatrial_f3 b, float c, struct seatrial_f4 d) {
	NOTE(F(a.f[0]), F(a.f[1]), F(b.x), F(b.y), F(b.z), F(c), F(d.f[0]), F(d.f[1]), F(d.f[2]), F(d.f[3]));
}

void seatrial_take_doubles(struct seatrial_d2 a, double b, struct seatrial_d3 c) {
	NOTE(D(a.x), D(a.y), D(b), D(c.d[0]), D(c.d[1]), D(c.d[2]));
}

void seatrial_take_d4(struct seatrial_d4 a, double b) { NOTE(D(a.d[0]), D(a.d[1]), D(a.d[2]), D(a.d[3]), D(b)); }

void seatrial_take_d5(double a, struct seatrial_d5 b, double c) {
	NOTE(D(a), D(b.d[0]), D(b.d[1]), D(b.d[2]), D(b.d[3]), D(b.d[4]), D(c));
}

void seatrial_take_late_d2(double a, double b, double c, double d, double e, double f, double g, struct seatrial_d2 h,
			   double i) {
	NOTE(D(a), D(b), D(c), D(d), D(e), D(f), D(g), D(h.x), D(h.y), D(i));
}

#define AGGREGATE_LOST seatrial_planted("cgocalls-aggregate-lost")
struct seatrial_f2 seatrial_give_f2(float x) { return (struct seatrial_f2){{x, x + 1}}; }
struct seatrial_f3 seatrial_give_f3(float x) { return (struct seatrial_f3){x, AGGREGATE_LOST ? 0 : x + 1, x + 2}; }
struct seatrial_f4 seatrial_give_f4(float x) { return (struct seatrial_f4){{x, x + 1, x + 2, x + 3}}; }
struct seatrial_d2 seatrial_give_d2(double x) { return (struct seatrial_d2){x, AGGREGATE_LOST ? x : x + 1}; }
struct seatrial_d3 seatrial_give_d3(double x) { return (struct seatrial_d3){{x, x + 1, x + 2}}; }
struct seatrial_d4 seatrial_give_d4(double x) { return (struct seatrial_d4){{x, x + 1, x + 2, x + 3}}; }

struct seatrial_d5 seatrial_give_d5(double x) {
	return (struct seatrial_d5){{x, x + 1, x + 2, x + 3, seatrial_planted("cgocalls-hidden-pointer-lost") ? 0 : x + 4}};
}

void seatrial_take_pairs(struct seatrial_if a, struct seatrial_id b, struct seatrial_di c, struct seatrial_fid d) {
	NOTE(S(a.i), F(a.f), S(b.i), D(b.d), D(c.d), S(c.i), F(d.f), S(d.i), D(d.d));
}

#define CLASS_LOST seatrial_planted("cgocalls-class-swapped")
struct seatrial_if seatrial_give_if(int32_t i, float f) { return (struct seatrial_if){i, f}; }
struct seatrial_id seatrial_give_id(int64_t i, double d) { return (struct seatrial_id){CLASS_LOST ? (int64_t)d : i, d}; }
struct seatrial_di seatrial_give_di(int64_t i, double d) { return (struct seatrial_di){CLASS_LOST ? (double)i : d, i}; }

void seatrial_take_after5(i64 a, i64 b, i64 c, i64 d, i64 e, struct seatrial_two s, i64 f) {
	NOTE(S(a), S(b), S(c), S(d), S(e), S(s.a), S(s.b), S(f));
}

void seatrial_take_after7(i64 a, i64 b, i64 c, i64 d, i64 e, i64 f, i64 g, struct seatrial_two s, i64 h) {
	NOTE(S(a), S(b), S(c), S(d), S(e), S(f), S(g), S(s.a), S(s.b), S(h));
}

void seatrial_take_nested(struct seatrial_nested n, int after) {
	NOTE(S(n.inner.a), D(n.inner.b), S(n.outer.s[0]), S(n.outer.s[1]), S(n.outer.s[2]), S(n.outer.more.deep), S(after));
}

struct seatrial_nested seatrial_give_nested(struct seatrial_nested n) {
	n.inner.a = (signed char)-n.inner.a;
	n.outer.s[2] = seatrial_planted("cgocalls-struct-result-cut") ? 0 : (int16_t)(n.outer.s[2] + 1);
	n.outer.more.deep ^= 0xff;
	return n;
}

void seatrial_take_array(struct seatrial_array a, struct seatrial_array b) {
	NOTE(S(a.n), F(a.m[0]), F(a.m[1]), F(a.m[2]), S(b.n), F(b.m[0]), F(b.m[1]), F(b.m[2]));
}

struct seatrial_array seatrial_give_array(int32_t n, float first) {
	return (struct seatrial_array){n, {first, first * 2, seatrial_planted("cgocalls-class-swapped") ? 0 : first * 4}};
}

union seatrial_either seatrial_either_of(int which, union seatrial_either given) {
	union seatrial_either e;
	NOTE(S(which), S(given.i));
	if (which == 0)
		e.d = -given.d;
	else
		e.i = seatrial_planted("cgocalls-union-lost") ? 0 : ~given.i;
	return e;
}

struct seatrial_text seatrial_rest(struct seatrial_text text, size_t skip) {
	return (struct seatrial_text){text.start + skip,
				      seatrial_planted("cgocalls-second-register-lost") ? skip : text.length - skip};
}

static struct seatrial_d3 scaled(struct seatrial_d3 v, double by) {
	return (struct seatrial_d3){{v.d[0] * by, v.d[1] * by, v.d[2] * by}};
}

static int64_t counted(struct seatrial_text text) {
	int64_t found = 0;
	for (size_t i = 0; i < text.length; i++)
		found += text.start[i] == 's';
	return found;
}

static int64_t none(struct seatrial_text text) { return text.length != 0 ? -1 : 0; }

struct seatrial_methods seatrial_methods_of(void) {
	return (struct seatrial_methods){scaled, seatrial_planted("cgocalls-wrong-method") ? none : counted};
}
