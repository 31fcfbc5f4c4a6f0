/* Threads that C makes, and ways in which C calls Go. */
#ifndef SEATRIAL_THREADS_H
#define SEATRIAL_THREADS_H
#include "structs.h"

typedef void (*cgocalls_work)(uintptr_t);

/* Starts so many threads, each calling work(argument), and waits for them. 0 stack: as the C library has it.
   Gives the error of the call that failed, or 0. */
int cgocalls_on_threads(int threads, cgocalls_work work, uintptr_t argument, size_t stack);
uintptr_t cgocalls_thread_id(void);
void cgocalls_pause(void);

/* Calls the func() behind the cgo.Handle so many times. */
void cgocalls_call_go(uintptr_t handle, int times);
/* The same on threads of C's own. */
int cgocalls_threads_call_go(int threads, uintptr_t handle, int times, size_t stack);
/* The same from under a C frame of so many bytes, which it checks afterwards: how many of them were changed. */
int cgocalls_call_go_over(uintptr_t handle, int bytes);
int cgocalls_thread_calls_go_over(uintptr_t handle, int bytes, size_t stack, int *changed);

int64_t cgocalls_add_in_go(int64_t a, int64_t b);
int cgocalls_many_in_go(void);
struct cgocalls_nested cgocalls_turn_in_go(struct cgocalls_nested, struct cgocalls_d3 *scaled);
int cgocalls_several_in_go(int64_t number, double *half, int64_t *twice);
int64_t cgocalls_nest(int64_t depth);
void cgocalls_sort_by_go(int32_t *numbers, int n);
/* Where the stack of a call is. */
uintptr_t cgocalls_stack_here(void);

/* Waits within C until so many are there, or for so many milliseconds: whether all came. */
int cgocalls_meet(int all, int milliseconds);
void cgocalls_meet_again(void);
/* Waits within C until Go sets the flag: whether it did in time. */
int cgocalls_wait_for(int32_t *flag, int milliseconds);

int cgocalls_own_plus(int);
int cgocalls_own_on_thread(int, int *got);
#endif
