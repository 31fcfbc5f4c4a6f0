//go:build cgo

#define _GNU_SOURCE
#include "loader.h"
#include "planted.h"
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void *seatrial_open(const char *path, int flags) {
	if (seatrial_planted("linking-all-global"))
		flags |= RTLD_GLOBAL;
	if (seatrial_planted("linking-all-local"))
		flags &= ~RTLD_GLOBAL;
	if (seatrial_planted("linking-all-lazy"))
		flags = (flags & ~RTLD_NOW) | RTLD_LAZY;
	if (seatrial_planted("linking-all-now"))
		flags = (flags & ~RTLD_LAZY) | RTLD_NOW;
	if (seatrial_planted("linking-never-unloads"))
		flags |= RTLD_NODELETE;
	return dlopen(path, flags);
}

void *seatrial_symbol(void *handle, const char *name) {
	if (seatrial_planted("linking-finds-all")) {
		void *found = dlsym(handle, name);
		return found ? found : (void *)seatrial_close;
	}
	return dlsym(handle, name);
}

typedef void *versioned(void *, const char *, const char *);

int seatrial_has_versions(void) { return dlsym(RTLD_DEFAULT, "dlvsym") != 0; }

void *seatrial_version(const char *name, const char *version) {
	versioned *find = (versioned *)dlsym(RTLD_DEFAULT, "dlvsym");
	if (seatrial_planted("linking-versions-ignored"))
		return dlsym(RTLD_DEFAULT, name);
	return find ? find(RTLD_DEFAULT, name, version) : 0;
}

int seatrial_close(void *handle) { return dlclose(handle); }

const char *seatrial_error(void) {
	const char *said = dlerror();
	return said && seatrial_planted("linking-no-error-text") ? "error" : said;
}

int seatrial_call(void *function) { return ((int (*)(void))function)(); }
int seatrial_call_1(void *function, int a) { return ((int (*)(int))function)(a); }
int seatrial_call_2(void *function, int a, int b) { return ((int (*)(int, int))function)(a, b); }
int seatrial_call_text(void *function, const char *text) { return ((int (*)(const char *))function)(text); }
void *seatrial_call_allocate(void *function, int size) { return ((void *(*)(int))function)(size); }

int seatrial_ended;
static void note_end(int which) { seatrial_ended = seatrial_ended * 10 + which; }
void seatrial_note_ends(void *function) {
	seatrial_ended = 0;
	((void (*)(void (*)(int)))function)(note_end);
}

static pthread_barrier_t together;

static void *own(void *function) {
	intptr_t wrong = 0;
	int before = 42;
	for (int next = 1; next <= 3; next++) {
		pthread_barrier_wait(&together);
		if (seatrial_call_1(function, next) != before)
			wrong = 1;
		before = next;
	}
	return (void *)wrong;
}

int seatrial_call_in_threads(void *function, int threads) {
	enum { MOST = 16 };
	pthread_t started[MOST];
	int wrong = 0;
	if (threads > MOST || pthread_barrier_init(&together, 0, threads) != 0)
		return -1;
	for (int i = 0; i < threads; i++)
		if (pthread_create(&started[i], 0, own, function) != 0)
			return -1; /* those that wait for the rest stay: the case fails */
	for (int i = 0; i < threads; i++) {
		void *result;
		pthread_join(started[i], &result);
		wrong += result != 0;
	}
	pthread_barrier_destroy(&together);
	return wrong;
}

int seatrial_where(void *address, const char **file, const char **symbol, void **base) {
	Dl_info info;
	if (dladdr(address, &info) == 0)
		return -1;
	*file = info.dli_fname, *symbol = info.dli_sname, *base = info.dli_fbase;
	if (seatrial_planted("linking-no-names"))
		*symbol = 0;
	return 0;
}

struct search {
	const char *ending;
	int found;
	uint64_t base, added;
};

static int look(struct dl_phdr_info *info, size_t size, void *data) {
	struct search *search = data;
	size_t length = strlen(info->dlpi_name), wanted = strlen(search->ending);
	(void)size;
	search->added = info->dlpi_adds;
	if (length >= wanted && strcmp(info->dlpi_name + length - wanted, search->ending) == 0)
		search->found++, search->base = info->dlpi_addr;
	return 0;
}

uint64_t seatrial_objects(const char *ending, int *found, uint64_t *added) {
	struct search search = {.ending = ending};
	dl_iterate_phdr(look, &search);
	*found = seatrial_planted("linking-objects-hidden") ? 0 : search.found, *added = search.added;
	return search.base;
}

static int interpreter(struct dl_phdr_info *info, size_t size, void *data) {
	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_INTERP)
			*(const char **)data = (const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
	return 1; /* the program itself is the first */
}

const char *seatrial_interpreter(void) {
	const char *path = 0;
	dl_iterate_phdr(interpreter, &path);
	return seatrial_planted("linking-other-loader") ? "/lib/ld.so.1" : path;
}

int seatrial_parent(void) { return (int)getppid(); }

const char *seatrial_c_library(void) {
#ifdef __GLIBC__
	return "glibc";
#else
	return "musl";
#endif
}
