/* How C lays out a structure: what Go's views of it (cgo's, package syscall's) are held against. */
#ifndef SEATRIAL_SHAPE_H
#define SEATRIAL_SHAPE_H
#include <stddef.h>

struct seatrial_member {
	const char *name, *in_go; /* in_go: the field of package syscall, "" where it has none */
	size_t offset, size;
};

struct seatrial_shape {
	const char *name;
	size_t size, align;
	const struct seatrial_member *members;
	int count;
};

#define MEMBER(type, member, go) {#member, go, offsetof(type, member), sizeof(((type *)0)->member)}
#define SHAPE(name, type, members) {name, sizeof(type), _Alignof(type), members, sizeof members / sizeof *members}

/* Looks a shape up; a planted fault moves its last member. */
const struct seatrial_shape *seatrial_find(const struct seatrial_shape *shapes, int count, const char *name);
const struct seatrial_shape *seatrial_language_shape(const char *name);
const struct seatrial_shape *seatrial_system_shape(const char *name);
#endif
