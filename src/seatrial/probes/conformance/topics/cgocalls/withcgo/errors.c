//go:build cgo

#include "errors.h"
#include "planted.h"
#include <errno.h>
#ifndef _WIN32
#include <unistd.h>

int seatrial_missing_file(const char *path) { return access(path, F_OK); }
#endif

static int shared;

static void set(int number) {
	if (!seatrial_planted("cgocalls-errno-lost"))
		errno = number;
	shared = number;
}

double seatrial_root(double square) {
	if (square < 0) {
		set(EDOM);
		return -1;
	}
	return square / 2;
}

void seatrial_fail_with(int number) { set(number); }

int seatrial_succeed(void) {
	if (seatrial_planted("cgocalls-errno-left-over"))
		errno = shared;
	return 7;
}

int seatrial_errno_among(int all, int number, int milliseconds) {
	set(number);
	if (!seatrial_meet(all, milliseconds))
		return -1;
	return seatrial_planted("cgocalls-errno-shared") ? shared : errno;
}
