/* What is said to the kernel by netlink, and what it says. */
#include "netlink.h"

#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

/* What the kernel answers at once, and all together that a caller is told. */
enum { ANSWER_MAX = 256 * 1024, ANSWERS_MAX = 16 * 1024 * 1024 };

int network_namespace(struct run *run, pid_t pid)
{
	char path[32] = "self/ns/net";
	if (pid > 0)
		snprintf(path, sizeof path, "%d/ns/net", pid);
	return openat(run->proc, path, O_RDONLY | O_CLOEXEC);
}

/* A socket stays in the namespace that it was made in. */
int netlink_socket(struct run *run, int namespace, int protocol)
{
	int fd, yes = 1, size = ANSWERS_MAX;
	owned int own = network_namespace(run, 0);
	if (own < 0)
		return -1;
	if (namespace != OWN_NETWORK && setns(namespace, CLONE_NEWNET) < 0)
		return -1;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (namespace != OWN_NETWORK && setns(own, CLONE_NEWNET) < 0)
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

int netlink_ask(int fd, const void *messages, size_t size, struct replies *replies)
{
	if (RETRY(send(fd, messages, size, 0)) < 0 || receive_replies(fd, replies) < 0)
		return errno;
	return replies->error;
}
