//go:build cgo && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)

#include "registers.h"
#include "_cgo_export.h"
#include "planted.h"
#include "vectors.h"
#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef _WIN32
#include <windows.h>
#else
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#endif

const char *cgocalls_kept_name(int bit) { return bit < cgocalls_kept_count ? cgocalls_kept[bit] : "?"; }

void cgocalls_control_here(char *out, size_t size) {
#ifdef FE_DOWNWARD
	if (seatrial_planted("cgocalls-control-changed"))
		fesetround(FE_DOWNWARD);
#endif
	cgocalls_control(out, size);
#ifdef FE_DOWNWARD
	if (seatrial_planted("cgocalls-control-changed"))
		fesetround(FE_TONEAREST);
#endif
}

static void maybe_clobber(void) {
#if defined(SEATRIAL_FAULTS) && defined(__x86_64__)
	/* Undeclared on purpose: the compiler does not save it. */
	if (seatrial_planted("cgocalls-clobbered-register"))
		__asm__ volatile("xor %%r12d, %%r12d" :::);
#endif
}

static void over_callback(uintptr_t handle) {
	cgocallsGoRun(handle);
	maybe_clobber();
}

uint64_t cgocalls_keep_over_callback(uintptr_t handle) { return cgocalls_keep(over_callback, handle); }

static int in_order(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

static void over_libc(uintptr_t unused) {
	(void)unused;
	int numbers[40];
	char text[100];
	for (int i = 0; i < 40; i++)
		numbers[i] = i * 7 % 40;
	qsort(numbers, 40, sizeof numbers[0], in_order);
	snprintf(text, sizeof text, "%.17g %d %s", 0.1, numbers[39], "text");
	memmove(text + 1, text, 90);
	double volatile read = strtod(text, NULL);
	(void)read;
	free(malloc(5000));
	maybe_clobber();
}

uint64_t cgocalls_keep_over_libc(void) { return cgocalls_keep(over_libc, 0); }

static void over_system_calls(uintptr_t unused) {
	(void)unused;
	for (int i = 0; i < 20; i++) {
#ifdef _WIN32
		SwitchToThread();
		Sleep(0);
#else
		(void)getppid();
		sched_yield();
#endif
	}
	cgocalls_pause(); /* really away from the processor */
	maybe_clobber();
}

uint64_t cgocalls_keep_over_system_calls(void) { return cgocalls_keep(over_system_calls, 0); }

#ifndef _WIN32
static void over_raise(uintptr_t signal) {
	pthread_kill(pthread_self(), (int)signal);
	maybe_clobber();
}

uint64_t cgocalls_keep_over_raise(int signal) { return cgocalls_keep(over_raise, (uintptr_t)signal); }
#endif

uintptr_t cgocalls_stack_pointer(void) {
#if defined(SEATRIAL_FAULTS) && defined(__x86_64__) && !defined(_WIN32)
	if (seatrial_planted("cgocalls-stack-misaligned")) {
		uintptr_t sp;
		__asm__ volatile("sub $8, %%rsp\n\tcall cgocalls_entry_sp\n\tadd $8, %%rsp" : "=a"(sp)::"rcx", "rdx", "cc", "memory");
		return sp;
	}
#endif
	return cgocalls_entry_sp();
}

__attribute__((noinline)) static int off(volatile void *local, int alignment) {
	uintptr_t address = (uintptr_t)local;
	__asm__("" : "+r"(address)); /* the compiler believes that it knows the answer */
	if (seatrial_planted("cgocalls-stack-misaligned"))
		address += 8;
	return (int)(address % (uintptr_t)alignment);
}

int cgocalls_local_off(int alignment) {
	if (alignment == 32) {
		_Alignas(32) volatile char local[32];
		return off(local, alignment);
	}
	_Alignas(64) volatile char local[64];
	return off(local, 64);
}

int cgocalls_vectors16(void) {
	int32_t got[4];
	cgocalls_vector_sum(got);
	for (int i = 0; i < 4; i++)
		if (got[i] != 1234567 + i * (1 + 10 + 100 + 1000 + 10000 + 100000 + 1000000))
			return 0;
	return 1;
}

int cgocalls_rounds_to_nearest(void) {
	/* Not by asking, but by adding: a half of the last bit, above and below. */
	volatile double one = 1, half = 0x1p-53, more = 0x1.8p-53;
#ifdef FE_DOWNWARD
	if (seatrial_planted("cgocalls-rounding-lost"))
		fesetround(FE_DOWNWARD);
#endif
	int right = one + half == one && one + more > one && -one - half == -one && -one - more < -one;
	if (seatrial_planted("cgocalls-rounding-lost"))
		fesetround(FE_TONEAREST);
	return right;
}

int cgocalls_rounding_over_callback(uintptr_t handle) {
#ifdef FE_UPWARD
	if (fesetround(FE_UPWARD) != 0 || fegetround() != FE_UPWARD)
		return -1;
	cgocallsGoRun(handle);
	if (seatrial_planted("cgocalls-rounding-lost"))
		fesetround(FE_TONEAREST);
	volatile double one = 1, little = 0x1p-80;
	int kept = fegetround() == FE_UPWARD && one + little > one;
	fesetround(FE_TONEAREST);
	return kept;
#else
	(void)handle;
	return -1;
#endif
}
