/*
 * Writes a directory tree as tree records. The tree may change while it is walked, and its owner may be hostile: every
 * object is opened once with O_PATH and without following links, and all that is said about it comes from that
 * descriptor. What vanishes meanwhile is left out; a file whose length changes is cut or padded with zeros.
 */
#include "tree.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include "path.h"
#include "tree_links.h"

enum {
	BENEATH = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	ONE_FILE_SYSTEM = 1,
	LISTING = 2,
	NO_KERNEL_FILES = 4,
	SMALL_FILE = 64 * 1024, /* copied through the buffer: cheaper than a call more */
	LEVELS_MAX = PATH_MAX / 2,
};

/* What remains of a directory: names sorted by their bytes. */
struct level {
	char **names; /* one allocation with the texts behind it */
	size_t count, next;
	size_t path_length;
};

struct pack {
	struct run *run;
	int start, records;
	bool one_file_system, listing, no_kernel_files;
	uint64_t mount; /* the one that the walk began on */
	uint8_t *buffer;
	size_t fill;
	struct tree_links links;
	DIR *directory;         /* the one being read ... */
	size_t directory_level; /* ... and its level, from 1 on; 0: none */
	struct level *levels;
	size_t depth;
	char path[PATH_MAX];
};

static int stop(struct pack *p, int error, const char *call)
{
	return fail(p->run, error, call, p->path);
}

static int flush(struct pack *p)
{
	int result = write_all(p->records, p->buffer, p->fill);
	p->fill = 0;
	return result < 0 ? fail(p->run, errno, "write", NULL) : 0;
}

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t size)
{
	at = put32(at, (uint32_t)size);
	return (uint8_t *)memcpy(at, bytes, size) + size;
}

/* Appends count and attributes; NULL and errno when they cannot be read or are too many. */
static uint8_t *put_xattrs(uint8_t *at, const uint8_t *end, int fd)
{
	char path[PATH_MAX], names[TREE_XATTRS_MAX];
	uint8_t *count = at;
	uint32_t found = 0;
	tree_proc_path(path, fd, NULL);
	ssize_t length = listxattr(path, names, sizeof names);
	at = put32(at, 0);
	if (length < 0)
		return errno == EOPNOTSUPP || errno == ENOENT ? at : NULL;
	for (const char *name = names; name < names + length; name += strlen(name) + 1) {
		if ((size_t)(end - at) < strlen(name) + 8 + TREE_XATTRS_MAX) {
			errno = E2BIG;
			return NULL;
		}
		uint8_t *value = put_bytes(at, name, strlen(name));
		ssize_t size = getxattr(path, name, value + 4, TREE_XATTRS_MAX);
		if (size < 0 && errno != ENODATA && errno != EOPNOTSUPP)
			return NULL;
		if (size < 0)
			continue;
		put32(value, (uint32_t)size);
		at = value + 4 + size;
		found++;
	}
	put32(count, found);
	return at;
}

/* 0: a socket, which means nothing without its process. */
static uint8_t type_of(const struct statx *st)
{
	switch (st->stx_mode & S_IFMT) {
	case S_IFDIR:
		return TREE_DIRECTORY;
	case S_IFREG:
		return TREE_FILE;
	case S_IFLNK:
		return TREE_SYMLINK;
	case S_IFCHR:
		return TREE_CHAR;
	case S_IFBLK:
		return TREE_BLOCK;
	case S_IFIFO:
		return TREE_FIFO;
	default:
		return 0;
	}
}

static int put_header(struct pack *p, uint8_t type, const struct statx *st, const char *link, int fd)
{
	if (TREE_BUFFER - p->fill < TREE_HEADER_MAX && flush(p) < 0)
		return -1;
	uint8_t *begin = p->buffer + p->fill, *at = put16(put8(put8(begin + 4, type), 0), 0);
	at = put32(put32(put32(at, st->stx_mode & 07777), st->stx_uid), st->stx_gid);
	at = put32(put64(at, (uint64_t)st->stx_mtime.tv_sec), st->stx_mtime.tv_nsec);
	at = put64(at, type == TREE_FILE ? st->stx_size : 0);
	at = put32(put32(at, st->stx_rdev_major), st->stx_rdev_minor);
	at = put_bytes(put_bytes(at, p->path, strlen(p->path)), link, strlen(link));
	at = type == TREE_HARD_LINK || type == TREE_END ? put32(at, 0) : put_xattrs(at, begin + TREE_HEADER_MAX, fd);
	if (at == NULL)
		return stop(p, errno, "getxattr");
	put32(begin, (uint32_t)(at - begin - 4));
	p->fill += (size_t)(at - begin);
	return 0;
}

