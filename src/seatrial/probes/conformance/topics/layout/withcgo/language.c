//go:build cgo

#include "language.h"
#include "planted.h"
#include <stdlib.h>
#include <string.h>

#define B(member) MEMBER(struct seatrial_basic, member, "")
static const struct seatrial_member basic[] = {B(c), B(c1), B(s), B(c2), B(i), B(c3), B(l), B(c4), B(f), B(c5), B(p), B(c6), B(z)};
#define W(member) MEMBER(struct seatrial_wide, member, "")
static const struct seatrial_member wide[] = {W(l), W(c1), W(d), W(c2), W(u)};
#define E(member) MEMBER(struct seatrial_enums, member, "")
static const struct seatrial_member enums[] = {E(small), E(c1), E(with_sign), E(c2)};
#define T(member) MEMBER(struct seatrial_bools, member, "")
static const struct seatrial_member bools[] = {T(a), T(b), T(c), T(d), T(i), T(e)};
#define U(member) MEMBER(struct seatrial_with_union, member, "")
static const struct seatrial_member with_union[] = {U(c0), U(either), U(c1)};
#define P(member) MEMBER(struct seatrial_packed, member, "")
static const struct seatrial_member packed[] = {P(c), P(i), P(s), P(l), P(last)};
#define A(member) MEMBER(struct seatrial_aligned, member, "")
static const struct seatrial_member aligned[] = {A(a), A(c1), A(b), A(c2), A(c)};
#define F(member) MEMBER(struct seatrial_flexible, member, "")
static const struct seatrial_member flexible[] = {F(count), F(kind)};
#define N(member) MEMBER(struct seatrial_nested, member, "")
static const struct seatrial_member nested[] = {N(c0), N(inner), N(c1), N(name), N(after)};
#define R(member) MEMBER(struct seatrial_rows, member, "")
static const struct seatrial_member rows[] = {R(c0), R(rows), R(c1)};
#define Q(member) MEMBER(struct seatrial_pointers, member, "")
static const struct seatrial_member pointers[] = {Q(data), Q(c1), Q(call), Q(c2), Q(list)};
#define X(member) MEMBER(struct seatrial_complex, member, "")
static const struct seatrial_member numbers[] = {X(c0), X(f), X(c1), X(d)};

static const struct seatrial_shape shapes[] = {
	SHAPE("basic", struct seatrial_basic, basic),
	SHAPE("wide", struct seatrial_wide, wide),
	SHAPE("enums", struct seatrial_enums, enums),
	SHAPE("bools", struct seatrial_bools, bools),
	SHAPE("with_union", struct seatrial_with_union, with_union),
	SHAPE("packed", struct seatrial_packed, packed),
	SHAPE("aligned", struct seatrial_aligned, aligned),
	SHAPE("flexible", struct seatrial_flexible, flexible),
	SHAPE("nested", struct seatrial_nested, nested),
	SHAPE("rows", struct seatrial_rows, rows),
	SHAPE("pointers", struct seatrial_pointers, pointers),
	SHAPE("complex", struct seatrial_complex, numbers),
};

const struct seatrial_shape *seatrial_language_shape(const char *name) {
	return seatrial_find(shapes, sizeof shapes / sizeof *shapes, name);
}

/* Gives the bytes of an object away; planted: as a compiler that counts bits from the other end. */
static int out(unsigned char *room, const void *object, int size) {
	memcpy(room, object, size);
	if (seatrial_planted("layout-bits-reversed"))
		for (int i = 0; i < size; i++)
			room[i] = (unsigned char)((room[i] * 0x0202020202ULL & 0x010884422010ULL) % 1023);
	return size;
}

int seatrial_bits_in_order(unsigned char *room) {
	struct { unsigned a : 1, b : 3, c : 12, d : 16; } bits = {.a = 1, .b = 2, .c = 0xabc, .d = 0x1234};
	return out(room, &bits, sizeof bits);
}

int seatrial_bits_straddling(unsigned char *room) {
	struct { unsigned a : 20, b : 20, c : 24; } bits;
	memset(&bits, 0, sizeof bits);
	bits.a = 0xfffff, bits.b = 0xabcde, bits.c = 0x123456;
	return out(room, &bits, sizeof bits);
}

int seatrial_bits_apart(unsigned char *room) {
	struct { unsigned a : 4; unsigned : 0; unsigned b : 4; } bits;
	memset(&bits, 0, sizeof bits);
	bits.a = 0xf, bits.b = 0xa;
	return out(room, &bits, sizeof bits);
}

int seatrial_bits_beside(unsigned char *room) {
	struct { char first; unsigned a : 4, b : 9; char last; } bits;
	memset(&bits, 0, sizeof bits);
	bits.first = 0x11, bits.a = 0xf, bits.b = 0x1a5, bits.last = 0x22;
	return out(room, &bits, sizeof bits);
}

int seatrial_signed_bits(int value) {
	struct { int field : 3; } volatile bits;
	bits.field = value;
	return seatrial_planted("layout-bits-reversed") ? bits.field & 7 : bits.field;
}

int seatrial_unsigned_bits(int value) {
	struct { unsigned field : 3; } volatile bits;
	bits.field = value;
	return bits.field;
}

typedef char vector __attribute__((vector_size(16)));
#define SIZES(of) {of(long double), of(wchar_t), of(vector), of(struct seatrial_nothing), of(size_t), of(off_t), of(time_t)}
static const int sizes[] = SIZES(sizeof), aligns[] = SIZES(_Alignof);

int seatrial_size(enum seatrial_type type) { return sizes[type] + !!seatrial_planted("layout-wrong-type-size"); }
int seatrial_align(enum seatrial_type type) { return aligns[type]; }
int seatrial_wchar_is_signed(void) { return (wchar_t)-1 < 0; }

void seatrial_fill_with_union(struct seatrial_with_union *it, double value) {
	memset(it, 0xee, sizeof *it);
	it->c0 = 1, it->c1 = 2;
	it->either.real = seatrial_planted("layout-wrong-bytes") ? -value : value;
}

void seatrial_fill_rows(struct seatrial_rows *it) {
	memset(it, 0xee, sizeof *it);
	for (int i = 0; i < 3; i++)
		it->rows[i].first = 0x0102030405060700 + i, it->rows[i].last = (char)(i + seatrial_planted("layout-wrong-bytes"));
	it->c0 = 7, it->c1 = 9;
}

int seatrial_twice(int number) { return 2 * number; }

void seatrial_fill_pointers(struct seatrial_pointers *it) {
	memset(it, 0xee, sizeof *it);
	it->data = seatrial_planted("layout-wrong-bytes") ? it : 0;
	it->call = seatrial_twice, it->list = (const char **)&it->data;
}

void seatrial_fill_complex(struct seatrial_complex *it) {
	const float f[2] = {1.5f, -2.5f};
	const double d[2] = {3.25, seatrial_planted("layout-wrong-bytes") ? 0 : -4.75};
	memcpy(&it->f, f, sizeof f), memcpy(&it->d, d, sizeof d);
	it->c0 = 1, it->c1 = 2;
}

void seatrial_fill_flexible(struct seatrial_flexible *it, int count) {
	it->count = (short)count, it->kind = 'k';
	for (int i = 0; i < count; i++)
		it->items[i] = 1000 + i + !!seatrial_planted("layout-wrong-bytes");
}
