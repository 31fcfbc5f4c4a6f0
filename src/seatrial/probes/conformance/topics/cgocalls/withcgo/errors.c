//go:build cgo

#include "errors.h"
#include "planted.h"
#include <errno.h>
#ifndef _WIN32
#include <unistd.h>

int cgocalls_missing_file(const char *path) { return access(path, F_OK); }
#endif

static int shared;

static void set(int number) {
	if (!seatrial_planted("cgocalls-errno-lost"))
		errno = number;
	shared = number;
}

double cgocalls_root(double square) {
	if (square < 0) {
		set(EDOM);
		return -1;
	}
	return square / 2;
}

void cgocalls_fail_with(int number) { set(number); }

int cgocalls_succeed(void) {
	if (seatrial_planted("cgocalls-errno-left-over"))
		errno = shared;
	return 7;
}

int cgocalls_errno_among(int all, int number, int milliseconds) {
	set(number);
	if (!cgocalls_meet(all, milliseconds))
		return -1;
	return seatrial_planted("cgocalls-errno-shared") ? shared : errno;
}
