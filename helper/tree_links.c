#include "tree_links.h"

#include <stdlib.h>
#include "tree.h"

/* The place of an inode in the table, or the free one where it belongs. */
static struct first_name *find(const struct tree_links *l, uint64_t device, uint64_t inode)
{
	size_t at = (size_t)((inode ^ device << 7) * 0x9e3779b97f4a7c15u >> 20);
	for (;; at++) {
		struct first_name *entry = &l->table[at & (l->room - 1)];
		if (entry->path == 0 || (entry->device == device && entry->inode == inode))
			return entry;
	}
}

static int grow(struct tree_links *l)
{
	struct tree_links old = *l;
	l->room = old.room == 0 ? 1024 : old.room * 2;
	l->table = l->room * sizeof *l->table > TREE_MEMORY ? NULL : calloc(l->room, sizeof *l->table);
	if (l->table == NULL) {
		l->table = old.table;
		l->room = old.room;
		return -1;
	}
	for (size_t i = 0; i < old.room; i++)
		if (old.table[i].path != 0)
			*find(l, old.table[i].device, old.table[i].inode) = old.table[i];
	free(old.table);
	return 0;
}

static int grow_paths(struct tree_links *l, size_t size)
{
	if (l->paths_size + size <= l->paths_room)
		return 0;
	size_t room = l->paths_room * 2 + TREE_BUFFER;
	char *grown = room > TREE_MEMORY ? NULL : realloc(l->paths, room);
	if (grown == NULL)
		return -1;
	l->paths = grown;
	l->paths_room = room;
	return 0;
}

const char *tree_links_first(struct tree_links *l, const struct statx *st, const char *path)
{
	uint64_t device = (uint64_t)st->stx_dev_major << 32 | st->stx_dev_minor;
	size_t size = strlen(path) + 1;
	if (l->count * 2 >= l->room && grow(l) < 0)
		return NULL;
	struct first_name *entry = find(l, device, st->stx_ino);
	if (entry->path != 0)
		return l->paths + entry->path - 1;
	if (grow_paths(l, size) < 0)
		return NULL;
	*entry = (struct first_name){ device, st->stx_ino, l->paths_size + 1 };
	memcpy(l->paths + l->paths_size, path, size);
	l->paths_size += size;
	l->count++;
	return "";
}

void tree_links_free(struct tree_links *l)
{
	free(l->table);
	free(l->paths);
}
