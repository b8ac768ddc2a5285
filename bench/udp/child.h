/* child.h - runs a program and reads what it prints. */
#ifndef BENCH_UDP_CHILD_H
#define BENCH_UDP_CHILD_H

#include <stdbool.h>
#include <stddef.h>

/* `arguments` begins with the program's path and ends with NULL. Its stdout comes into `out`, cut off at `cap` - 1 and
 * ended with a NUL; its stderr goes where ours goes. True when it has ended with status 0. */
bool child_read(char *const *arguments, char *out, size_t cap);

#endif
