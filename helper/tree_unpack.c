/*
 * Makes the files that tree records describe. The records are hostile: a path is taken apart here, its directory is
 * opened with openat2 so that no symbolic link and no ".." can lead out of the tree, and everything else happens
 * below that descriptor with one name and without following links.
 */
#include "tree_entry.h"

#include <stdlib.h>
#include <sys/xattr.h>
#include "path.h"

enum { BENEATH = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS, KEEP_KINDS = 1 };

/* The time of a directory, kept until nothing is made in it any more; its path follows. */
struct late_time {
	struct timespec modified;
	uint32_t length;
};

struct unpack {
	struct run *run;
	int root, records;
	bool keep_kinds;
	uint8_t *xattrs; /* a header's attributes: reading the content overwrites the buffer */
	uint8_t *buffer; /* what has been read: begin to end */
	size_t begin, end;
	char parent[PATH_MAX]; /* the directory of the last path, so that its neighbours cost no lookup */
	int parent_fd;         /* -1: none */
	uint8_t *late;
	size_t late_size, late_capacity;
	struct tree_entry entry;
};

static int refuse(struct unpack *u, int error, const char *call)
{
	return fail(u->run, error, call, u->entry.path);
}

void tree_proc_path(char to[PATH_MAX], int fd, const char *name)
{
	char *at = put_decimal(stpcpy(to, "/proc/self/fd/"), (uint64_t)fd);
	if (name == NULL)
		return;
	*at++ = '/';
	strncpy(at, name, (size_t)(to + PATH_MAX - at) - 1);
	to[PATH_MAX - 1] = '\0';
}

/* Reads until `count` bytes lie in the buffer, which is larger than that. */
static int need(struct unpack *u, size_t count)
{
	if (u->end - u->begin >= count)
		return 0;
	memmove(u->buffer, u->buffer + u->begin, u->end - u->begin);
	u->end -= u->begin;
	u->begin = 0;
	while (u->end < count) {
		ssize_t n = RETRY(read(u->records, u->buffer + u->end, TREE_BUFFER - u->end));
		if (n <= 0)
			return refuse(u, n < 0 ? errno : ENODATA, "read");
		u->end += (size_t)n;
	}
	return 0;
}

static int read_header(struct unpack *u)
{
	const char *part;
	if (need(u, 4) < 0)
		return -1;
	size_t length = get32(u->buffer + u->begin);
	if (length < TREE_FIXED || length > TREE_HEADER_MAX)
		return refuse(u, EBADMSG, "header");
	if (need(u, 4 + length) < 0)
		return -1;
	const uint8_t *header = u->buffer + u->begin + 4;
	u->begin += 4 + length;
	return tree_entry_parse(&u->entry, header, length, u->xattrs, &part) < 0 ? refuse(u, errno, part) : 0;
}

/* Opens a directory of the tree, making what is missing on the way. */
static int open_directory(struct unpack *u, char *path)
{
	int fd = kernel_openat2(u->root, path, O_PATH | O_DIRECTORY, 0, BENEATH);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	owned int above = kernel_openat2(u->root, ".", O_PATH | O_DIRECTORY, 0, BENEATH);
	for (char *name = path; above >= 0;) {
		char *slash = strchrnul(name, '/'), separator = *slash;
		*slash = '\0';
		int made = mkdirat(above, name, 0755);
		int next = made < 0 && errno != EEXIST ? -1 : kernel_openat2(above, name, O_PATH | O_DIRECTORY, 0, BENEATH);
		*slash = separator;
		close_owned(&above);
		above = next;
		if (separator == '\0')
			break;
		name = slash + 1;
	}
	return take(&above);
}

/* The directory that holds `path` (-1 on failure), and the name in it. It belongs to the cache. */
static int parent_of(struct unpack *u, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash == NULL ? 0 : (size_t)(slash - path);
	*name = slash == NULL ? path : slash + 1;
	if (length == 0)
		return u->root;
	if (u->parent_fd >= 0 && strncmp(u->parent, path, length) == 0 && u->parent[length] == '\0')
		return u->parent_fd;
	close_owned(&u->parent_fd);
	memcpy(u->parent, path, length);
	u->parent[length] = '\0';
	return u->parent_fd = open_directory(u, u->parent);
}

/* Sets the attributes; `path` leads to the object and is followed to its end only if `follow`. */
static int set_xattrs(struct unpack *u, const char *path, bool follow)
{
	struct tree_entry *e = &u->entry;
	char name[XATTR_NAME_MAX + 1];
	for (uint32_t i = 0; i < e->xattr_count; i++) {
		uint32_t size;
		const uint8_t *value;
		if (!tree_entry_xattr(e, name, sizeof name, &value, &size))
			return refuse(u, EBADMSG, "header");
		int result = follow ? setxattr(path, name, value, size, 0) : lsetxattr(path, name, value, size, 0);
		/* A file system that holds no such attributes leaves them out, as every unpacker does. */
		if (result < 0 && errno != EOPNOTSUPP)
			return refuse(u, errno, "setxattr");
	}
	return 0;
}

