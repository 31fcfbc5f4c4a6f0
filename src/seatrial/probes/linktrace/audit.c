/* An audit library for glibc's loader (rtld-audit(7)): tells who looks up what by dlsym, which LD_DEBUG does not.
   Lines of three fields, separated by tabs: the calling file, the file that has the symbol, the symbol. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static int out = -1;
static int started;

unsigned int la_version(unsigned int version)
{
	const char *path = getenv("SEATRIAL_LINK_AUDIT");
	if (path != NULL)
		out = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	/* Nothing here changed between the versions of the interface. */
	return out < 0 ? 0 : version;
}

unsigned int la_objopen(struct link_map *map, Lmid_t space, uintptr_t *cookie)
{
	(void)space;
	*cookie = (uintptr_t)map;
	return LA_FLG_BINDTO | LA_FLG_BINDFROM;
}

/* Until here the loader itself looks up malloc and its kin. */
void la_preinit(uintptr_t *cookie)
{
	(void)cookie;
	started = 1;
}

static const char *name_of(const uintptr_t *cookie)
{
	return ((const struct link_map *)*cookie)->l_name;
}

static uintptr_t bound(uintptr_t value, const uintptr_t *from, const uintptr_t *to, unsigned int *flags,
		       const char *symbol)
{
	if (started && *flags & LA_SYMB_DLSYM)
		dprintf(out, "%s\t%s\t%s\n", name_of(from), name_of(to), symbol);
	*flags |= LA_SYMB_NOPLTENTER | LA_SYMB_NOPLTEXIT;
	return value;
}

uintptr_t la_symbind32(Elf32_Sym *symbol, unsigned int index, uintptr_t *from, uintptr_t *to, unsigned int *flags,
		       const char *name)
{
	(void)index;
	return bound(symbol->st_value, from, to, flags, name);
}

uintptr_t la_symbind64(Elf64_Sym *symbol, unsigned int index, uintptr_t *from, uintptr_t *to, unsigned int *flags,
		       const char *name)
{
	(void)index;
	return bound(symbol->st_value, from, to, flags, name);
}
