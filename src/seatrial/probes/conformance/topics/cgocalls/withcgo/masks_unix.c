//go:build cgo && unix

#include "masks.h"
#include "planted.h"
#include <pthread.h>
#include <signal.h>

int cgocalls_blocked(int signal) {
	sigset_t now;
	sigemptyset(&now);
	pthread_sigmask(SIG_BLOCK, NULL, &now); /* with no set: asks only */
	return sigismember(&now, signal);
}

uint64_t cgocalls_mask(void) {
	const int some[] = {SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD, SIGALRM};
	uint64_t blocked = 0;
	for (int i = 0; i < 5; i++)
		if (cgocalls_blocked(some[i]))
			blocked |= UINT64_C(1) << some[i];
	return blocked;
}

struct call {
	uintptr_t handle;
	struct cgocalls_masks *masks;
};

static void work(uintptr_t argument) {
	struct call *call = (struct call *)argument;
	sigset_t two;
	sigemptyset(&two);
	sigaddset(&two, SIGUSR2);
	sigaddset(&two, SIGWINCH);
	pthread_sigmask(SIG_SETMASK, &two, NULL);
	call->masks->before = cgocalls_mask();
	cgocalls_call_go(call->handle, 1);
	if (seatrial_planted("cgocalls-mask-reset")) {
		sigemptyset(&two);
		pthread_sigmask(SIG_SETMASK, &two, NULL);
	}
	call->masks->after = cgocalls_mask();
}

int cgocalls_mask_on_thread(uintptr_t handle, struct cgocalls_masks *masks) {
	struct call call = {handle, masks};
	return cgocalls_on_threads(1, work, (uintptr_t)&call, 0);
}
