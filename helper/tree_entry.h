/* Headers of tree records, taken apart. */
#ifndef TUG_TREE_ENTRY_H
#define TUG_TREE_ENTRY_H

#include "tree.h"

/* One header. */
struct tree_entry {
	uint8_t type;
	uint32_t mode, uid, gid;
	struct timespec times[2]; /* for utimensat: the time of access stays, that of modification is the record's */
	uint64_t size;
	dev_t device;
	char path[PATH_MAX], link[PATH_MAX]; /* `path` is clean; `link` is whatever the record says */
	uint32_t xattr_count;
	const uint8_t *at, *end; /* what of the header has not been taken: the attributes */
};

/*
 * Takes apart a header of `length` bytes, TREE_FIXED at least. Attributes are copied to `xattrs`, which has room for
 * TREE_HEADER_MAX. 0, or -1 with errno and the name of what is wrong in `part`.
 */
int tree_entry_parse(struct tree_entry *entry, const uint8_t *header, size_t length, uint8_t *xattrs, const char **part);

/* Takes the next attribute: its name, and its value, which stays in the header. False: the header ends before. */
bool tree_entry_xattr(struct tree_entry *entry, char *name, size_t room, const uint8_t **value, uint32_t *size);

/* Relative, without "", "." and "..": the kernel would refuse to leave the tree, this also keeps names unique. */
bool tree_is_clean(const char *path);

#endif
