/* Mounts are made detached, configured through their descriptor, and attached at a descriptor: open_tree(2), fsopen(2). */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include "guard.h"
#include "mount.h"
#include "path.h"

enum { CLONE_RECURSIVE = 1, CLONE_NOFOLLOW = 2, FSCONFIG_TEXT_MAX = 255 };

int mount_change(int fd, bool recursive, struct kernel_mount_attr attr)
{
	unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
	struct statvfs now;
	/* The atime modes exclude each other, and the kernel wants to hear that the one before goes. */
	if (attr.set & MOUNT_ATTR__ATIME)
		attr.clear |= MOUNT_ATTR__ATIME;
	if (kernel_mount_setattr(fd, "", flags, &attr) == 0)
		return 0;
	if (errno != EPERM || fstatvfs(fd, &now) < 0)
		return -1;
	/* Flags that came from a more privileged namespace are locked (mount_namespaces(7)): leave those as they are. */
	uint64_t locked = now.f_flag & (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	uint64_t keep = attr.clear & (locked | MOUNT_ATTR__ATIME);
	errno = EPERM;
	if (keep == 0)
		return -1;
	attr.clear &= ~keep;
	if (keep & MOUNT_ATTR__ATIME)
		attr.set &= ~(uint64_t)MOUNT_ATTR__ATIME;
	return kernel_mount_setattr(fd, "", flags, &attr);
}

int mount_attach(struct run *run, int mount, int target, const char *path)
{
	if (!guard_target(target, path))
		return fail(run, EPERM, "fstatfs", path);
	if (kernel_move_mount(mount, target) < 0)
		return fail(run, errno, "move_mount", path);
	return 0;
}

int verb_clone_mount(struct run *run, const struct op_clone_mount *op)
{
	unsigned flags = OPEN_TREE_CLONE | (op->flags & CLONE_RECURSIVE ? AT_RECURSIVE : 0) |
		(op->flags & CLONE_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0);
	int fd = kernel_open_tree(AT_FDCWD, op->path, flags);
	return fd < 0 ? fail(run, errno, "open_tree", op->path) : slot_set(run, op->out, fd);
}

int verb_change_mount(struct run *run, const struct op_change_mount *op)
{
	struct kernel_mount_attr attr = { op->set, op->clear, op->propagation, 0 };
	int fd = slot_fd(run, op->mount);
	if (op->user_namespace != NO_SLOT) {
		int userns = slot_fd(run, op->user_namespace);
		if (userns < 0)
			return fail(run, errno, "mount_setattr", NULL);
		attr.set |= MOUNT_ATTR_IDMAP;
		attr.userns = (uint64_t)userns;
	}
	if (fd < 0 || mount_change(fd, op->recursive, attr) < 0)
		return fail(run, errno, "mount_setattr", NULL);
	return 0;
}

int verb_set_mount(struct run *run, const struct op_set_mount *op)
{
	struct kernel_mount_attr attr = { op->set, op->clear, op->propagation, 0 };
	owned int target = path_open(slot_fd(run, op->root), op->target, O_PATH, 0);
	if (target < 0)
		return fail(run, errno, "openat2", op->target);
	if (mount_change(target, op->recursive, attr) < 0)
		return fail(run, errno, "mount_setattr", op->target);
	return 0;
}

int verb_propagation(struct run *run, const struct op_propagation *op)
{
	struct kernel_mount_attr attr = { .propagation = op->propagation };
	if (kernel_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr) < 0)
		return fail(run, errno, "mount_setattr", "/");
	return 0;
}

/* tmpcopyup: a child packs what is at the target, this process unpacks it into the new mount. */
static int copy_up(struct run *run, int from, int to)
{
	int pair[2], status;
	struct op_pack_tree pack = { SLOT_SPARE, "", SLOT_SPARE + 1, 1 };
	struct op_unpack_tree unpack = { SLOT_SPARE, SLOT_SPARE + 1, "", 0 };
	if (pipe2(pair, O_CLOEXEC) < 0)
		return fail(run, errno, "pipe2", NULL);
	owned int out = pair[0], in = pair[1];
	pid_t pid = fork();
	if (pid < 0)
		return fail(run, errno, "fork", NULL);
	run->slot[SLOT_SPARE] = pid == 0 ? from : to;
	run->slot[SLOT_SPARE + 1] = pid == 0 ? in : out;
	if (pid == 0) {
		close(out);
		_exit(verb_pack_tree(run, &pack) < 0 ? run->failure.error & 0x7f : 0);
	}
	close_owned(&in);
	in = -1;
	int result = verb_unpack_tree(run, &unpack);
	run->slot[SLOT_SPARE] = run->slot[SLOT_SPARE + 1] = -1;
	close_owned(&out);
	out = -1;
	if (RETRY(waitpid(pid, &status, 0)) == pid && status != 0 && result == 0)
		return fail(run, WIFEXITED(status) ? WEXITSTATUS(status) : EIO, "packTree", NULL);
	return result;
}

