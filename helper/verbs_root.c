/* The container's root: what is made inside it, how it becomes "/", what is hidden in it. */
#include <stdio.h>
#include <sys/sysmacros.h>
#include "guard.h"
#include "mount.h"
#include "path.h"

/*
 * Makes the mount that a directory lies on private: pivot_root(2) refuses a shared parent, and what is mounted there
 * would appear at the parent's peers. The root of a chroot need not be the root of a mount; nothing is changed then.
 */
static int make_private_around(int directory)
{
	struct kernel_mount_attr private = { .propagation = MS_PRIVATE };
	struct statx here, below = { 0 };
	owned int at = fcntl(directory, F_DUPFD_CLOEXEC, 3);
	while (at >= 0 && statx(at, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &here) == 0) {
		if (here.stx_attributes & STATX_ATTR_MOUNT_ROOT)
			return mount_change(at, false, private);
		if (here.stx_ino == below.stx_ino)
			return 0;
		below = here;
		int up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = up;
	}
	return -1;
}

int verb_root(struct run *run, const struct op_root *op)
{
	int mount = slot_fd(run, op->mount);
	if (mount < 0)
		return fail(run, errno, "move_mount", op->path);
	owned int target = open(op->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (target < 0)
		return fail(run, errno, "open", op->path);
	if (make_private_around(target) < 0)
		return fail(run, errno, "mount_setattr", op->path);
	if (kernel_move_mount(mount, target) < 0)
		return fail(run, errno, "move_mount", op->path);
	int root = openat(mount, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? fail(run, errno, "open", op->path) : slot_set(run, op->out, root);
}

static bool is_node(const struct stat *node, mode_t type, dev_t device)
{
	return (node->st_mode & S_IFMT) == type && (type == S_IFIFO || node->st_rdev == device);
}

/* Binds the host's node onto an empty file: for namespaces in which a node that one makes does not work. */
static int bind_device(struct run *run, const struct op_device *op, dev_t device)
{
	struct kernel_mount_attr attr = { .set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC };
	struct stat node;
	owned int source = kernel_open_tree(AT_FDCWD, op->bind, OPEN_TREE_CLONE);
	if (source < 0 || fstat(source, &node) < 0)
		return fail(run, errno, "open_tree", op->bind);
	if (!is_node(&node, op->type & S_IFMT, device))
		return fail(run, ENODEV, "fstat", op->bind);
	if (mount_change(source, false, attr) < 0)
		return fail(run, errno, "mount_setattr", op->bind);
	owned int target = path_make(slot_fd(run, op->root), op->path, S_IFREG | 0644, 0);
	if (target < 0)
		return fail(run, errno, "openat2", op->path);
	return mount_attach(run, source, target, op->path);
}

int verb_device(struct run *run, const struct op_device *op)
{
	dev_t device = makedev(op->major, op->minor);
	mode_t type = op->type & S_IFMT;
	const char *base;
	struct stat node;
	if (*op->bind)
		return bind_device(run, op, device);
	owned int parent = path_parent(slot_fd(run, op->root), op->path, &base);
	if (parent < 0)
		return fail(run, errno, "openat2", op->path);
	bool made = mknodat(parent, base, type | (op->mode & 07777), device) == 0;
	if (!made && errno != EEXIST)
		return fail(run, errno, "mknodat", op->path);
	/* From here on by descriptor: somebody may have put another file there since. */
	owned int fd = openat(parent, base, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &node) < 0)
		return fail(run, errno, "openat", op->path);
	if (!is_node(&node, type, device))
		return fail(run, EEXIST, "mknodat", op->path);
	if (made && fchownat(fd, "", op->uid, op->gid, AT_EMPTY_PATH) < 0)
		return fail(run, errno, "fchownat", op->path);
	return 0;
}

int verb_symlink(struct run *run, const struct op_symlink *op)
{
	char there[PATH_MAX];
	const char *base;
	owned int parent = path_parent(slot_fd(run, op->root), op->path, &base);
	if (parent < 0)
		return fail(run, errno, "openat2", op->path);
	if (symlinkat(op->target, parent, base) == 0)
		return 0;
	int error = errno;
	ssize_t size = error == EEXIST ? readlinkat(parent, base, there, sizeof there) : -1;
	if (size == (ssize_t)strlen(op->target) && memcmp(there, op->target, (size_t)size) == 0)
		return 0;
	return fail(run, error, "symlinkat", op->path);
}

int verb_make_directory(struct run *run, const struct op_make_directory *op)
{
	const char *base;
	int root = slot_fd(run, op->root);
	owned int there = path_open(root, op->path, O_PATH | O_DIRECTORY, 0);
	if (there >= 0)
		return 0;
	owned int parent = errno == ENOENT ? path_parent(root, op->path, &base) : -1;
	if (parent < 0)
		return fail(run, errno, "openat2", op->path);
	if (mkdirat(parent, base, op->mode & 07777) < 0) {
		/* A dangling link, or somebody was faster. */
		there = path_make(root, op->path, S_IFDIR | (op->mode & 07777), 0);
		return there < 0 ? fail(run, errno, "mkdirat", op->path) : 0;
	}
	owned int made = openat(parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (made < 0 || fchown(made, op->uid, op->gid) < 0 || fchmod(made, op->mode & 07777) < 0)
		return fail(run, errno, "fchown", op->path);
	return 0;
}

int verb_pivot(struct run *run, const struct op_pivot *op)
{
	struct kernel_mount_attr slave = { .propagation = MS_SLAVE }, wanted = { .propagation = op->propagation };
	int root = slot_fd(run, op->root);
	if (guard_null(run) < 0)
		return -1;
	owned int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* The old root is put on top of the new one, so no directory in the container is needed for it: pivot_root(2), notes. */
	if (old < 0 || fchdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		return fail(run, errno, "pivot_root", NULL);
	/* Unmounting must not propagate to the host. */
	if (kernel_mount_setattr(old, "", AT_EMPTY_PATH | AT_RECURSIVE, &slave) < 0)
		return fail(run, errno, "mount_setattr", NULL);
	if (fchdir(old) < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return fail(run, errno, "umount2", NULL);
	if (op->propagation && kernel_mount_setattr(AT_FDCWD, "/", 0, &wanted) < 0)
		return fail(run, errno, "mount_setattr", "/");
	return 0;
}

/* Unmounts, where that is allowed, a full view of the kernel's state that the container could still reach. */
static void drop_mount(const char *path)
{
	struct kernel_mount_attr slave = { .propagation = MS_SLAVE };
	if (kernel_mount_setattr(AT_FDCWD, path, AT_RECURSIVE, &slave) == 0)
		umount2(path, MNT_DETACH);
}

int verb_move_root(struct run *run, const struct op_move_root *op)
{
	int root = slot_fd(run, op->root);
	if (guard_null(run) < 0)
		return -1;
	owned int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (old < 0 || fchdir(root) < 0)
		return fail(run, errno, "fchdir", NULL);
	/* What is under a moved root stays in the namespace, and a full procfs there would permit new ones (runc#1962). */
	drop_mount("/proc");
	drop_mount("/sys");
	if (kernel_move_mount(root, old) < 0)
		return fail(run, errno, "move_mount", NULL);
	if (chroot(".") < 0 || chdir("/") < 0)
		return fail(run, errno, "chroot", NULL);
	return 0;
}

int verb_change_root(struct run *run, const struct op_change_root *op)
{
	if (fchdir(slot_fd(run, op->root)) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return fail(run, errno, "chroot", NULL);
	return 0;
}

/* Attaches a clone of a mount that many places share; the first use attaches the original, because a clone is made of
 * attached mounts only before Linux 6.15. */
static int attach_shared(struct run *run, int *shared, bool *attached, int target, const char *path)
{
	if (!*attached) {
		if (mount_attach(run, *shared, target, path) < 0)
			return -1;
		*attached = true;
		return 0;
	}
	owned int clone = kernel_open_tree(*shared, "", AT_EMPTY_PATH | OPEN_TREE_CLONE);
	if (clone < 0)
		return fail(run, errno, "open_tree", path);
	return mount_attach(run, clone, target, path);
}

static int make_empty(struct run *run, const char *label)
{
	owned int fs = kernel_fsopen("tmpfs");
	if (fs < 0 || kernel_fsconfig(fs, KERNEL_FSCONFIG_SET_STRING, "nr_inodes", "2") < 0 ||
	    kernel_fsconfig(fs, KERNEL_FSCONFIG_SET_STRING, "nr_blocks", "1") < 0 ||
	    kernel_fsconfig(fs, KERNEL_FSCONFIG_SET_STRING, "mode", "0555") < 0 ||
	    kernel_fsconfig(fs, KERNEL_FSCONFIG_SET_FLAG, "ro", NULL) < 0 ||
	    (*label && kernel_fsconfig(fs, KERNEL_FSCONFIG_SET_STRING, "context", label) < 0) ||
	    kernel_fsconfig(fs, KERNEL_FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
		return fail(run, errno, "fsconfig", "tmpfs");
	run->empty = kernel_fsmount(fs, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return run->empty < 0 ? fail(run, errno, "fsmount", "tmpfs") : 0;
}

int verb_mask(struct run *run, const struct op_mask *op)
{
	struct stat there;
	owned int target = path_open(slot_fd(run, op->root), op->path, O_PATH, 0);
	if (target < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (target < 0 || fstat(target, &there) < 0)
		return fail(run, errno, "openat2", op->path);
	if (S_ISDIR(there.st_mode)) {
		if (run->empty < 0 && make_empty(run, op->label) < 0)
			return -1;
		return attach_shared(run, &run->empty, &run->empty_attached, target, op->path);
	}
	if (guard_null(run) < 0)
		return -1;
	return attach_shared(run, &run->null, &run->null_attached, target, op->path);
}

int verb_read_only(struct run *run, const struct op_read_only *op)
{
	struct kernel_mount_attr attr = { .set = MOUNT_ATTR_RDONLY };
	owned int target = path_open(slot_fd(run, op->root), op->path, O_PATH, 0);
	if (target < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (target < 0)
		return fail(run, errno, "openat2", op->path);
	/* A clone has the flags of the mount it was made of; only one is added. */
	owned int clone = kernel_open_tree(target, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | AT_RECURSIVE);
	if (clone < 0)
		return fail(run, errno, "open_tree", op->path);
	if (kernel_mount_setattr(clone, "", AT_EMPTY_PATH, &attr) < 0)
		return fail(run, errno, "mount_setattr", op->path);
	return mount_attach(run, clone, target, op->path);
}
