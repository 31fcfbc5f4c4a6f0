/* What must be the same after a call as before it, looked at in assembly: registers_<arch>.c. */
#ifndef SEATRIAL_REGISTERS_H
#define SEATRIAL_REGISTERS_H
#include "threads.h"

/* Fills all registers that a callee must keep, calls work(argument), and gives a bit for each that has changed. */
uint64_t cgocalls_keep(cgocalls_work work, uintptr_t argument);
/* The stack pointer just before the call instruction. */
uintptr_t cgocalls_entry_sp(void);
/* The registers' names, in the order of cgocalls_keep's bits. */
extern const char *const cgocalls_kept[];
extern const int cgocalls_kept_count;
const char *cgocalls_kept_name(int bit);
/* The control bits (rounding, exceptions, flush to zero) of the floating-point unit, as text. */
void cgocalls_control(char *out, size_t size);
void cgocalls_control_here(char *out, size_t size);

/* What is called under cgocalls_keep. */
uint64_t cgocalls_keep_over_callback(uintptr_t handle);
uint64_t cgocalls_keep_over_libc(void);
uint64_t cgocalls_keep_over_system_calls(void);
uint64_t cgocalls_keep_over_raise(int signal);

uintptr_t cgocalls_stack_pointer(void);
/* The address of a local variable that is aligned to 32 or 64 bytes, modulo that. */
int cgocalls_local_off(int alignment);
int cgocalls_vectors16(void);
int cgocalls_vectors32(void); /* -1: this processor has none */
/* Sets a rounding mode, calls Go, and says whether it is still set; then sets it back. -1: C cannot set it. */
int cgocalls_rounding_over_callback(uintptr_t handle);
int cgocalls_rounds_to_nearest(void);
#endif
