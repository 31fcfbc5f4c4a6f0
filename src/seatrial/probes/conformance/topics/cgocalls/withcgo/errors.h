#ifndef SEATRIAL_ERRORS_H
#define SEATRIAL_ERRORS_H
#include "threads.h"

double cgocalls_root(double); /* -1 and EDOM for negative numbers */
void cgocalls_fail_with(int number);
int cgocalls_succeed(void);
/* Sets errno, waits within C until so many threads have done the same, and gives what errno is then. */
int cgocalls_errno_among(int all, int number, int milliseconds);
#ifndef _WIN32
int cgocalls_missing_file(const char *path);
#endif
#endif