/* A file that has become shorter: the header has promised more. */
static int put_zeros(struct pack *p, uint64_t left)
{
	while (left > 0) {
		size_t room = TREE_BUFFER - p->fill, count = left < room ? (size_t)left : room;
		memset(p->buffer + p->fill, 0, count);
		p->fill += count;
		left -= count;
		if (p->fill == TREE_BUFFER && flush(p) < 0)
			return -1;
	}
	return 0;
}

static int put_content(struct pack *p, int file, uint64_t left)
{
	bool copied = left > SMALL_FILE;
	if (copied && flush(p) < 0)
		return -1;
	while (left > 0) {
		size_t room = TREE_BUFFER - p->fill, count = left < room ? (size_t)left : room;
		ssize_t n = copied ? RETRY(sendfile(p->records, file, NULL, left < (1 << 30) ? (size_t)left : 1 << 30))
			: RETRY(read(file, p->buffer + p->fill, count));

		if (copied && n < 0 && errno == EINVAL) {
			copied = false;
			continue;
		}
		if (n < 0)
			return stop(p, errno, copied ? "sendfile" : "read");
		if (n == 0)
			return put_zeros(p, left);
		left -= (uint64_t)n;
		p->fill += copied ? 0 : (size_t)n;
		if (p->fill == TREE_BUFFER && flush(p) < 0)
			return -1;
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Reads all names of the current directory into a new level. */
static int push_level(struct pack *p)
{
	owned_memory char *texts = NULL;
	size_t size = 0, room = 0, count = 0;
	if (p->depth == LEVELS_MAX)
		return stop(p, ENAMETOOLONG, "readdir");
	errno = 0;
	for (struct dirent *e; (e = readdir(p->directory)) != NULL; errno = 0) {
		size_t length = strlen(e->d_name) + 1;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (size + length > room) {
			room = room * 2 + 4096;
			char *grown = room > TREE_MEMORY ? NULL : realloc(texts, room);
			if (grown == NULL)
				return stop(p, ENOMEM, "readdir");
			texts = grown;
		}
		memcpy(texts + size, e->d_name, length);
		size += length;
		count++;
	}
	if (errno != 0 && errno != ENOENT) /* ENOENT: removed by now */
		return stop(p, errno, "readdir");
	struct level *level = &p->levels[p->depth];
	char **names = malloc(count * sizeof *names + size + 1);
	if (names == NULL)
		return stop(p, ENOMEM, "readdir");
	char *at = memcpy(names + count, texts == NULL ? "" : texts, size);
	for (size_t i = 0; i < count; i++, at += strlen(at) + 1)
		names[i] = at;
	qsort(names, count, sizeof *names, by_name);
	*level = (struct level){ names, count, 0, strlen(p->path) };
	p->directory_level = ++p->depth;
	return 0;
}

static void close_directory(struct pack *p)
{
	if (p->directory != NULL)
		closedir(p->directory);
	p->directory = NULL;
	p->directory_level = 0;
}

/* Makes an open directory the current one; takes the descriptor. */
static int enter(struct pack *p, int fd)
{
	close_directory(p);
	p->directory = fd < 0 ? NULL : fdopendir(fd);
	if (p->directory != NULL)
		return 0;
	close_owned(&fd);
	return -1;
}

/* Comes back to the directory of the top level after one below it is done. */
static int come_back(struct pack *p, const struct level *level)
{
	if (p->directory_level == p->depth)
		return 0;
	p->path[level->path_length] = '\0';
	const char *path = level->path_length == 0 ? "." : p->path;
	if (enter(p, kernel_openat2(p->start, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, BENEATH)) < 0)
		return -1;
	p->directory_level = p->depth;
	return 0;
}

/* With one_file_system, what is mounted over the tree: a directory stays empty and a file has no content. */
static bool is_foreign(struct pack *p, const struct statx *st)
{
	uint64_t mount = st->stx_mask & STATX_MNT_ID ? st->stx_mnt_id
		: (uint64_t)st->stx_dev_major << 32 | st->stx_dev_minor;

	if (p->depth == 0)
		p->mount = mount;
	return p->one_file_system && mount != p->mount;
}

/* File systems that hold no files but views of the kernel, some of which can never be read to an end. */
static bool is_kernel_files(const struct pack *p, int directory)
{
	static const int64_t types[] = { PROC_SUPER_MAGIC, SYSFS_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
		DEVPTS_SUPER_MAGIC, SECURITYFS_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC, BPF_FS_MAGIC, PSTOREFS_MAGIC };
	struct statfs fs;
	if (!p->no_kernel_files || fstatfs(directory, &fs) < 0)
		return false;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if ((int64_t)fs.f_type == types[i])
			return true;
	return false;
}

/* An overlay links all its whiteouts to one inode; each is a whiteout all the same. */
static bool has_other_names(const struct statx *st)
{
	bool is_whiteout = S_ISCHR(st->stx_mode) && st->stx_rdev_major == 0 && st->stx_rdev_minor == 0;
	return st->stx_nlink > 1 && !is_whiteout && !S_ISDIR(st->stx_mode) && !S_ISSOCK(st->stx_mode);
}

static int put_object(struct pack *p, int fd)
{
	struct statx st;
	char link[PATH_MAX] = "";
	const char *name = link;
	ssize_t length = 0;
	if (statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_BASIC_STATS | STATX_MNT_ID, &st) < 0)
		return stop(p, errno, "statx");
	if (S_ISLNK(st.stx_mode) && (length = readlinkat(fd, "", link, sizeof link - 1)) < 0)
		return stop(p, errno, "readlinkat");
	link[length] = '\0';
	if (has_other_names(&st)) {
		const char *first = tree_links_first(&p->links, &st, p->path);
		if (first == NULL)
			return stop(p, ENOMEM, "links");
		name = *first != '\0' ? first : link;
	}
	bool foreign = is_foreign(p, &st);
	uint8_t type = name != link ? TREE_HARD_LINK : type_of(&st);
	if (foreign && type == TREE_FILE)
		st.stx_size = 0;
	if (type == 0)
		return 0;
	if (put_header(p, type, &st, name, fd) < 0)
		return -1;
	if (type == TREE_FILE && st.stx_size > 0 && !p->listing) {
		owned int file = path_reopen(p->run->proc, fd, O_RDONLY | O_NONBLOCK | O_NOCTTY);
		return file < 0 ? stop(p, errno, "open") : put_content(p, file, st.stx_size);
	}
	if (type != TREE_DIRECTORY || foreign || is_kernel_files(p, fd))
		return 0;
	if (enter(p, path_reopen(p->run->proc, fd, O_RDONLY | O_DIRECTORY)) < 0)
		return stop(p, errno, "open");
	return push_level(p);
}

/* The next name of the directory on top of the stack, which goes when it has no more. */
static int put_next(struct pack *p)
{
	struct level *level = &p->levels[p->depth - 1];
	if (level->next == level->count) {
		free(level->names);
		p->depth--;
		return 0;
	}
	if (come_back(p, level) < 0) {
		level->next = level->count;
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : stop(p, errno, "openat2");
	}
	const char *name = level->names[level->next++];
	size_t length = level->path_length;
	p->path[length] = '\0';
	if (length + strlen(name) + 2 > sizeof p->path)
		return stop(p, ENAMETOOLONG, "path");
	if (length > 0)
		p->path[length++] = '/';
	strcpy(p->path + length, name);
	owned int fd = kernel_openat2(dirfd(p->directory), name, O_PATH | O_NOFOLLOW, 0, BENEATH);
	if (fd < 0)
		return errno == ENOENT ? 0 : stop(p, errno, "openat2");
	return put_object(p, fd);
}

static int walk(struct pack *p)
{
	const struct statx none = { 0 };
	int result = put_object(p, p->start);
	while (result == 0 && p->depth > 0)
		result = put_next(p);
	while (p->depth > 0)
		free(p->levels[--p->depth].names);
	close_directory(p);
	p->path[0] = '\0';
	if (result == 0)
		result = put_header(p, TREE_END, &none, "", -1) < 0 || flush(p) < 0 ? -1 : 0;
	tree_links_free(&p->links);
	return result;
}

int verb_pack_tree(struct run *run, const struct op_pack_tree *op)
{
	int slot = slot_fd(run, op->directory);
	owned int root = slot < 0 ? -1 : path_root(run->proc, slot);
	owned int start = root < 0 ? -1 : path_open(root, *op->path == '\0' ? "/" : op->path, O_PATH | O_NOFOLLOW, 0);
	owned_memory uint8_t *buffer = malloc(TREE_BUFFER);
	owned_memory struct level *levels = malloc(LEVELS_MAX * sizeof *levels);
	struct pack p = {
		.run = run, .start = start, .records = slot_fd(run, op->records), .buffer = buffer, .levels = levels,
		.one_file_system = op->flags & ONE_FILE_SYSTEM, .listing = op->flags & LISTING,
		.no_kernel_files = op->flags & NO_KERNEL_FILES,
	};
	if (start < 0 || p.records < 0)
		return fail(run, errno, "openat2", op->path);
	if (buffer == NULL || levels == NULL)
		return fail(run, ENOMEM, "packTree", NULL);
	return walk(&p);
}
