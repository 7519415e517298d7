/* The record format of file trees; docs/plan-wire.md, "Tree records", defines it. */
#ifndef TUG_TREE_H
#define TUG_TREE_H

#include <limits.h>
#include "run.h"

enum tree_type {
	TREE_DIRECTORY = 1,
	TREE_FILE,
	TREE_SYMLINK,
	TREE_HARD_LINK,
	TREE_CHAR,
	TREE_BLOCK,
	TREE_FIFO,
	TREE_END = 9,
};

enum {
	TREE_FIXED = 44,                /* bytes of a header between its length and its path */
	TREE_HEADER_MAX = 256 * 1024,
	TREE_BUFFER = 512 * 1024,
	TREE_XATTRS_MAX = 64 * 1024,    /* names of one file, and one value: XATTR_LIST_MAX, XATTR_SIZE_MAX */
	TREE_MEMORY = 64 * 1024 * 1024, /* what either verb may remember of one tree */
};

/* "/proc/self/fd/N" or "/proc/self/fd/N/name": how calls that want a path reach what a descriptor pins. */
void tree_proc_path(char to[PATH_MAX], int fd, const char *name);

#endif
