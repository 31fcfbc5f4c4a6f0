//go:build cgo

#include "threads.h"
#include "planted.h"
#include <stdatomic.h>
#include <stdlib.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <errno.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__) && defined(SEATRIAL_FAULTS)
#include <sys/syscall.h>
#endif
#endif

struct job {
	cgocalls_work work;
	uintptr_t argument;
};

static void do_job(const struct job *job) {
	if (!seatrial_planted("cgocalls-thread-lost"))
		job->work(job->argument);
#if defined(__linux__) && defined(SEATRIAL_FAULTS)
	if (seatrial_planted("cgocalls-thread-end-untold"))
		syscall(SYS_exit, 0);
#endif
}

#ifdef _WIN32
static DWORD WINAPI entry(void *job) {
	do_job(job);
	return 0;
}

static int start(HANDLE *thread, struct job *job, size_t stack) {
	*thread = CreateThread(NULL, stack, entry, job, 0, NULL);
	return *thread == NULL ? (int)GetLastError() : 0;
}

static void join(HANDLE thread) {
	WaitForSingleObject(thread, INFINITE);
	CloseHandle(thread);
}

typedef HANDLE thread;
uintptr_t cgocalls_thread_id(void) { return GetCurrentThreadId(); }
void cgocalls_pause(void) { Sleep(1); }
#else
static void *entry(void *job) {
	do_job(job);
	return NULL;
}

static int start(pthread_t *thread, struct job *job, size_t stack) {
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
#ifdef _SC_THREAD_STACK_MIN
	if (stack != 0 && stack < (size_t)sysconf(_SC_THREAD_STACK_MIN)) /* 128 KiB with glibc on arm64 and loong64 */
		stack = (size_t)sysconf(_SC_THREAD_STACK_MIN);
#endif
	int error = stack == 0 ? 0 : pthread_attr_setstacksize(&attributes, stack);
	if (error == 0)
		error = pthread_create(thread, &attributes, entry, job);
	pthread_attr_destroy(&attributes);
	return error;
}

static void join(pthread_t thread) { pthread_join(thread, NULL); }

typedef pthread_t thread;

uintptr_t cgocalls_thread_id(void) {
	static atomic_int calls;
	return (uintptr_t)pthread_self() + (seatrial_planted("cgocalls-thread-moves") ? (uintptr_t)calls++ : 0);
}

void cgocalls_pause(void) {
	struct timespec moment = {0, 100000};
	int kept = errno; /* a signal may interrupt the sleep */
	nanosleep(&moment, NULL);
	errno = kept;
}
#endif

int cgocalls_on_threads(int threads, cgocalls_work work, uintptr_t argument, size_t stack) {
	struct job job = {work, argument};
	thread *all = malloc(sizeof(thread) * (size_t)threads);
	int started = 0, error = 0;
	while (started < threads && (error = start(&all[started], &job, stack)) == 0)
		started++;
	for (int i = 0; i < started; i++)
		join(all[i]);
	free(all);
	return error;
}

static atomic_int here;

int cgocalls_meet(int all, int milliseconds) {
	if (seatrial_planted("cgocalls-one-at-a-time")) {
		static atomic_int busy;
		if (atomic_exchange(&busy, 1))
			return 0;
		cgocalls_pause();
		atomic_store(&busy, 0);
		return all == 1;
	}
	atomic_fetch_add(&here, 1);
	for (int i = 0; i < 10 * milliseconds && atomic_load(&here) < all; i++)
		cgocalls_pause();
	return atomic_load(&here) >= all;
}

void cgocalls_meet_again(void) { atomic_store(&here, 0); }

int cgocalls_wait_for(int32_t *flag, int milliseconds) {
	if (seatrial_planted("cgocalls-store-unseen"))
		milliseconds = 20;
	for (int i = 0; i < 10 * milliseconds; i++) {
		if (__atomic_load_n(flag, __ATOMIC_SEQ_CST) != 0 && !seatrial_planted("cgocalls-store-unseen"))
			return 1;
		cgocalls_pause();
	}
	return 0;
}

static _Thread_local int own = 41;
static int shared = 41;

int cgocalls_own_plus(int n) {
	int *place = seatrial_planted("cgocalls-thread-locals-shared") ? &shared : &own;
	return *place += n;
}

struct own {
	int n, got;
};

static void own_work(uintptr_t argument) {
	struct own *own = (struct own *)argument;
	own->got = cgocalls_own_plus(own->n);
}

int cgocalls_own_on_thread(int n, int *got) {
	struct own own = {n, 0};
	int error = cgocalls_on_threads(1, own_work, (uintptr_t)&own, 0);
	*got = own.got;
	return error;
}
