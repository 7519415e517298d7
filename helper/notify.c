/*
 * Tells a service manager how its service is, on behalf of the process that started this one: Node has no datagram
 * sockets of that kind. Source: sd_notify(3), "Standalone Implementations"
 *
 *   tug-helper notify SOCKET TEXT
 *
 * SOCKET is a path, or @NAME in the abstract namespace. Runs as: child of the engine. Must not: wait.
 */
#include "base.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { SENT = 0, NOT_SENT = 1, WRONG_USAGE = 2 };

/* In the parent's name, which is the one that the manager knows: a root process may. */
static ssize_t send_as_parent(int fd, struct msghdr *message)
{
	const struct ucred sender = { getppid(), getuid(), getgid() };
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof sender)];
	} control = { .head = { CMSG_LEN(sizeof sender), SOL_SOCKET, SCM_CREDENTIALS } };
	memcpy(CMSG_DATA(&control.head), &sender, sizeof sender);
	message->msg_control = &control;
	message->msg_controllen = sizeof control;
	return sendmsg(fd, message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int notify_main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = argc == 4 ? strlen(argv[2]) : 0;
	if (length < 2 || length >= sizeof address.sun_path)
		return WRONG_USAGE;
	memcpy(address.sun_path, argv[2], length);
	if (address.sun_path[0] == '@')
		address.sun_path[0] = '\0';
	struct iovec text = { argv[3], strlen(argv[3]) };
	struct msghdr message = {
		.msg_name = &address, .msg_namelen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length), .msg_iov = &text, .msg_iovlen = 1,
	};
	owned int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || send_as_parent(fd, &message) >= 0)
		return fd < 0 ? NOT_SENT : SENT;
	message.msg_control = NULL;
	message.msg_controllen = 0;
	return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? NOT_SENT : SENT;
}
