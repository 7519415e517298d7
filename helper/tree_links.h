/* The first names of files that have several: how hard links are told from copies. */
#ifndef TUG_TREE_LINKS_H
#define TUG_TREE_LINKS_H

#include "run.h"

/* The first name of one file. */
struct first_name {
	uint64_t device, inode;
	size_t path; /* where in `paths`, counted from 1; 0: free place of the table */
};

/* All zero: empty. */
struct tree_links {
	struct first_name *table; /* hash table, half empty at least */
	size_t count, room;
	char *paths;
	size_t paths_size, paths_room;
};

/* The earlier name of a file, valid until the next call; "" when `path` is the first; NULL when there are too many. */
const char *tree_links_first(struct tree_links *links, const struct statx *st, const char *path);

void tree_links_free(struct tree_links *links);

#endif