/*
 * Owner, attributes, permissions of an open file or directory. Asking is cheaper than setting what is already so.
 * Owner first: chown(2) takes setuid bits and capabilities away.
 */
static int set_metadata(struct unpack *u, int fd)
{
	const struct tree_entry *e = &u->entry;
	struct stat st;
	char path[PATH_MAX];
	if (fstat(fd, &st) < 0)
		return refuse(u, errno, "fstat");
	if ((st.st_uid != e->uid || st.st_gid != e->gid) && fchown(fd, e->uid, e->gid) < 0)
		return refuse(u, errno, "fchown");
	if (e->xattr_count > 0) {
		tree_proc_path(path, fd, NULL);
		if (set_xattrs(u, path, true) < 0)
			return -1;
	}
	if (((st.st_mode & 07777) != e->mode || (e->mode & 07000)) && fchmod(fd, e->mode) < 0)
		return refuse(u, errno, "fchmod");
	return 0;
}

/* The same, and the time, of what cannot be opened. */
static int set_metadata_at(struct unpack *u, int parent, const char *name)
{
	const struct tree_entry *e = &u->entry;
	char path[PATH_MAX];
	if (fchownat(parent, name, e->uid, e->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return refuse(u, errno, "fchownat");
	tree_proc_path(path, parent, name);
	if (set_xattrs(u, path, false) < 0)
		return -1;
	if (utimensat(parent, name, e->times, AT_SYMLINK_NOFOLLOW) < 0)
		return refuse(u, errno, "utimensat");
	return 0;
}

static int remember_time(struct unpack *u)
{
	const struct tree_entry *e = &u->entry;
	struct late_time late = { e->times[1], (uint32_t)strlen(e->path) + 1 };
	size_t size = sizeof late + late.length;
	if (u->late_size + size > u->late_capacity) {
		size_t capacity = u->late_capacity * 2 + TREE_BUFFER;
		uint8_t *grown = capacity > TREE_MEMORY ? NULL : realloc(u->late, capacity);
		if (grown == NULL)
			return refuse(u, ENOMEM, "directories");
		u->late = grown;
		u->late_capacity = capacity;
	}
	memcpy(u->late + u->late_size, &late, sizeof late);
	memcpy(u->late + u->late_size + sizeof late, e->path, late.length);
	u->late_size += size;
	return 0;
}

static int set_late_times(struct unpack *u)
{
	for (size_t at = 0; at < u->late_size;) {
		struct late_time late;
		struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
		const char *name;
		memcpy(&late, u->late + at, sizeof late);
		memcpy(u->entry.path, u->late + at + sizeof late, late.length);
		at += sizeof late + late.length;
		times[1] = late.modified;
		int parent = parent_of(u, u->entry.path, &name);
		if (parent < 0 || utimensat(parent, *name == '\0' ? "." : name, times, AT_SYMLINK_NOFOLLOW) < 0)
			return refuse(u, errno, "utimensat");
	}
	return 0;
}

/* Removes what stands in the way of a new file; a directory stays and is EISDIR. */
static int clear(int parent, const char *name)
{
	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return 0;
	struct stat st;
	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
		errno = EISDIR;
	return -1;
}

static int make_directory(struct unpack *u, int parent, const char *name)
{
	struct stat st;
	if (*name == '\0')
		name = ".";
	else if (mkdirat(parent, name, u->entry.mode & 0777) < 0) {
		if (errno != EEXIST || fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return refuse(u, errno, "mkdirat");
		if (!S_ISDIR(st.st_mode) && u->keep_kinds)
			return refuse(u, ENOTDIR, "mkdirat");
		if (!S_ISDIR(st.st_mode) && (clear(parent, name) < 0 || mkdirat(parent, name, u->entry.mode & 0777) < 0))
			return refuse(u, errno, "mkdirat");
	}
	owned int fd = kernel_openat2(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, BENEATH);
	if (fd < 0)
		return refuse(u, errno, "openat2");
	return set_metadata(u, fd) < 0 ? -1 : remember_time(u);
}

/* Moves file content past the buffer where the records come through a pipe; else 0. */
static ssize_t move_content(struct unpack *u, int file, uint64_t left)
{
	ssize_t n = RETRY(splice(u->records, NULL, file, NULL, left < (1 << 30) ? (size_t)left : 1 << 30, SPLICE_F_MOVE));
	return n < 0 && errno == EINVAL ? 0 : n;
}

static int write_content(struct unpack *u, int file)
{
	bool moves = true;
	for (uint64_t left = u->entry.size; left > 0;) {
		ssize_t n = 0;
		if (u->begin == u->end && moves) {
			n = move_content(u, file, left);
			moves = n > 0;
		}
		if (n == 0) {
			if (u->begin == u->end && need(u, 1) < 0)
				return -1;
			size_t have = u->end - u->begin;
			n = RETRY(write(file, u->buffer + u->begin, have < left ? have : (size_t)left));
			u->begin += n > 0 ? (size_t)n : 0;
		}
		if (n < 0)
			return refuse(u, errno, "write");
		left -= (uint64_t)n;
	}
	return 0;
}

static int make_file(struct unpack *u, int parent, const char *name)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	const struct tree_entry *e = &u->entry;
	owned int fd = openat(parent, name, flags, e->mode & 0777);
	if (fd < 0 && errno == EEXIST && clear(parent, name) == 0)
		fd = openat(parent, name, flags, e->mode & 0777);
	if (fd < 0)
		return refuse(u, errno, "openat");
	if (write_content(u, fd) < 0 || set_metadata(u, fd) < 0)
		return -1;
	return futimens(fd, e->times) < 0 ? refuse(u, errno, "futimens") : 0;
}

/* The first name is opened like any directory of the tree, so a link never reaches out of it. */
static int make_hard_link(struct unpack *u, int parent, const char *name)
{
	char *link = u->entry.link, *slash = strrchr(link, '/');
	owned int directory = -1;
	if (!tree_is_clean(link) || *link == '\0')
		return fail(u->run, EINVAL, "link", link);
	if (slash != NULL)
		*slash = '\0';
	directory = kernel_openat2(u->root, slash == NULL ? "." : link, O_PATH | O_DIRECTORY, 0, BENEATH);
	const char *first = slash == NULL ? link : slash + 1;
	if (directory < 0 || (linkat(directory, first, parent, name, 0) < 0
			      && (errno != EEXIST || clear(parent, name) < 0 || linkat(directory, first, parent, name, 0) < 0)))
		return refuse(u, errno, "linkat");
	return 0;
}

/* The caller's umask is 0 here: modes come out as they are given. */
static int make_special(struct unpack *u, int parent, const char *name)
{
	static const mode_t types[] = { [TREE_CHAR] = S_IFCHR, [TREE_BLOCK] = S_IFBLK, [TREE_FIFO] = S_IFIFO };
	const struct tree_entry *e = &u->entry;
	int result = -1;
	for (int attempt = 0; attempt < 2 && result < 0; attempt++) {
		if (attempt > 0 && (errno != EEXIST || clear(parent, name) < 0))
			break;
		if (e->type == TREE_SYMLINK)
			result = symlinkat(e->link, parent, name);
		else
			result = mknodat(parent, name, types[e->type] | e->mode, e->type == TREE_FIFO ? 0 : e->device);
	}
	if (result < 0)
		return refuse(u, errno, e->type == TREE_SYMLINK ? "symlinkat" : "mknodat");
	return set_metadata_at(u, parent, name);
}

static int make_entry(struct unpack *u)
{
	const char *name;
	int parent = parent_of(u, u->entry.path, &name);
	if (parent < 0)
		return refuse(u, errno, "openat2");
	if (*name == '\0' && u->entry.type != TREE_DIRECTORY)
		return refuse(u, EISDIR, "path");
	switch (u->entry.type) {
	case TREE_DIRECTORY:
		return make_directory(u, parent, name);
	case TREE_FILE:
		return make_file(u, parent, name);
	case TREE_HARD_LINK:
		return make_hard_link(u, parent, name);
	case TREE_SYMLINK:
	case TREE_CHAR:
	case TREE_BLOCK:
	case TREE_FIFO:
		return make_special(u, parent, name);
	default:
		return refuse(u, EBADMSG, "header");
	}
}

int verb_unpack_tree(struct run *run, const struct op_unpack_tree *op)
{
	int slot = slot_fd(run, op->directory), result;
	owned int root = slot < 0 ? -1 : path_root(run->proc, slot);
	owned int start = root < 0 ? -1 : path_open(root, *op->path == '\0' ? "/" : op->path, O_PATH | O_DIRECTORY, 0);
	struct unpack u = { .run = run, .root = start, .records = slot_fd(run, op->records), .keep_kinds = op->flags & KEEP_KINDS };
	owned_memory uint8_t *memory = malloc(TREE_BUFFER + TREE_HEADER_MAX);
	if (u.root < 0)
		return fail(run, errno, "openat2", op->path);
	if (u.records < 0 || memory == NULL)
		return fail(run, errno, "unpackTree", NULL);
	u.buffer = memory;
	u.xattrs = memory + TREE_BUFFER;
	u.parent_fd = -1;
	do {
		result = read_header(&u);
		if (result == 0 && u.entry.type != TREE_END)
			result = make_entry(&u);
	} while (result == 0 && u.entry.type != TREE_END);
	if (result == 0)
		result = set_late_times(&u);
	close_owned(&u.parent_fd);
	free(u.late);
	return result;
}
