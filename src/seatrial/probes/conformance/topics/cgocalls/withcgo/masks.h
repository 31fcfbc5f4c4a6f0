#ifndef SEATRIAL_MASKS_H
#define SEATRIAL_MASKS_H
#include "threads.h"

struct cgocalls_masks {
	uint64_t before, during, after;
};

int cgocalls_blocked(int signal);
/* Which of SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD and SIGALRM are blocked, a bit each at the signal's number. */
uint64_t cgocalls_mask(void);
/* A C thread blocks SIGUSR2 and SIGWINCH alone and calls Go. */
int cgocalls_mask_on_thread(uintptr_t handle, struct cgocalls_masks *masks);
#endif
