#include "guard.h"

#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include "mount.h"
#include "path.h"

enum { PTMX_INODE = 2 };

int guard_open(int root, const char *path, int flags, int resolve)
{
	uint64_t how = RESOLVE_NO_MAGICLINKS | (uint64_t)resolve;
	if (!(how & RESOLVE_BENEATH))
		how |= RESOLVE_IN_ROOT;
	return kernel_openat2(root, path, (uint64_t)flags, 0, how);
}

int guard_open_proc(int proc, const char *path)
{
	return kernel_openat2(proc, path, O_WRONLY, 0, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
}

int guard_resolve(const char *type)
{
	return strcmp(type, "proc") == 0 || strcmp(type, "sysfs") == 0 ? RESOLVE_NO_SYMLINKS : 0;
}

bool guard_target(int target, const char *path)
{
	struct statfs fs;
	const char *first = path + strspn(path, "/");
	bool says_proc = strncmp(first, "proc", 4) == 0 && (first[4] == '/' || !first[4]);
	return says_proc || fstatfs(target, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC;
}

int guard_null(struct run *run)
{
	struct kernel_mount_attr attr = { .set = MOUNT_ATTR_RDONLY };
	struct stat node;
	if (run->null >= 0)
		return 0;
	owned int fd = kernel_open_tree(AT_FDCWD, "/dev/null", OPEN_TREE_CLONE);
	if (fd < 0 || fstat(fd, &node) < 0)
		return fail(run, errno, "open_tree", "/dev/null");
	if (!S_ISCHR(node.st_mode) || node.st_rdev != makedev(1, 3))
		return fail(run, ENODEV, "fstat", "/dev/null");
	if (mount_change(fd, false, attr) < 0)
		return fail(run, errno, "mount_setattr", "/dev/null");
	run->null = take(&fd);
	return 0;
}

int guard_master(struct run *run, int root)
{
	struct stat node;
	struct statfs fs;
	owned int ptmx = path_open(root, "/dev/pts/ptmx", O_PATH | O_NOFOLLOW, 0);
	if (ptmx < 0 || fstat(ptmx, &node) < 0 || fstatfs(ptmx, &fs) < 0)
		return -1;
	errno = ENODEV;
	if (fs.f_type != DEVPTS_SUPER_MAGIC || node.st_ino != PTMX_INODE || !S_ISCHR(node.st_mode) || node.st_rdev != makedev(5, 2))
		return -1;
	return path_reopen(run->proc, ptmx, O_RDWR | O_NOCTTY);
}

int guard_console(int root, int terminal, int number)
{
	(void)root, (void)number;
	return kernel_open_tree(terminal, "", AT_EMPTY_PATH | OPEN_TREE_CLONE);
}

bool guard_directory(void)
{
	char here[PATH_MAX];
	return syscall(SYS_getcwd, here, sizeof here) >= 0 && here[0] == '/';
}

int guard_descriptors(void)
{
	return kernel_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
}
