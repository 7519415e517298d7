/* Network namespaces, and what netlink changes in them and tells of them. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include "netlink.h"

static int pin_new_namespace(struct run *run, const char *path)
{
	char source[64];
	owned int made = -1;
	if (unshare(CLONE_NEWNET) < 0)
		return fail(run, errno, "unshare", path);
	made = network_namespace(run, 0);
	snprintf(source, sizeof source, "/proc/self/fd/%d", made);
	if (made < 0 || mount(source, path, NULL, MS_BIND, NULL) < 0)
		return fail(run, errno, "mount", path);
	return take(&made);
}

int verb_network_namespace(struct run *run, const struct op_network_namespace *op)
{
	owned int own = network_namespace(run, 0);
	owned int file = open(op->path, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	if (own < 0 || file < 0)
		return fail(run, errno, "open", op->path);
	int made = pin_new_namespace(run, op->path);
	if (setns(own, CLONE_NEWNET) < 0) /* nothing may go on in a namespace that it does not expect */
		abort();
	if (made < 0) {
		unlink(op->path);
		return -1;
	}
	return slot_set(run, op->out, made);
}

int verb_release_namespace(struct run *run, const struct op_release_namespace *op)
{
	/* EINVAL: nothing is mounted there. */
	if (umount2(op->path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT)
		return fail(run, errno, "umount2", op->path);
	return unlink(op->path) < 0 && errno != ENOENT ? fail(run, errno, "unlink", op->path) : 0;
}

int verb_network_setting(struct run *run, const struct op_network_setting *op)
{
	/* Which network a file of /proc/sys is about depends on who opens it. */
	char path[PATH_MAX];
	owned int own = network_namespace(run, 0);
	if (own < 0 || (size_t)snprintf(path, sizeof path, "sys/net/%s", op->key) >= sizeof path)
		return fail(run, own < 0 ? errno : ENAMETOOLONG, "open", op->key);
	if (setns(slot_fd(run, op->namespace), CLONE_NEWNET) < 0)
		return fail(run, errno, "setns", op->key);
	int result = write_proc(run, path, op->value);
	if (setns(own, CLONE_NEWNET) < 0)
		abort();
	return result;
}

/* The messages with the numbers of descriptors in their places. */
static uint8_t *with_descriptors(struct run *run, const struct op_netlink *op)
{
	if (op->places.count != op->descriptors.count) {
		errno = EINVAL;
		return NULL;
	}
	uint8_t *messages = malloc(op->messages.size + 1);
	if (!messages)
		return NULL;
	memcpy(messages, op->messages.data, op->messages.size);
	for (uint32_t i = 0; i < op->places.count; i++) {
		int fd = slot_fd(run, op->descriptors.item[i]);
		if (fd < 0 || op->places.item[i] > op->messages.size || op->messages.size - op->places.item[i] < 4) {
			errno = fd < 0 ? EBADF : EINVAL;
			free(messages);
			return NULL;
		}
		put32(messages + op->places.item[i], (uint32_t)fd);
	}
	return messages;
}

int verb_netlink(struct run *run, const struct op_netlink *op)
{
	struct replies replies = { .data = op->tag ? malloc(4) : NULL, .size = 4 };
	owned_memory uint8_t *messages = with_descriptors(run, op);
	int namespace = op->namespace == NO_SLOT ? OWN_NETWORK : slot_fd(run, op->namespace);
	owned int fd = messages ? netlink_socket(run, namespace, (int)op->protocol) : -1;
	int error = fd < 0 ? errno : netlink_ask(fd, messages, op->messages.size, &replies);
	if (!error && op->tag && !replies.data)
		error = ENOMEM;
	if (!error && replies.data) {
		put32(replies.data, op->tag);
		answer(run, 3, replies.data, replies.size);
	}
	free(replies.data);
	return error ? fail(run, error, "netlink", replies.words) : 0;
}
