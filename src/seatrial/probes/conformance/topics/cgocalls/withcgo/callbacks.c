//go:build cgo

#include "_cgo_export.h"
#include "planted.h"
#include "threads.h"
#include <stdlib.h>

static void once(uintptr_t handle) { cgocallsGoRun(handle); }

void cgocalls_call_go(uintptr_t handle, int times) {
	if (seatrial_planted("cgocalls-callback-dropped"))
		times--;
	for (int i = 0; i < times; i++) {
		if (seatrial_planted("cgocalls-callback-on-other-thread"))
			cgocalls_on_threads(1, once, handle, 0);
		else
			once(handle);
	}
}

struct calls {
	uintptr_t handle;
	int times, bytes, changed;
};

static void calls_work(uintptr_t argument) {
	struct calls *calls = (struct calls *)argument;
	cgocalls_call_go(calls->handle, calls->times);
}

int cgocalls_threads_call_go(int threads, uintptr_t handle, int times, size_t stack) {
	struct calls calls = {handle, times, 0, 0};
	return cgocalls_on_threads(threads, calls_work, (uintptr_t)&calls, stack);
}

int cgocalls_call_go_over(uintptr_t handle, int bytes) {
	volatile unsigned char *frame = __builtin_alloca((size_t)bytes);
	int changed = 0;
	for (int i = 0; i < bytes; i++)
		frame[i] = (unsigned char)(i * 31);
	once(handle);
	if (seatrial_planted("cgocalls-c-frame-changed"))
		frame[bytes / 2] ^= 1;
	for (int i = 0; i < bytes; i++)
		changed += frame[i] != (unsigned char)(i * 31);
	return changed;
}

static void over_work(uintptr_t argument) {
	struct calls *calls = (struct calls *)argument;
	calls->changed = cgocalls_call_go_over(calls->handle, calls->bytes);
}

int cgocalls_thread_calls_go_over(uintptr_t handle, int bytes, size_t stack, int *changed) {
	struct calls calls = {handle, 1, bytes, -1};
	int error = cgocalls_on_threads(1, over_work, (uintptr_t)&calls, stack);
	*changed = calls.changed;
	return error;
}

#define RESULT_LOST seatrial_planted("cgocalls-callback-result-lost")

int64_t cgocalls_add_in_go(int64_t a, int64_t b) { return cgocallsGoAdd(a, b) * !RESULT_LOST; }

int cgocalls_many_in_go(void) {
	float last = seatrial_planted("cgocalls-callback-argument-lost") ? 0 : -14.5f;
	return cgocallsGoMany(-1, 0.5, 3, -1.5f, INT64_C(5) << 40, 2.5, -7, 3.5f, -(INT64_C(9) << 33), -4.5, 11, 5.5f, true,
			      last, INT64_MIN, -6.5);
}

struct cgocalls_nested cgocalls_turn_in_go(struct cgocalls_nested n, struct cgocalls_d3 *scaled) {
	struct cgocalls_d3 v = {{1, -2, 4}};
	*scaled = cgocallsGoScale(v, 0.5);
	if (RESULT_LOST)
		scaled->d[2] = 0;
	return cgocallsGoTurn(n);
}

int cgocalls_several_in_go(int64_t number, double *half, int64_t *twice) {
	struct cgocallsGoSeveral_return got = cgocallsGoSeveral(number);
	*half = got.r0;
	*twice = RESULT_LOST ? 0 : got.r1;
	return got.r2;
}

int64_t cgocalls_nest(int64_t depth) {
	if (seatrial_planted("cgocalls-nesting-cut") && depth == 3)
		return 0;
	return depth == 0 ? 0 : 1 + cgocallsGoNest(depth - 1);
}

static int by_go(const void *a, const void *b) {
	int order = cgocallsGoCompare(*(const int32_t *)a, *(const int32_t *)b);
	return seatrial_planted("cgocalls-callback-result-lost") ? 0 : order;
}

void cgocalls_sort_by_go(int32_t *numbers, int n) { qsort(numbers, (size_t)n, sizeof *numbers, by_go); }

uintptr_t cgocalls_stack_here(void) {
	static uintptr_t calls;
	volatile char here = 0;
	uintptr_t address = (uintptr_t)&here;
	__asm__("" : "+r"(address));
	return address - (seatrial_planted("cgocalls-c-stack-leaks") ? 256 * calls++ : 0);
}
