/* The loader's operations, as cases ask for them; planted faults of the loader are in here. */
#ifndef SEATRIAL_LOADER_H
#define SEATRIAL_LOADER_H
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

void *seatrial_open(const char *path, int flags);
void *seatrial_symbol(void *handle, const char *name);
void *seatrial_version(const char *name, const char *version); /* dlvsym; NULL where libc has none */
int seatrial_has_versions(void);
int seatrial_close(void *handle);
const char *seatrial_error(void);

int seatrial_call(void *function);             /* int (*)(void) */
int seatrial_call_1(void *function, int a);    /* int (*)(int) */
int seatrial_call_2(void *function, int a, int b);
int seatrial_call_text(void *function, const char *text);
void *seatrial_call_allocate(void *function, int size); /* sets errno */

/* Has destructors noted, a digit each. */
extern int seatrial_ended;
void seatrial_note_ends(void *function);

/* Calls an int (*)(int) with 1, 2, 3 from each of many threads at once: how many saw other than 42, 1, 2. */
int seatrial_call_in_threads(void *function, int threads);

/* What dladdr and dl_iterate_phdr say of an address: file, symbol, and the object's base; -1 if nothing. */
int seatrial_where(void *address, const char **file, const char **symbol, void **base);
uint64_t seatrial_objects(const char *ending, int *found, uint64_t *added);
const char *seatrial_interpreter(void);
int seatrial_parent(void);
const char *seatrial_c_library(void);
#endif
