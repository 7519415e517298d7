/*
 * System calls that an older libc has no function for, and constants that its headers may lack. The headers are those
 * of Linux 5.10 or newer; the oldest kernel that everything here works on is 5.12 (mount_setattr).
 */
#ifndef TUG_KERNEL_H
#define TUG_KERNEL_H

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
/* linux/mount.h, which cannot be included beside sys/mount.h */
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#define OPEN_TREE_CLOEXEC O_CLOEXEC
#define MOVE_MOUNT_F_EMPTY_PATH 0x04
#define MOVE_MOUNT_T_EMPTY_PATH 0x40
#define FSOPEN_CLOEXEC 1
#define FSMOUNT_CLOEXEC 1
#define MOUNT_ATTR_RDONLY 0x1
#define MOUNT_ATTR_NOSUID 0x2
#define MOUNT_ATTR_NODEV 0x4
#define MOUNT_ATTR_NOEXEC 0x8
#define MOUNT_ATTR__ATIME 0x70
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x100000
#endif
#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x2000
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif
#define KERNEL_FSCONFIG_SET_FLAG 0
#define KERNEL_FSCONFIG_SET_STRING 1
#define KERNEL_FSCONFIG_CMD_CREATE 6

/* struct mount_attr under a name of its own: where it is declared differs. */
struct kernel_mount_attr {
	uint64_t set, clear, propagation, userns;
};

static inline int kernel_openat2(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	struct open_how how = { flags | O_CLOEXEC, mode, resolve };
	return (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
}

static inline int kernel_open_tree(int dir, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, dir, path, flags | OPEN_TREE_CLOEXEC);
}

/* Attaches the mount behind one descriptor at the place behind another: no name is looked up. */
static inline int kernel_move_mount(int mount, int target)
{
	return (int)syscall(SYS_move_mount, mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

static inline int kernel_mount_setattr(int dir, const char *path, unsigned flags, const struct kernel_mount_attr *attr)
{
	return (int)syscall(SYS_mount_setattr, dir, path, flags, attr, sizeof *attr);
}

static inline int kernel_fsopen(const char *type)
{
	return (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
}

static inline int kernel_fsconfig(int fs, unsigned command, const char *key, const char *value)
{
	return (int)syscall(SYS_fsconfig, fs, command, key, value, 0);
}

static inline int kernel_fsmount(int fs, unsigned attributes)
{
	return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes);
}

static inline pid_t kernel_clone3(struct clone_args *args)
{
	return (pid_t)syscall(SYS_clone3, args, sizeof *args);
}

static inline int kernel_pidfd_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static inline int kernel_pidfd_send_signal(int pidfd, int signal)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

/*
 * The wait status of a process that has been reaped, by a pidfd that was opened before; Linux 6.15.
 * Source: include/uapi/linux/pidfd.h, struct pidfd_info
 */
static inline int kernel_exit_status(int pidfd, int *status)
{
	enum { EXIT = 1 << 3 };
	struct {
		uint64_t mask, cgroup;
		uint32_t ids[11];
		int32_t exit_code;
	} info = { .mask = EXIT };
	if (ioctl(pidfd, _IOWR(0xff, 11, info), &info) < 0 || !(info.mask & EXIT))
		return -1;
	*status = info.exit_code;
	return 0;
}

union bpf_attr;

static inline int kernel_bpf(int command, union bpf_attr *attr, unsigned size)
{
	return (int)syscall(SYS_bpf, command, attr, size);
}

static inline int kernel_pidfd_getfd(int pidfd, int fd)
{
	return (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
}

static inline int kernel_close_range(unsigned first, unsigned last, unsigned flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

#endif