static int configure(int fs, const char *option)
{
	const char *equals = strchr(option, '=');
	if (!equals)
		return kernel_fsconfig(fs, KERNEL_FSCONFIG_SET_FLAG, option, NULL);
	char key[256];
	size_t size = (size_t)(equals - option);
	if (size >= sizeof key) {
		errno = EINVAL;
		return -1;
	}
	memcpy(key, option, size);
	key[size] = '\0';
	return kernel_fsconfig(fs, KERNEL_FSCONFIG_SET_STRING, key, equals + 1);
}

static bool has_option(const struct op_mount_fs *op, const char *name)
{
	for (uint32_t i = 0; i < op->options.count; i++)
		if (strncmp(op->options.item[i], name, strlen(name)) == 0)
			return true;
	return false;
}

/* What options say of the root of a file system counts for more than what was copied over it. */
static int restore_root(const struct op_mount_fs *op, int mount, const struct stat *made)
{
	uid_t uid = has_option(op, "uid=") ? made->st_uid : (uid_t)-1;
	gid_t gid = has_option(op, "gid=") ? made->st_gid : (gid_t)-1;
	owned int root = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || fchown(root, uid, gid) < 0)
		return -1;
	return has_option(op, "mode=") ? fchmod(root, made->st_mode & 07777) : 0;
}

/* A tmpfs without a mode of its own takes that of the directory it covers, as runc and crun do. */
static int inherit_mode(int fs, const struct op_mount_fs *op, int target)
{
	char mode[8];
	struct stat stat;
	if (target < 0 || strcmp(op->type, "tmpfs") != 0 || has_option(op, "mode=") || fstat(target, &stat) < 0)
		return 0;
	snprintf(mode, sizeof mode, "%04o", stat.st_mode & 07777);
	return kernel_fsconfig(fs, KERNEL_FSCONFIG_SET_STRING, "mode", mode);
}

