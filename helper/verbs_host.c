/* Files and descriptors of the host. Host paths are the caller's business; what the verbs promise, they check. */
#include <dirent.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "path.h"
#include "program.h"

enum { PARENTS = 1, MAY_EXIST = 2 };

static int make_parents(const char *path)
{
	char part[PATH_MAX];
	if (strlen(path) >= sizeof part) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(part, path);
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -1;
		*slash = '/';
	}
	return 0;
}

int verb_directory(struct run *run, const struct op_directory *op)
{
	struct stat there;
	if (op->flags & PARENTS && make_parents(op->path) < 0)
		return fail(run, errno, "mkdir", op->path);
	if (mkdir(op->path, op->mode & 01777) == 0) /* takes no more bits than these */
		return op->mode & 06000 && chmod(op->path, op->mode & 07777) < 0 ? fail(run, errno, "chmod", op->path) : 0;
	if (errno == EEXIST && op->flags & MAY_EXIST && stat(op->path, &there) == 0 && S_ISDIR(there.st_mode))
		return 0;
	return fail(run, errno, "mkdir", op->path);
}

int verb_write_file(struct run *run, const struct op_write_file *op)
{
	char temporary[PATH_MAX];
	owned_memory char *content = expand(run, op->content);
	if (!content)
		return fail(run, errno, "malloc", op->path);
	if (snprintf(temporary, sizeof temporary, "%s.%d.new", op->path, getpid()) >= (int)sizeof temporary)
		return fail(run, ENAMETOOLONG, "open", op->path);
	owned int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, op->mode & 07777);
	if (fd < 0)
		return fail(run, errno, "open", op->path);
	if (write_all(fd, content, strlen(content)) < 0 || rename(temporary, op->path) < 0) {
		int error = errno;
		unlink(temporary);
		return fail(run, error, "write", op->path);
	}
	return 0;
}

/* So deep a tree is walked with a descriptor for each level; what is deeper is moved up. */
enum { REMOVE_DEPTH = 16 };

static int empty(int top, int directory, unsigned depth, unsigned *number);

static int move_up(int top, int directory, const char *name, unsigned *number)
{
	char moved[32];
	do
		snprintf(moved, sizeof moved, ".remove-%u", (*number)++);
	while (renameat(directory, name, top, moved) < 0 && (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR));
	return faccessat(top, moved, F_OK, AT_SYMLINK_NOFOLLOW);
}

