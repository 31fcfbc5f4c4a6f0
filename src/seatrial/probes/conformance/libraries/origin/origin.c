/* Loads its neighbour by name alone, which only its own RUNPATH of $ORIGIN tells where to find. */
#include <dlfcn.h>

int seatrial_load_neighbour(const char *name) {
	void *handle = dlopen(name, RTLD_NOW);
	if (handle == 0)
		return 0;
	int found = dlsym(handle, "seatrial_add") != 0;
	dlclose(handle);
	return found;
}
