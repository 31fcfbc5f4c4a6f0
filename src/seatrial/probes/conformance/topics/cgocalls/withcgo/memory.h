#ifndef SEATRIAL_MEMORY_H
#define SEATRIAL_MEMORY_H
#include "threads.h"

/* Blocks of C's allocator: how many of them are not aligned for every type, overlap another, or lose a byte. */
int seatrial_blocks_wrong(int blocks);
/* How many bytes of a zeroed block are not zero. */
int seatrial_not_zero(int bytes);
/* Allocates here, frees and checks on a C thread: how many bytes were wrong. */
int seatrial_free_elsewhere(int bytes, int *wrong);
/* How many bytes are kept by realloc from the first to the last size. */
int seatrial_kept_by_realloc(int first, int last);
void *seatrial_aligned(size_t alignment, size_t bytes);
void seatrial_aligned_free(void *);

int seatrial_text_length(const char *text);
int seatrial_byte_of(const void *bytes, int i);
/* Keeps a pointer into Go memory over calls, which cgo allows for pinned memory. */
void seatrial_remember(uint32_t *numbers);
uint32_t seatrial_change_remembered(int i, uint32_t by);
uintptr_t seatrial_context_round_trip(uintptr_t handle); /* as void * within C */

extern int32_t seatrial_global;
extern const char seatrial_words[3][8];
extern double seatrial_table[4];
int32_t seatrial_read_global(void);
int seatrial_constructed(void);
int seatrial_jump(int depth);
const char *seatrial_environment(const char *name);

/* Uses so many bytes of C stack, every page of them: gives the bytes it counted. */
int64_t seatrial_use_stack(int64_t bytes);
/* The size that the C library declares for the stack of this thread, or 0 where it does not say. */
int64_t seatrial_stack_size(void);
#endif
