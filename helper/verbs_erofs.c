/* EROFS images that point into other files, mounted from files, or by loop devices where the kernel wants those. */
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include "mount.h"

enum { EROFS_DIRECT = 1, EROFS_LOOP = 2, LOOP_TRIES = 64, FSCONFIG_TEXT_MAX = 255, SECTOR = 512, DEVICES_MAX = 7 };

/* Descriptors that stay open until the file system has opened what their paths lead to. */
struct backings {
	int fd[DEVICES_MAX + 1];
	uint32_t count;
};

static void close_backings(struct backings *backings)
{
	for (uint32_t i = 0; i < backings->count; i++)
		close_owned(&backings->fd[i]);
}

/* A read-only loop device on a file, which goes when the last that uses it does: its descriptor, or -1 and errno. */
static int loop_on(int file, bool direct, char *path, size_t size)
{
	owned int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (control < 0)
		return -1;
	for (int tries = 0; tries < LOOP_TRIES; tries++) {
		struct loop_config config = {
			.fd = (uint32_t)file,
			.block_size = SECTOR,
			.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR | (direct ? LO_FLAGS_DIRECT_IO : 0),
		};
		int number = ioctl(control, LOOP_CTL_GET_FREE);
		if (number < 0)
			return -1;
		snprintf(path, size, "/dev/loop%d", number);
		owned int loop = open(path, O_RDONLY | O_CLOEXEC);
		if (loop >= 0 && ioctl(loop, LOOP_CONFIGURE, &config) == 0)
			return take(&loop);
		/* Somebody else has taken it meanwhile. */
		if (errno != EBUSY && errno != ENXIO)
			return -1;
	}
	return -1;
}

/* Tells the file system of one of its files. */
static int add_backing(struct run *run, int fs, const char *key, const char *path, uint32_t flags, struct backings *backings)
{
	char text[32];
	owned int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (file < 0)
		return fail(run, errno, "open", path);
	const char *name = strlen(path) <= FSCONFIG_TEXT_MAX ? path : text;
	snprintf(text, sizeof text, "/proc/self/fd/%d", file);
	if (flags & EROFS_LOOP) {
		owned int loop = loop_on(file, flags & EROFS_DIRECT, text, sizeof text);
		if (loop < 0)
			return fail(run, errno, "loop", path);
		close_owned(&file);
		file = take(&loop);
		name = text;
	}
	backings->fd[backings->count++] = take(&file);
	if (kernel_fsconfig(fs, KERNEL_FSCONFIG_SET_STRING, key, name) < 0)
		return fail(run, errno, "fsconfig", path);
	return 0;
}

int verb_erofs(struct run *run, const struct op_erofs *op)
{
	__attribute__((cleanup(close_backings))) struct backings backings = { .count = 0 };
	if (op->devices.count > DEVICES_MAX)
		return fail(run, E2BIG, "fsconfig", op->image);
	owned int fs = kernel_fsopen("erofs");
	if (fs < 0)
		return fail(run, errno, "fsopen", "erofs");
	if (add_backing(run, fs, "source", op->image, op->flags, &backings) < 0)
		return -1;
	for (uint32_t i = 0; i < op->devices.count; i++)
		if (add_backing(run, fs, "device", op->devices.item[i], op->flags, &backings) < 0)
			return -1;
	/* A loop device has it itself. */
	bool direct = (op->flags & (EROFS_DIRECT | EROFS_LOOP)) == EROFS_DIRECT;
	if ((direct && kernel_fsconfig(fs, KERNEL_FSCONFIG_SET_FLAG, "directio", NULL) < 0)
		|| kernel_fsconfig(fs, KERNEL_FSCONFIG_SET_FLAG, "ro", NULL) < 0
		|| kernel_fsconfig(fs, KERNEL_FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
		return fail(run, errno, "fsconfig", op->image);
	int mount = kernel_fsmount(fs, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return mount < 0 ? fail(run, errno, "fsmount", op->image) : slot_set(run, op->out, mount);
}

int verb_attach_on_host(struct run *run, const struct op_attach_on_host *op)
{
	owned int target = open(op->path, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int mount = slot_fd(run, op->mount);
	if (target < 0 || mount < 0)
		return fail(run, errno, "open", op->path);
	return mount_attach(run, mount, target, op->path);
}

int verb_release_mount(struct run *run, const struct op_release_mount *op)
{
	/* EINVAL: nothing is mounted there. */
	if (umount2(op->path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT)
		return fail(run, errno, "umount2", op->path);
	return rmdir(op->path) < 0 && errno != ENOENT ? fail(run, errno, "rmdir", op->path) : 0;
}
