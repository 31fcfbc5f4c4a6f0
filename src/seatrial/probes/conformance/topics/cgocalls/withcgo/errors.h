#ifndef SEATRIAL_ERRORS_H
#define SEATRIAL_ERRORS_H
#include "threads.h"

double seatrial_root(double); /* -1 and EDOM for negative numbers */
void seatrial_fail_with(int number);
int seatrial_succeed(void);
/* Sets errno, waits within C until so many threads have done the same, and gives what errno is then. */
int seatrial_errno_among(int all, int number, int milliseconds);
#ifndef _WIN32
int seatrial_missing_file(const char *path);
#endif
#endif
