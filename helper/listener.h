/* Filters that leave calls to an agent: seccomp_unotify(2). */
#ifndef TUG_LISTENER_H
#define TUG_LISTENER_H

#include "run.h"

/*
 * Loads a filter and sends the descriptor by which it asks, with a text, over a connection, which is closed then. 0, or
 * -1 by fail().
 */
int listener_load(struct run *run, const struct op_seccomp *op, const void *program);

#endif
