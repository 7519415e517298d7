/* Network namespaces, and what netlink changes in them and tells of them. */
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include "program.h"

/* What the kernel answers at once, and all together that a caller is told. */
enum { ANSWER_MAX = 256 * 1024, ANSWERS_MAX = 16 * 1024 * 1024 };

/* What the kernel said to the messages of one datagram. */
struct replies {
	int error; /* of the first message that was refused */
	char words[256]; /* the kernel's own about that, or empty */
	uint8_t *data;   /* a tag, then messages that are neither errors nor ends; NULL where nobody wants them */
	size_t size;
};

static int own_namespace(struct run *run)
{
	return openat(run->proc, "self/ns/net", O_RDONLY | O_CLOEXEC);
}

static int pin_new_namespace(struct run *run, const char *path)
{
	char source[64];
	owned int made = -1;
	if (unshare(CLONE_NEWNET) < 0)
		return fail(run, errno, "unshare", path);
	made = own_namespace(run);
	snprintf(source, sizeof source, "/proc/self/fd/%d", made);
	if (made < 0 || mount(source, path, NULL, MS_BIND, NULL) < 0)
		return fail(run, errno, "mount", path);
	return take(&made);
}

int verb_network_namespace(struct run *run, const struct op_network_namespace *op)
{
	owned int own = own_namespace(run);
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
	owned int own = own_namespace(run);
	if (own < 0 || (size_t)snprintf(path, sizeof path, "sys/net/%s", op->key) >= sizeof path)
		return fail(run, own < 0 ? errno : ENAMETOOLONG, "open", op->key);
	if (setns(slot_fd(run, op->namespace), CLONE_NEWNET) < 0)
		return fail(run, errno, "setns", op->key);
	int result = write_proc(run, path, op->value);
	if (setns(own, CLONE_NEWNET) < 0)
		abort();
	return result;
}

/* A socket stays in the namespace that it was made in. */
static int netlink_socket(struct run *run, const struct op_netlink *op)
{
	int fd, yes = 1, size = ANSWERS_MAX;
	owned int own = own_namespace(run);
	if (own < 0)
		return -1;
	if (op->namespace != NO_SLOT && setns(slot_fd(run, op->namespace), CLONE_NEWNET) < 0)
		return -1;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, (int)op->protocol);
	if (op->namespace != NO_SLOT && setns(own, CLONE_NEWNET) < 0)
		abort();
	if (fd < 0)
		return -1;
	/* Where one of these is refused, answers have fewer words or a batch must be smaller. */
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &yes, sizeof yes);
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof yes);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	return fd;
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

/* The words of an error message: attribute 1, after the error and the head of the message that it is about. */
static void keep_error(struct replies *replies, const uint8_t *message, size_t size)
{
	size_t at = sizeof(struct nlmsghdr) + sizeof(struct nlmsgerr);
	struct nlmsghdr head;
	int32_t error;
	memcpy(&head, message, sizeof head);
	memcpy(&error, message + sizeof head, sizeof error);
	if (!error || replies->error)
		return;
	replies->error = -error;
	while (head.nlmsg_flags & NLM_F_ACK_TLVS && size - at >= NLA_HDRLEN) {
		struct nlattr attribute;
		memcpy(&attribute, message + at, sizeof attribute);
		if (attribute.nla_len < NLA_HDRLEN || attribute.nla_len > size - at)
			return;
		if ((attribute.nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG)
			snprintf(replies->words, sizeof replies->words, "%.*s", (int)attribute.nla_len - NLA_HDRLEN, message + at + NLA_HDRLEN);
		size_t step = NLMSG_ALIGN((size_t)attribute.nla_len);
		at += step < size - at ? step : size - at;
	}
}

static int keep_data(struct replies *replies, const uint8_t *message, size_t size)
{
	size_t room = (size + 3) & ~(size_t)3;
	if (!replies->data)
		return 0;
	if (replies->size + room > ANSWERS_MAX) {
		errno = EFBIG;
		return -1;
	}
	uint8_t *larger = realloc(replies->data, replies->size + room);
	if (!larger)
		return -1;
	memcpy(larger + replies->size, message, size);
	memset(larger + replies->size + size, 0, room - size);
	replies->data = larger;
	replies->size += room;
	return 0;
}

static int keep_replies(struct replies *replies, const uint8_t *datagram, size_t left)
{
	struct nlmsghdr head;
	while (left >= sizeof head) {
		memcpy(&head, datagram, sizeof head);
		if (head.nlmsg_len < sizeof head || head.nlmsg_len > left)
			break;
		if (head.nlmsg_type == NLMSG_ERROR && head.nlmsg_len >= sizeof head + sizeof(struct nlmsgerr))
			keep_error(replies, datagram, head.nlmsg_len);
		else if (head.nlmsg_type != NLMSG_DONE && keep_data(replies, datagram, head.nlmsg_len) < 0)
			return -1;
		size_t step = NLMSG_ALIGN(head.nlmsg_len);
		if (step >= left)
			break;
		datagram += step, left -= step;
	}
	return 0;
}

/* The kernel works while we send, and goes on with a long list while we receive: when nothing is there, all is said. */
static int receive_replies(int fd, struct replies *replies)
{
	owned_memory uint8_t *datagram = malloc(ANSWER_MAX);
	ssize_t size = -1;
	if (!datagram)
		return -1;
	while ((size = RETRY(recv(fd, datagram, ANSWER_MAX, MSG_DONTWAIT))) > 0)
		if (keep_replies(replies, datagram, (size_t)size) < 0)
			return -1;
	return size < 0 && errno != EAGAIN ? -1 : 0;
}

int verb_netlink(struct run *run, const struct op_netlink *op)
{
	struct replies replies = { .data = op->tag ? malloc(4) : NULL, .size = 4 };
	owned_memory uint8_t *messages = with_descriptors(run, op);
	owned int fd = messages ? netlink_socket(run, op) : -1;
	int error = fd < 0 ? errno : 0;
	if (!error && (RETRY(send(fd, messages, op->messages.size, 0)) < 0 || receive_replies(fd, &replies) < 0))
		error = errno;
	if (!error)
		error = replies.error;
	if (!error && op->tag && !replies.data)
		error = ENOMEM;
	if (!error && replies.data) {
		put32(replies.data, op->tag);
		answer(run, 3, replies.data, replies.size);
	}
	free(replies.data);
	return error ? fail(run, error, "netlink", replies.words) : 0;
}
