#ifndef SEATRIAL_MEMORY_H
#define SEATRIAL_MEMORY_H
#include "threads.h"

/* Blocks of C's allocator: how many of them are not aligned for every type, overlap another, or lose a byte. */
int cgocalls_blocks_wrong(int blocks);
/* How many bytes of a zeroed block are not zero. */
int cgocalls_not_zero(int bytes);
/* Allocates here, frees and checks on a C thread: how many bytes were wrong. */
int cgocalls_free_elsewhere(int bytes, int *wrong);
/* How many bytes are kept by realloc from the first to the last size. */
int cgocalls_kept_by_realloc(int first, int last);
void *cgocalls_aligned(size_t alignment, size_t bytes);
void cgocalls_aligned_free(void *);

int cgocalls_text_length(const char *text);
int cgocalls_byte_of(const void *bytes, int i);
/* Keeps a pointer into Go memory over calls, which cgo allows for pinned memory. */
void cgocalls_remember(uint32_t *numbers);
uint32_t cgocalls_change_remembered(int i, uint32_t by);
uintptr_t cgocalls_context_round_trip(uintptr_t handle); /* as void * within C */

extern int32_t cgocalls_global;
extern const char cgocalls_words[3][8];
extern double cgocalls_table[4];
int32_t cgocalls_read_global(void);
int cgocalls_constructed(void);
int cgocalls_jump(int depth);
const char *cgocalls_environment(const char *name);

/* Uses so many bytes of C stack, every page of them: gives the bytes it counted. */
int64_t cgocalls_use_stack(int64_t bytes);
/* The size that the C library declares for the stack of this thread, or 0 where it does not say. */
int64_t cgocalls_stack_size(void);
#endif
