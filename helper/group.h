/* Control groups of the engine's own processes. */
#ifndef TUG_GROUP_H
#define TUG_GROUP_H

#include "base.h"

/*
 * Joins the group of a `tasks` (v1) or `cgroup.procs` (v2) file. The group was there when the path was written down; where
 * it has been removed since because it was empty, perhaps with the one above it, it is made again. -1 on failure.
 */
int group_join(const char *file);

#endif
