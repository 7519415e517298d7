#include "tree_entry.h"

#include <sys/sysmacros.h>

/* Takes a u32 length and so many bytes; NULL when the header ends before. */
static const uint8_t *take_bytes(struct tree_entry *e, uint32_t *size)
{
	if (e->end - e->at < 4 || get32(e->at) > (size_t)(e->end - e->at) - 4)
		return NULL;
	*size = get32(e->at);
	e->at += 4 + *size;
	return e->at - *size;
}

static bool take_text(struct tree_entry *e, char *to, size_t room)
{
	uint32_t size;
	const uint8_t *text = take_bytes(e, &size);
	if (text == NULL || size >= room || memchr(text, '\0', size) != NULL)
		return false;
	memcpy(to, text, size);
	to[size] = '\0';
	return true;
}

bool tree_entry_xattr(struct tree_entry *e, char *name, size_t room, const uint8_t **value, uint32_t *size)
{
	*value = take_text(e, name, room) ? take_bytes(e, size) : NULL;
	return *value != NULL;
}

bool tree_is_clean(const char *path)
{
	while (*path != '\0') {
		size_t length = strcspn(path, "/");
		if (length == 0 || (path[0] == '.' && (length == 1 || (length == 2 && path[1] == '.'))))
			return false;
		path += length;
		if (*path == '/' && *++path == '\0')
			return false;
	}
	return true;
}

static int refuse(int error, const char **part, const char *name)
{
	errno = error;
	*part = name;
	return -1;
}

int tree_entry_parse(struct tree_entry *e, const uint8_t *at, size_t length, uint8_t *xattrs, const char **part)
{
	e->type = at[0];
	e->mode = get32(at + 4);
	e->uid = get32(at + 8);
	e->gid = get32(at + 12);
	e->times[0] = (struct timespec){ .tv_nsec = UTIME_OMIT };
	e->times[1] = (struct timespec){ (time_t)get64(at + 16), (long)get32(at + 24) };
	e->size = get64(at + 28);
	e->device = makedev(get32(at + 36), get32(at + 40));
	e->at = at + TREE_FIXED;
	e->end = at + length;
	e->path[0] = e->link[0] = '\0';
	if (e->type == TREE_END)
		return 0;
	if (!take_text(e, e->path, sizeof e->path) || !take_text(e, e->link, sizeof e->link) || e->end - e->at < 4)
		return refuse(EBADMSG, part, "header");
	e->xattr_count = get32(e->at);
	if (e->xattr_count > 0) {
		size_t size = (size_t)(e->end - e->at) - 4;
		e->at = memcpy(xattrs, e->at + 4, size);
		e->end = e->at + size;
	}
	if (e->mode > 07777 || e->times[1].tv_nsec > 999999999 || (e->type != TREE_FILE && e->size != 0))
		return refuse(EBADMSG, part, "header");
	return tree_is_clean(e->path) ? 0 : refuse(EINVAL, part, "path");
}
