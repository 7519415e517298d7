/* Other programs: hooks and the container's own. */
#ifndef TUG_PROGRAM_H
#define TUG_PROGRAM_H

#include "run.h"

/* A text with %p and %t replaced by pid and start time of init, %% by %; to be freed; NULL and errno EINVAL or ENOMEM. */
char *expand(const struct run *run, const char *text);
/* The same with another pid. */
char *expand_for(const struct run *run, pid_t pid, const char *text);
/* Tells the other side that nothing but execve is left to do. */
void report_exec(struct run *run);

#endif
