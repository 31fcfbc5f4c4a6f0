//go:build cgo

#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "memory.h"
#include "planted.h"
#include <setjmp.h>
#include <stdlib.h>
#ifdef _WIN32
#include <malloc.h>
#elif defined(__linux__) || defined(__APPLE__)
#include <pthread.h>
#endif

#define MISPLACED(pointer) ((void *)((char *)(pointer) + (seatrial_planted("cgocalls-blocks-misplaced") ? 4 : 0)))

int cgocalls_blocks_wrong(int blocks) {
	unsigned char **all = malloc(sizeof *all * (size_t)blocks);
	int wrong = 0;
	for (int i = 0; i < blocks; i++) {
		all[i] = malloc((size_t)i + 24);
		if (all[i] == NULL) {
			wrong++;
			continue;
		}
		wrong += (uintptr_t)MISPLACED(all[i]) % _Alignof(max_align_t) != 0;
		memset(all[i], i & 0xff, (size_t)i + 24);
	}
	for (int i = 0; i < blocks; i++)
		for (int j = 0; all[i] != NULL && j < i + 24; j++)
			wrong += all[i][j] != (i & 0xff);
	for (int i = 0; i < blocks; i++)
		free(all[i]);
	free(all);
	return wrong;
}

int cgocalls_not_zero(int bytes) {
	int wrong = 0;
	for (int round = 0; round < 3; round++) {
		unsigned char *dirty = malloc((size_t)bytes);
		memset(dirty, 0xff, (size_t)bytes);
		__asm__ volatile("" ::"r"(dirty) : "memory");
		free(dirty);
		unsigned char *block = seatrial_planted("cgocalls-old-bytes") ? malloc((size_t)bytes) : calloc((size_t)bytes, 1);
		__asm__ volatile("" : "+r"(block)::"memory");
		for (int i = 0; i < bytes; i++)
			wrong += block[i] != 0;
		free(block);
	}
	return wrong;
}

struct elsewhere {
	unsigned char *block;
	int bytes, wrong;
};

static void free_work(uintptr_t argument) {
	struct elsewhere *there = (struct elsewhere *)argument;
	if (seatrial_planted("cgocalls-old-bytes"))
		there->block[5] ^= 1;
	for (int i = 0; i < there->bytes; i++)
		there->wrong += there->block[i] != (unsigned char)(i * 3);
	free(there->block);
	there->block = NULL;
}

int cgocalls_free_elsewhere(int bytes, int *wrong) {
	struct elsewhere there = {malloc((size_t)bytes), bytes, 0};
	for (int i = 0; i < bytes; i++)
		there.block[i] = (unsigned char)(i * 3);
	int error = cgocalls_on_threads(1, free_work, (uintptr_t)&there, 0);
	*wrong = there.block == NULL ? there.wrong : -1;
	return error;
}

int cgocalls_kept_by_realloc(int first, int last) {
	unsigned char *block = malloc((size_t)first);
	int kept = 0;
	memset(block, 0x5a, (size_t)first);
	for (int size = first; size <= last; size *= 4)
		block = realloc(block, (size_t)size);
	if (seatrial_planted("cgocalls-old-bytes"))
		block[first - 1] = 0;
	for (int i = 0; i < first; i++)
		kept += block[i] == 0x5a;
	free(block);
	return kept;
}

void *cgocalls_aligned(size_t alignment, size_t bytes) {
#ifdef _WIN32
	return MISPLACED(_aligned_malloc(bytes, alignment));
#else
	void *block = NULL;
	return posix_memalign(&block, alignment, bytes) == 0 ? MISPLACED(block) : NULL;
#endif
}

void cgocalls_aligned_free(void *block) {
	if (seatrial_planted("cgocalls-blocks-misplaced"))
		return;
#ifdef _WIN32
	_aligned_free(block);
#else
	free(block);
#endif
}

int cgocalls_text_length(const char *text) { return (int)strlen(text) - !!seatrial_planted("cgocalls-text-cut"); }

int cgocalls_byte_of(const void *bytes, int i) {
	return seatrial_planted("cgocalls-text-cut") ? 0 : ((const unsigned char *)bytes)[i];
}

static uint32_t *remembered;

void cgocalls_remember(uint32_t *numbers) { remembered = numbers; }

uint32_t cgocalls_change_remembered(int i, uint32_t by) {
	uint32_t old = remembered[i];
	if (!seatrial_planted("cgocalls-store-lost"))
		remembered[i] += by;
	return old;
}

static void *context;

uintptr_t cgocalls_context_round_trip(uintptr_t handle) {
	context = (void *)handle;
	return (uintptr_t)context + (seatrial_planted("cgocalls-context-changed") ? 1 : 0);
}

int32_t cgocalls_global = 17;
const char cgocalls_words[3][8] = {"tide", "ebb", "current"};
double cgocalls_table[4] = {0.5, 1.5, 2.5, 3.5};

int32_t cgocalls_read_global(void) { return seatrial_planted("cgocalls-store-lost") ? 17 : cgocalls_global; }

static int constructed;

__attribute__((constructor)) static void construct(void) { constructed += !seatrial_planted("cgocalls-no-constructors"); }

int cgocalls_constructed(void) { return constructed; }

static jmp_buf back;

static void deeper(int depth) {
	volatile char frame[200];
	frame[0] = (char)depth;
	if (depth == 0)
		longjmp(back, seatrial_planted("cgocalls-jump-value-lost") ? 1 : 42);
	deeper(depth - 1);
	frame[1] = frame[0];
}

int cgocalls_jump(int depth) {
	volatile int kept = depth + 1;
	int value = setjmp(back);
	if (value == 0)
		deeper(depth);
	return kept == depth + 1 ? value : -1;
}

const char *cgocalls_environment(const char *name) {
	return seatrial_planted("cgocalls-environment-apart") ? NULL : getenv(name);
}

static int64_t use(int64_t bytes) {
	volatile char frame[3800]; /* less than a page: no guard page is passed over */
	frame[0] = 1;
	int64_t deeper = bytes <= (int64_t)sizeof frame ? 0 : use(bytes - (int64_t)sizeof frame);
	return deeper + (int64_t)sizeof frame * frame[0];
}

int64_t cgocalls_use_stack(int64_t bytes) { return use(bytes); }

int64_t cgocalls_stack_size(void) {
	size_t size = 0;
#if defined(__linux__)
	pthread_attr_t attributes;
	if (pthread_getattr_np(pthread_self(), &attributes) != 0)
		return 0;
	pthread_attr_getstacksize(&attributes, &size);
	pthread_attr_destroy(&attributes);
#elif defined(__APPLE__)
	size = pthread_get_stacksize_np(pthread_self());
#endif
	return (int64_t)size;
}
