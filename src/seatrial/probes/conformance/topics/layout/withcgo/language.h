/* What the language leaves to the ABI of a port: each structure is laid out by the compiler alone. */
#ifndef SEATRIAL_LANGUAGE_H
#define SEATRIAL_LANGUAGE_H
#include "shape.h"
#include <complex.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>
#include <wchar.h>

struct seatrial_basic {
	char c0; char c;
	char c1; short s;
	char c2; int i;
	char c3; long l;
	char c4; float f;
	char c5; void *p;
	char c6; size_t z;
};
struct seatrial_wide { char c0; long long l; char c1; double d; char c2; uint64_t u; };
enum seatrial_small { SEATRIAL_ONE = 1, SEATRIAL_TWO };
enum seatrial_signed { SEATRIAL_LESS = -1, SEATRIAL_MORE = 1 };
struct seatrial_enums { char c0; enum seatrial_small small; char c1; enum seatrial_signed with_sign; char c2; };
struct seatrial_bools { bool a, b; char c; bool d; int i; bool e[3]; };
union seatrial_either { char text[9]; int32_t number; int64_t wide; double real; void *place; };
struct seatrial_with_union { char c0; union seatrial_either either; char c1; };
struct __attribute__((packed)) seatrial_packed { char c; int32_t i; short s; int64_t l; char last; };
struct seatrial_aligned { char c0; int64_t __attribute__((aligned(16))) a; char c1; int32_t __attribute__((aligned(32))) b;
	char c2; char __attribute__((aligned(64))) c; };
struct seatrial_flexible { int16_t count; char kind; int32_t items[]; };
struct seatrial_nested { char c0; struct { short a; char b; } inner; union { int32_t x; char y; };
	struct { int64_t deep; char tail; }; char c1; char name[13]; short after[3]; };
struct seatrial_nothing {};
struct seatrial_trailing { int64_t first; char last; };
struct seatrial_rows { char c0; struct seatrial_trailing rows[3]; char c1; };
struct seatrial_pointers { char c0; void *data; char c1; int (*call)(int); char c2; const char **list; };
struct seatrial_complex { char c0; float _Complex f; char c1; double _Complex d; };

/* Fields are named by number in calls, as Go has no names for bits. Returns how many bytes were written. */
int seatrial_bits_in_order(unsigned char *room);
int seatrial_bits_straddling(unsigned char *room);
int seatrial_bits_apart(unsigned char *room);
int seatrial_bits_beside(unsigned char *room);
int seatrial_signed_bits(int value);   /* through an int of 3 bits */
int seatrial_unsigned_bits(int value); /* through an unsigned of 3 bits */

/* Sizes and alignments of types for which cgo has no name. */
enum seatrial_type { SEATRIAL_LONG_DOUBLE, SEATRIAL_WCHAR, SEATRIAL_VECTOR, SEATRIAL_EMPTY, SEATRIAL_SIZE,
	SEATRIAL_OFF, SEATRIAL_TIME };
int seatrial_size(enum seatrial_type);
int seatrial_align(enum seatrial_type);
int seatrial_wchar_is_signed(void);

void seatrial_fill_with_union(struct seatrial_with_union *, double);
void seatrial_fill_rows(struct seatrial_rows *);
void seatrial_fill_pointers(struct seatrial_pointers *);
void seatrial_fill_complex(struct seatrial_complex *);
void seatrial_fill_flexible(struct seatrial_flexible *, int count);
int seatrial_twice(int);
#endif