/* A directory that somebody fills meanwhile may stay, and is found again. */
static int remove_entry(int top, int directory, const struct dirent *entry, unsigned depth, unsigned *number)
{
	const char *name = entry->d_name;
	if (entry->d_type != DT_DIR) {
		if (unlinkat(directory, name, 0) == 0 || errno == ENOENT)
			return 0;
		struct stat st;
		if ((errno != EISDIR && errno != EPERM) || fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -1;
		if (!S_ISDIR(st.st_mode)) {
			errno = EPERM;
			return -1;
		}
	}
	if (unlinkat(directory, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return -1;
	if (depth == REMOVE_DEPTH)
		return move_up(top, directory, name, number);
	owned int below = kernel_openat2(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, RESOLVE_BENEATH | RESOLVE_NO_XDEV);
	if (below < 0 || empty(top, below, depth + 1, number) < 0)
		return -1;
	return unlinkat(directory, name, AT_REMOVEDIR) < 0 && errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST ? -1 : 0;
}

/* Removes what a directory holds, some of it by moving it to `top`. 1: there was something. */
static int empty(int top, int directory, unsigned depth, unsigned *number)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), found = 0;
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	if (!stream) {
		close_owned(&fd);
		return -1;
	}
	for (struct dirent *entry; found >= 0 && (entry = readdir(stream));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			found = remove_entry(top, directory, entry, depth, number) < 0 ? -1 : 1;
	int error = errno;
	closedir(stream);
	errno = error;
	return found;
}

/* However deep the tree is, its directories are open to a bounded depth. */
static int remove_tree(const char *path)
{
	unsigned number = 0;
	int found;
	owned int top = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (top < 0)
		return -1;
	while ((found = empty(top, top, 0, &number)) > 0)
		;
	return found < 0 ? -1 : rmdir(path);
}

int verb_remove(struct run *run, const struct op_remove *op)
{
	if (unlink(op->path) == 0 || (op->tree && (errno == EISDIR || errno == EPERM) && remove_tree(op->path) == 0))
		return 0;
	return fail(run, errno, "unlink", op->path);
}

int verb_sync_filesystem(struct run *run, const struct op_sync_filesystem *op)
{
	owned int fd = open(op->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || syncfs(fd) < 0 ? fail(run, errno, "syncfs", op->path) : 0;
}

int verb_open_file(struct run *run, const struct op_open_file *op)
{
	int fd = open(op->path, (int)op->flags | O_CLOEXEC | O_NOCTTY, 0600);
	return fd < 0 ? fail(run, errno, "open", op->path) : slot_set(run, op->out, fd);
}

int verb_inherit(struct run *run, const struct op_inherit *op)
{
	int fd = fcntl((int)op->fd, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? fail(run, errno, "fcntl", NULL) : slot_set(run, op->out, fd);
}

int verb_fifo(struct run *run, const struct op_fifo *op)
{
	struct stat made;
	if (mkfifo(op->path, 0600) < 0)
		return fail(run, errno, "mkfifo", op->path);
	owned int fd = open(op->path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &made) < 0)
		return fail(run, errno, "open", op->path);
	if (!S_ISFIFO(made.st_mode) || made.st_uid != geteuid())
		return fail(run, EEXIST, "open", op->path);
	return slot_set(run, op->out, take(&fd));
}

int verb_connect(struct run *run, const struct op_connect *op)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	owned int target = open(op->path, O_PATH | O_CLOEXEC);
	owned int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (target < 0 || fd < 0)
		return fail(run, errno, "connect", op->path);
	/* Through the descriptor, because a path may be longer than an address. */
	snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", target);
	if (RETRY(connect(fd, (struct sockaddr *)&address, sizeof address)) < 0)
		return fail(run, errno, "connect", op->path);
	return slot_set(run, op->out, take(&fd));
}

int verb_socket_pair(struct run *run, const struct op_socket_pair *op)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(run, errno, "socketpair", NULL);
	slot_set(run, op->near, pair[0]);
	return slot_set(run, op->far, pair[1]);
}

int verb_open_namespace(struct run *run, const struct op_open_namespace *op)
{
	owned int fd = open(op->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(run, errno, "open", op->path);
	int kind = ioctl(fd, NS_GET_NSTYPE);
	if (kind != (int)op->kind)
		return fail(run, EINVAL, "ioctl", op->path);
	return slot_set(run, op->out, take(&fd));
}

int verb_open_process(struct run *run, const struct op_open_process *op)
{
	owned int fd = kernel_pidfd_open((pid_t)op->pid);
	/* EINVAL: a process that is being reaped in this moment, or a thread that has the number now. */
	if (fd < 0)
		return fail(run, errno == EINVAL ? ESRCH : errno, "pidfd_open", NULL);
	/* In this order: the pid cannot be given away again while it still answers to the pidfd. */
	if (start_time_of(run->proc, (pid_t)op->pid) != op->start_time || kernel_pidfd_send_signal(fd, 0) < 0)
		return fail(run, ESRCH, "pidfd_open", NULL);
	return slot_set(run, op->out, take(&fd));
}

int verb_read_in_root(struct run *run, const struct op_read_in_root *op)
{
	size_t size;
	int slot = slot_fd(run, op->root);
	owned int root = slot < 0 ? -1 : path_root(run->proc, slot);
	if (root < 0)
		return fail(run, errno, "open", op->path);
	size_t limit = op->limit < PLAN_MAX ? op->limit : PLAN_MAX;
	owned_memory uint8_t *content = path_content(run->proc, root, op->path, limit, 4, &size);
	if (!content)
		return fail(run, errno, "read", op->path);
	put32(content, op->tag);
	answer(run, 3, content, size + 4);
	return 0;
}

static uint8_t *put_text(uint8_t *at, const char *text)
{
	size_t size = strlen(text);
	at = put32(at, (uint32_t)size);
	return (uint8_t *)memcpy(at, text, size) + size;
}

/* Where a link leads to, as a path in the mount namespace that it belongs to; empty where it leads to nothing. */
static void resolved_path(struct run *run, int root, const char *path, char found[PATH_MAX])
{
	char link[32];
	owned int target = path_open(root, path, O_PATH, 0);
	snprintf(link, sizeof link, "self/fd/%d", target);
	ssize_t size = target < 0 ? 0 : readlinkat(run->proc, link, found, PATH_MAX - 1);
	found[size < 0 ? 0 : size] = '\0';
}

/* docs/plan-wire.md, "Descriptions". */
int verb_stat_in_root(struct run *run, const struct op_stat_in_root *op)
{
	char link[PATH_MAX] = "", target[PATH_MAX] = "";
	uint8_t description[64 + 2 * PATH_MAX], *at = description;
	struct statx st;
	ssize_t length = 0;
	int slot = slot_fd(run, op->root);
	owned int root = slot < 0 ? -1 : path_root(run->proc, slot);
	owned int there = root < 0 ? -1 : path_open(root, op->path, O_PATH | O_NOFOLLOW, 0);
	if (there < 0)
		return fail(run, errno, "openat2", op->path);
	if (statx(there, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &st) < 0)
		return fail(run, errno, "statx", op->path);
	if (S_ISLNK(st.stx_mode)) {
		length = readlinkat(there, "", link, sizeof link - 1);
		if (length < 0)
			return fail(run, errno, "readlinkat", op->path);
		link[length] = '\0';
		resolved_path(run, root, op->path, target);
	}
	at = put32(put32(put32(put32(at, op->tag), st.stx_mode), st.stx_uid), st.stx_gid);
	at = put64(put64(at, st.stx_size), (uint64_t)st.stx_mtime.tv_sec);
	at = put_text(put_text(put32(at, st.stx_mtime.tv_nsec), link), target);
	answer(run, 3, description, (size_t)(at - description));
	return 0;
}
