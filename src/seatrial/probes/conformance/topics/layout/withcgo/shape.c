//go:build cgo

#include "shape.h"
#include "planted.h"
#include <string.h>

const struct seatrial_shape *seatrial_find(const struct seatrial_shape *shapes, int count, const char *name) {
	static struct seatrial_shape moved;
	static struct seatrial_member members[32];
	for (int i = 0; i < count; i++) {
		if (strcmp(shapes[i].name, name) != 0)
			continue;
		if (!seatrial_planted("layout-wrong-struct-offset") && !seatrial_planted("layout-wrong-struct-size"))
			return &shapes[i];
		moved = shapes[i];
		memcpy(members, moved.members, moved.count * sizeof *members);
		moved.members = members;
		if (seatrial_planted("layout-wrong-struct-size"))
			moved.size += moved.align;
		else
			members[moved.count - 1].offset++;
		return &moved;
	}
	return 0;
}
