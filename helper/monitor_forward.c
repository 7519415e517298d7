/* See monitor_forward.h. */
#include "monitor_forward.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>

/* The daemon may come later, and come again: it is looked for once in a second at most. */
static bool is_connected(struct forward *forward)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = forward->settings->socket;
	int64_t now = time(NULL);
	if (forward->fd >= 0)
		return true;
	if (now < forward->retry || strlen(path) >= sizeof address.sun_path)
		return false;
	forward->retry = now + 1;
	strcpy(address.sun_path, path);
	owned int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		return false;
	forward->fd = take(&fd);
	return true;
}

/* Whether the daemon is there, and takes nothing now or not this. */
static bool refused(int error)
{
	return error == EAGAIN || error == ENOBUFS || error == ENOMEM || error == EMSGSIZE;
}

static struct iovec text_of(const char *text)
{
	return (struct iovec){ (void *)text, strlen(text) };
}

void forward_send(struct forward *forward, const struct piece *piece, bool is_error)
{
	const struct forward_settings *settings = forward->settings;
	if (settings->socket[0] == '\0')
		return;
	struct iovec parts[] = {
		text_of(settings->prefixes[is_error]),
		{ (void *)piece->text, piece->length },
		text_of(piece->ends_line ? settings->suffix : settings->more),
	};
	const struct msghdr message = { .msg_iov = parts, .msg_iovlen = sizeof parts / sizeof *parts };
	/* Once more where the daemon has gone: another one may be there by now. */
	for (int attempt = 0; attempt < 2 && is_connected(forward); attempt++) {
		if (sendmsg(forward->fd, &message, MSG_NOSIGNAL) >= 0 || refused(errno))
			return;
		close(forward->fd);
		forward->fd = -1;
	}
}
