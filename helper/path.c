#include "path.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include "guard.h"

enum { RACES_MAX = 1000, LINKS_MAX = 40 };

int path_open(int root, const char *path, int flags, int resolve)
{
	/* EAGAIN: something was renamed while the kernel walked over a "..". */
	for (int race = 0; race < RACES_MAX; race++) {
		int fd = guard_open(root, path, flags, resolve);
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			return fd;
	}
	return -1;
}

/*
 * Puts the target of a link, which is the component that begins at `begin` and ends the string, into the path, in
 * place of everything up to the link; `rest` follows it.
 */
static int expand_link(int parent, char *path, size_t begin, const char *rest)
{
	char link[PATH_MAX], whole[PATH_MAX];
	ssize_t size = readlinkat(parent, path + begin, link, sizeof link - 1);
	if (size < 0)
		return -1;
	link[size] = '\0';
	int keep = link[0] == '/' ? 0 : (int)begin;
	if (snprintf(whole, sizeof whole, "%.*s%s%s%s", keep, path, link, *rest ? "/" : "", rest) >= (int)sizeof whole) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(path, whole);
	return 0;
}

/* Makes the first missing component of a path: 1. If a dangling link is there, changes the path instead: 0. */
static int make_missing(int root, char *path, mode_t mode)
{
	size_t end = strlen(path), begin;
	char kept;
	owned int parent = -1;
	for (bool last = true;; last = false) {
		while (end > 0 && path[end - 1] == '/')
			end--;
		for (begin = end; begin > 0 && path[begin - 1] != '/';)
			begin--;
		kept = path[begin];
		path[begin] = '\0';
		parent = path_open(root, begin > 0 ? path : ".", O_PATH | O_DIRECTORY, 0);
		path[begin] = kept;
		if (!last)
			mode = S_IFDIR | 0755;
		if (parent >= 0)
			break;
		if (errno != ENOENT || begin == 0)
			return -1;
		end = begin;
	}
	kept = path[end];
	path[end] = '\0';
	int made = S_ISDIR(mode) ? mkdirat(parent, path + begin, mode & 07777) : mknodat(parent, path + begin, mode, 0);
	if (made < 0 && errno == EEXIST && expand_link(parent, path, begin, kept ? path + end + 1 : "") == 0)
		return 0;
	path[end] = kept;
	if (made == 0)
		return 1;
	/* EINVAL: it is no link, so somebody else made it just now. ENOENT: and removed it again. */
	return errno == EINVAL || errno == ENOENT ? 1 : -1;
}

int path_make(int root, const char *path, mode_t mode, int resolve)
{
	char rest[PATH_MAX];
	if (strlen(path) >= sizeof rest) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(rest, path);
	int links = 0;
	/* Every turn makes one component or takes one link out of the way, unless somebody works against it. */
	for (int turn = 0; turn < PATH_MAX && links <= LINKS_MAX; turn++) {
		int fd = path_open(root, rest, O_PATH | (S_ISDIR(mode) ? O_DIRECTORY : 0), resolve);
		if (fd >= 0 || errno != ENOENT)
			return fd;
		int made = make_missing(root, rest, mode);
		if (made < 0)
			return -1;
		links += made == 0;
	}
	errno = ELOOP;
	return -1;
}

int path_parent(int root, const char *path, const char **base)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	*base = slash ? slash + 1 : path;
	size_t size = (size_t)(*base - path);
	if (size >= sizeof directory || !**base || strcmp(*base, ".") == 0 || strcmp(*base, "..") == 0) {
		errno = EINVAL;
		return -1;
	}
	memcpy(directory, path, size);
	strcpy(directory + size, size ? "" : ".");
	return path_make(root, directory, S_IFDIR | 0755, 0);
}

int path_reopen(int proc, int fd, int flags)
{
	char path[32];
	snprintf(path, sizeof path, "self/fd/%d", fd);
	return openat(proc, path, flags | O_CLOEXEC);
}

uint8_t *path_content(int proc, int root, const char *path, size_t limit, size_t front, size_t *size)
{
	struct stat file;
	owned int there = path_open(root, path, O_PATH, 0);
	if (there < 0 || fstat(there, &file) < 0)
		return NULL;
	if (!S_ISREG(file.st_mode)) {
		errno = S_ISDIR(file.st_mode) ? EISDIR : EINVAL;
		return NULL;
	}
	owned int fd = path_reopen(proc, there, O_RDONLY);
	owned_memory uint8_t *content = fd < 0 ? NULL : malloc(front + limit + 1);
	ssize_t got = content ? read_all(fd, content + front, limit + 1) : -1;
	if (got < 0)
		return NULL;
	if ((size_t)got > limit) {
		errno = EFBIG;
		return NULL;
	}
	content[front + (size_t)got] = '\0';
	*size = (size_t)got;
	uint8_t *result = content;
	content = NULL;
	return result;
}

int path_root(int proc, int fd)
{
	char path[32], info[1024];
	struct stat stat;
	if (fstat(fd, &stat) == 0 && S_ISDIR(stat.st_mode))
		return fcntl(fd, F_DUPFD_CLOEXEC, 3);
	snprintf(path, sizeof path, "self/fdinfo/%d", fd);
	if (read_file(proc, path, info, sizeof info) < 0)
		return -1;
	const char *line = strstr(info, "\nPid:");
	long pid = line ? strtol(line + 5, NULL, 10) : -1;
	if (pid <= 0) {
		errno = line ? ESRCH : EBADF;
		return -1;
	}
	snprintf(path, sizeof path, "%ld/root", pid);
	owned int root = openat(proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* Still alive, so the number was its own all the time. */
	if (root < 0 || kernel_pidfd_send_signal(fd, 0) < 0)
		return -1;
	return take(&root);
}
