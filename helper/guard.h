/*
 * The decisions that stand between a container and the escapes known from other runtimes, one function each, apart from
 * the recipes that rely on them. test/escapes tries every escape, and tries it again on a helper that is linked with one
 * of these functions replaced (tests/unguarded.c), where it must succeed. seal() of base.h is one of them too.
 */
#ifndef TUG_GUARD_H
#define TUG_GUARD_H

#include "run.h"

/*
 * Opens a name below a root. The kernel resolves it, component by component and at the moment of use, as a process with
 * that root would, and through no magic link; no string is compared to tell inside from outside (CVE-2021-30465,
 * CVE-2024-45310, CVE-2026-41579). openat2(2); -1 and errno.
 */
int guard_open(int root, const char *path, int flags, int resolve);
/* Opens a file of the caller's procfs for writing: nothing mounted over any part of it is entered (CVE-2019-16884). */
int guard_open_proc(int proc, const char *path);
/* How the target of a file system is resolved. Later ops rely on procfs and sysfs being where they say, so no link is
 * followed to these two (CVE-2019-19921, CVE-2023-27561, CVE-2023-28642). */
int guard_resolve(const char *type);
/* Whether a mount may be attached at a target: one that leads into procfs without saying so is a link that somebody put
 * there (CVE-2025-52881). */
bool guard_target(int target, const char *path);
/*
 * Fills run->null with the caller's null device as a detached read-only mount, taken while the caller's root is still in
 * sight: nothing that the container made is ever taken for it (CVE-2025-31133), and its mode cannot be changed through a
 * mask. 0, or -1 by fail().
 */
int guard_null(struct run *run);
/* Opens the multiplexer of the devpts in the root, and nothing that merely looks like one (CVE-2025-52565). -1, errno. */
int guard_master(struct run *run, int root);
/* The terminal /dev/pts/`number` as a detached mount for /dev/console: by descriptor, never by name (CVE-2025-52565). */
int guard_console(int root, int terminal, int number);
/* Whether the working directory lies inside the root: elsewhere the kernel knows no path to it (CVE-2024-21626). */
bool guard_directory(void);
/* No descriptor that the caller left open outlives an exec unless it is asked for (CVE-2024-21626). 0 or -1. */
int guard_descriptors(void);

#endif
