/* A function that is chosen when the library is loaded (STT_GNU_IFUNC), as libc chooses its memcpy. */
#include "../../suite/planted.h"

static int thrice(int number) { return 3 * number; }

static int (*choose(void))(int) { return thrice; }

int seatrial_chosen(int) __attribute__((ifunc("choose")));
int seatrial_call_chosen(int number) { return seatrial_chosen(number) + seatrial_planted("linking-other-choice"); }
