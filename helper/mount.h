/* What the verbs that mount share. */
#ifndef TUG_MOUNT_H
#define TUG_MOUNT_H

#include "run.h"

/* mount_setattr(2) on the mount behind a descriptor; flags that are locked there stay as they are. -1 and errno. */
int mount_change(int fd, bool recursive, struct kernel_mount_attr attr);
/* Attaches a detached mount at a target that was opened before; `path` names it in the failure. */
int mount_attach(struct run *run, int mount, int target, const char *path);
/* An overlay for kernels before 6.8: a detached mount, or -1 by fail(). */
int overlay_by_mount(struct run *run, const struct op_overlay *op);

#endif
