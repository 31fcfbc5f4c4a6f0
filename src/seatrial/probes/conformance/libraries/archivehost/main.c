/* A C program with Go code in it (c-archive). */
#include "../../suite/planted.h"
#include <stdio.h>

int SeatrialProduct(int, int);
void SeatrialTold(void);

int main(void) {
	SeatrialTold();
	printf("%d\n", SeatrialProduct(seatrial_planted("linking-other-product") ? 0 : 6, 7));
	return 0;
}
