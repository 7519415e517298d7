/* Names below a root that its owner may change at any moment. Everything here returns descriptors or -1 and errno. */
#ifndef TUG_PATH_H
#define TUG_PATH_H

#include <stdint.h>
#include <sys/types.h>

/* Opens a name as a process with that root would see it, but through no magic link. `resolve`: further RESOLVE_ bits. */
int path_open(int root, const char *path, int flags, int resolve);
/*
 * Opens (O_PATH) what a name leads to and makes what is missing: directories above it (0755), and at its end a
 * directory or an empty file, as the type bits of `mode` say. Dangling links are followed as if their target were named.
 */
int path_make(int root, const char *path, mode_t mode, int resolve);
/* Opens the directory that a name stands in, making it if need be, and points `base` to the last component of the name. */
int path_parent(int root, const char *path, const char **base);
/* Opens again what an O_PATH descriptor stands for, through a procfs that is known to be one. */
int path_reopen(int proc, int fd, int flags);
/*
 * A regular file inside a root in memory of its own, with a NUL at its end and `front` bytes left free before it; NULL
 * and errno, EFBIG for more than `limit` bytes. It is looked at first: opening a FIFO would wait, a device do anything.
 */
uint8_t *path_content(int proc, int root, const char *path, size_t limit, size_t front, size_t *size);
/* The root directory (O_PATH) that a slot of type "directory or pidfd" stands for. */
int path_root(int proc, int fd);

#endif
