/*
 * Where the helper runs from. Whoever gets hold of /proc/PID/exe of a helper inside a container must not be able to
 * open it for writing (CVE-2019-5736): its mount is read-only, detached, and was never part of any namespace.
 */
#include "base.h"

#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/statvfs.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x10
#endif

static bool is_sealed(int self)
{
	struct statvfs fs;
	int seals = fcntl(self, F_GET_SEALS);
	if (seals >= 0 && seals & F_SEAL_WRITE)
		return true;
	return fstatvfs(self, &fs) == 0 && fs.f_flag & ST_RDONLY;
}

/* open_tree(2), mount_setattr(2): shares the page cache with every other process of the same file. */
static int clone_read_only(void)
{
	struct kernel_mount_attr attr = { .set = MOUNT_ATTR_RDONLY };
	owned int fd = kernel_open_tree(AT_FDCWD, "/proc/self/exe", OPEN_TREE_CLONE);
	if (fd < 0 || kernel_mount_setattr(fd, "", AT_EMPTY_PATH, &attr) < 0)
		return -1;
	return take(&fd);
}

static int copy_to_memory(int self)
{
	struct stat file;
	owned int fd = memfd_create("tug-helper", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("tug-helper", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || fstat(self, &file) < 0)
		return -1;
	for (off_t done = 0; done < file.st_size;) {
		ssize_t count = sendfile(fd, self, &done, (size_t)(file.st_size - done));
		if (count <= 0)
			return -1;
	}
	if (fchmod(fd, 0500) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return -1;
	return take(&fd);
}

int seal(char *const argv[], char *const env[])
{
	owned int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (self < 0)
		return -1;
	if (is_sealed(self))
		return 0;
	owned int file = clone_read_only();
	if (file < 0)
		file = copy_to_memory(self);
	if (file < 0)
		return -1;
	syscall(SYS_execveat, file, "", argv, env, AT_EMPTY_PATH);
	return -1;
}