/* A new detached mount, or -1 with the failure recorded. `covered`: what was at the target before, or -1. */
static int make_fs(struct run *run, const struct op_mount_fs *op, unsigned attributes, int covered)
{
	owned int fs = kernel_fsopen(op->type);
	if (fs < 0)
		return fail(run, errno, "fsopen", op->type);
	if (*op->source && kernel_fsconfig(fs, KERNEL_FSCONFIG_SET_STRING, "source", op->source) < 0)
		return fail(run, errno, "fsconfig", op->source);
	for (uint32_t i = 0; i < op->options.count; i++)
		if (configure(fs, op->options.item[i]) < 0)
			return fail(run, errno, "fsconfig", op->options.item[i]);
	if (inherit_mode(fs, op, covered) < 0 || kernel_fsconfig(fs, KERNEL_FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
		return fail(run, errno, "fsconfig", op->type);
	int mount = kernel_fsmount(fs, attributes);
	return mount < 0 ? fail(run, errno, "fsmount", op->type) : mount;
}

/* What is bound where the kernel refuses a new instance: nothing of it is writable through the new place if `set` says so. */
static int make_alternative(struct run *run, const struct op_mount_fs *op)
{
	struct kernel_mount_attr attr = { .set = op->set };
	owned int mount = kernel_open_tree(AT_FDCWD, op->else_, OPEN_TREE_CLONE | AT_RECURSIVE);
	if (mount < 0)
		return fail(run, errno, "open_tree", op->else_);
	if (mount_change(mount, true, attr) < 0)
		return fail(run, errno, "mount_setattr", op->else_);
	return take(&mount);
}

static int make_copy(struct run *run, const struct op_mount_fs *op, int from, int mount)
{
	struct stat made;
	if (fstat(mount, &made) < 0)
		return fail(run, errno, "fstat", op->target);
	if (copy_up(run, from, mount) < 0)
		return -1;
	return restore_root(op, mount, &made) < 0 ? fail(run, errno, "fchmod", op->target) : 0;
}

/* A label for a file system that the kernel made before anybody could say one. */
static int label_root(struct run *run, const struct op_mount_fs *op, int mount)
{
	char path[32];
	snprintf(path, sizeof path, "/proc/self/fd/%d", mount);
	return setxattr(path, "security.selinux", op->label, strlen(op->label), 0) < 0 ? fail(run, errno, "setxattr", op->target) : 0;
}

int verb_mount_fs(struct run *run, const struct op_mount_fs *op)
{
	struct kernel_mount_attr attr = { .set = op->set };
	int root = slot_fd(run, op->root), resolve = guard_resolve(op->type);
	owned int covered = path_open(root, op->target, O_PATH | O_DIRECTORY, resolve);
	owned int target = path_make(root, op->target, S_IFDIR | 0755, resolve);
	if (target < 0)
		return fail(run, errno, "openat2", op->target);
	owned int mount = make_fs(run, op, op->copy_up ? 0 : (unsigned)op->set, covered);
	if (mount < 0 && *op->else_ && (run->failure.error == EPERM || run->failure.error == EBUSY))
		mount = make_alternative(run, op);
	else if (mount >= 0 && op->copy_up && make_copy(run, op, target, mount) < 0)
		return -1;
	if (mount < 0)
		return -1;
	if (*op->label && label_root(run, op, mount) < 0)
		return -1;
	if (op->copy_up && mount_change(mount, false, attr) < 0)
		return fail(run, errno, "mount_setattr", op->target);
	return mount_attach(run, mount, target, op->target);
}

/*
 * A detached clone of what a path inside a detached mount leads to. Only what is attached can be cloned before Linux 6.15:
 * for that it lies over the container's root, where nothing runs yet and nobody looks through a name.
 */
static int part_of(struct run *run, const struct op_attach *op, int mount)
{
	char whole[32];
	if (kernel_move_mount(mount, slot_fd(run, op->root)) < 0)
		return fail(run, errno, "move_mount", op->inside);
	owned int place = path_open(mount, op->inside, O_PATH, 0);
	if (place < 0)
		return fail(run, errno, "openat2", op->inside);
	owned int part = kernel_open_tree(place, "", OPEN_TREE_CLONE | AT_RECURSIVE | AT_EMPTY_PATH);
	if (part < 0)
		return fail(run, errno, "open_tree", op->inside);
	snprintf(whole, sizeof whole, "/proc/self/fd/%d", mount);
	if (umount2(whole, MNT_DETACH) < 0)
		return fail(run, errno, "umount2", op->inside);
	return take(&part);
}

int verb_attach(struct run *run, const struct op_attach *op)
{
	int mount = slot_fd(run, op->mount);
	struct stat source, there;
	owned int part = *op->inside ? part_of(run, op, mount) : -1;
	if (*op->inside && (mount = part) < 0)
		return -1;
	if (mount < 0 || fstat(mount, &source) < 0)
		return fail(run, errno, "fstat", op->target);
	owned int target = path_make(slot_fd(run, op->root), op->target, S_ISDIR(source.st_mode) ? S_IFDIR | 0755 : S_IFREG | 0644, 0);
	if (target < 0 || fstat(target, &there) < 0)
		return fail(run, errno, "openat2", op->target);
	if (S_ISDIR(there.st_mode) && !S_ISDIR(source.st_mode))
		return fail(run, EISDIR, "move_mount", op->target);
	if (op->copy_up && copy_up(run, target, mount) < 0)
		return -1;
	return mount_attach(run, mount, target, op->target);
}

/* A path of any length as one that fsconfig takes: longer ones through a descriptor, which is kept open in *fd. */
static const char *short_path(const char *path, char text[32], int *fd)
{
	if (strlen(path) <= FSCONFIG_TEXT_MAX)
		return path;
	*fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(text, 32, "/proc/self/fd/%d", *fd);
	return text;
}

static int overlay_directory(struct run *run, int fs, const char *key, const char *path)
{
	char text[32];
	owned int fd = -1;
	if (kernel_fsconfig(fs, KERNEL_FSCONFIG_SET_STRING, key, short_path(path, text, &fd)) == 0)
		return 0;
	return fail(run, errno, "fsconfig", path);
}

/* Linux 6.8 and newer: one parameter per lower directory. */
static int overlay_by_layers(struct run *run, const struct op_overlay *op)
{
	owned int fs = kernel_fsopen("overlay");
	if (fs < 0)
		return fail(run, errno, "fsopen", "overlay");
	kernel_fsconfig(fs, KERNEL_FSCONFIG_SET_STRING, "source", "overlay");
	for (uint32_t i = 0; i < op->lowers.count; i++)
		if (overlay_directory(run, fs, "lowerdir+", op->lowers.item[i]) < 0)
			return -1;
	if (*op->upper && (overlay_directory(run, fs, "upperdir", op->upper) < 0 || overlay_directory(run, fs, "workdir", op->work) < 0))
		return -1;
	for (uint32_t i = 0; i < op->options.count; i++)
		if (configure(fs, op->options.item[i]) < 0)
			return fail(run, errno, "fsconfig", op->options.item[i]);
	if (kernel_fsconfig(fs, KERNEL_FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
		return fail(run, errno, "fsconfig", *op->upper ? op->upper : "overlay");
	int mount = kernel_fsmount(fs, 0);
	return mount < 0 ? fail(run, errno, "fsmount", "overlay") : mount;
}

/* Adds ",key=N" or ":N" to the options, N being a descriptor of the directory; 0 when they are full or it is not there. */
static size_t add_directory(char *options, size_t used, const char *prefix, const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY);
	int size = fd < 0 ? 0 : snprintf(options + used, 4096 - used, "%s%d", prefix, fd);
	return fd < 0 || used + (size_t)size >= 4095 ? 0 : used + (size_t)size;
}

/*
 * The child of overlay_by_mount: mount(2) takes one page of options, so every directory is named by the number of its
 * descriptor, relative to /proc/self/fd. The new mount is cloned and handed over; the namespace ends with the child.
 */
static int mount_old_overlay(const struct op_overlay *op, int socket)
{
	static char options[4096];
	struct kernel_mount_attr private = { .propagation = MS_PRIVATE };
	size_t used = 0;
	if (unshare(CLONE_NEWNS) < 0 || kernel_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &private) < 0)
		return errno;
	for (uint32_t i = 0; i < op->lowers.count; i++)
		if ((used = add_directory(options, used, i ? ":" : "lowerdir=", op->lowers.item[i])) == 0)
			return errno ? errno : E2BIG;
	if (*op->upper && ((used = add_directory(options, used, ",upperdir=", op->upper)) == 0 ||
			   (used = add_directory(options, used, ",workdir=", op->work)) == 0))
		return errno ? errno : E2BIG;
	for (uint32_t i = 0; i < op->options.count; i++)
		used += (size_t)snprintf(options + used, used < 4095 ? 4096 - used : 0, ",%s", op->options.item[i]);
	if (used >= 4095)
		return E2BIG;
	const char *place = op->lowers.item[0];
	if (chdir("/proc/self/fd") < 0 || mount("overlay", place, "overlay", 0, options) < 0)
		return errno;
	owned int tree = kernel_open_tree(AT_FDCWD, place, OPEN_TREE_CLONE);
	return tree < 0 || send_fd(socket, "m", tree) < 0 ? errno : 0;
}

int overlay_by_mount(struct run *run, const struct op_overlay *op)
{
	int pair[2], status;
	if (op->lowers.count == 0)
		return fail(run, EINVAL, "mount", "overlay");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(run, errno, "socketpair", NULL);
	owned int near = pair[0], far = pair[1];
	pid_t pid = fork();
	if (pid == 0) {
		errno = 0;
		_exit(mount_old_overlay(op, far));
	}
	close_owned(&far);
	far = -1;
	if (pid < 0)
		return fail(run, errno, "fork", NULL);
	owned int mount = receive_fd(near, NULL, 0);
	if (RETRY(waitpid(pid, &status, 0)) < 0 || mount < 0 || status != 0)
		return fail(run, WIFEXITED(status) ? WEXITSTATUS(status) : EIO, "mount", *op->upper ? op->upper : "overlay");
	return take(&mount);
}

int verb_overlay(struct run *run, const struct op_overlay *op)
{
	int mount = overlay_by_layers(run, op);
	/* Before 6.8 "lowerdir+" is unknown; what is wrong otherwise is wrong again. */
	if (mount < 0 && run->failure.error == EINVAL)
		mount = overlay_by_mount(run, op);
	return mount < 0 ? -1 : slot_set(run, op->out, mount);
}

int verb_scratch(struct run *run, const struct op_scratch *op)
{
	owned int target = open(op->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	owned int fs = target < 0 ? -1 : kernel_fsopen("tmpfs");
	if (fs < 0)
		return fail(run, errno, target < 0 ? "open" : "fsopen", op->path);
	if (kernel_fsconfig(fs, KERNEL_FSCONFIG_SET_STRING, "mode", "0755") < 0
		|| kernel_fsconfig(fs, KERNEL_FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
		return fail(run, errno, "fsconfig", op->path);
	owned int mount = kernel_fsmount(fs, 0);
	if (mount < 0)
		return fail(run, errno, "fsmount", op->path);
	for (uint32_t i = 0; i < op->directories.count; i++)
		if (mkdirat(mount, op->directories.item[i], 0755) < 0)
			return fail(run, errno, "mkdirat", op->directories.item[i]);
	return mount_attach(run, mount, target, op->path);
}
