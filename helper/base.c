#include "base.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

void close_owned(int *fd)
{
	if (*fd < 0)
		return;
	int error = errno;
	close(*fd);
	errno = error;
}

void free_owned(void *pointer)
{
	int error = errno;
	free(*(void **)pointer);
	errno = error;
}

int write_all(int fd, const void *data, size_t size)
{
	const char *at = data;
	while (size > 0) {
		ssize_t done = RETRY(send(fd, at, size, MSG_NOSIGNAL));
		if (done < 0 && errno == ENOTSOCK)
			done = RETRY(write(fd, at, size));
		if (done < 0)
			return -1;
		at += done;
		size -= (size_t)done;
	}
	return 0;
}

ssize_t read_all(int fd, void *data, size_t size)
{
	size_t have = 0;
	while (have < size) {
		ssize_t got = RETRY(read(fd, (char *)data + have, size - have));
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

ssize_t read_file(int dir, const char *path, char *text, size_t size)
{
	owned int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t length = read_all(fd, text, size - 1);
	if (length < 0)
		return -1;
	if (length > 0 && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	return length;
}

int write_file(int dir, const char *path, const char *text)
{
	owned int fd = openat(dir, path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	return RETRY(write(fd, text, strlen(text))) < 0 ? -1 : 0;
}

int send_fd(int socket, const char *text, int fd)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec data = { (void *)text, strlen(text) };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space,
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(head), &fd, sizeof fd);
	return RETRY(sendmsg(socket, &message, MSG_NOSIGNAL)) < 0 ? -1 : 0;
}

int receive_fd(int socket, char *text, size_t size)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char one;
	struct iovec data = { text ? text : &one, text ? size - 1 : 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space,
	};
	ssize_t length = RETRY(recvmsg(socket, &message, MSG_CMSG_CLOEXEC));
	if (length < 0)
		return -1;
	if (text)
		text[length] = '\0';
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	if (!head || head->cmsg_type != SCM_RIGHTS || head->cmsg_len != CMSG_LEN(sizeof(int))) {
		errno = EPROTO;
		return -1;
	}
	int fd;
	memcpy(&fd, CMSG_DATA(head), sizeof fd);
	return fd;
}

int64_t clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

uint64_t start_time_of(int proc, pid_t pid)
{
	char path[32], text[1024], *at = path + sizeof path;
	*--at = '\0';
	memcpy(at -= 5, "/stat", 5);
	for (unsigned left = (unsigned)pid; left; left /= 10)
		*--at = (char)('0' + left % 10);
	if (read_file(proc, at, text, sizeof text) < 0)
		return 0;
	/* The second field is in brackets and may hold anything; the third begins after the last bracket. */
	char *field = strrchr(text, ')');
	for (int number = 2; field && number < 22; number++)
		field = strchr(field + 1, ' ');
	return field ? strtoull(field, NULL, 10) : 0;
}

char *put_decimal(char *at, uint64_t value)
{
	char digits[20];
	int count = 0;
	do
		digits[count++] = (char)('0' + value % 10);
	while ((value /= 10) > 0);
	while (count > 0)
		*at++ = digits[--count];
	*at = '\0';
	return at;
}

static char *title_begin, *title_end;
static unsigned inherited;

void process_init(char **argv)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", O_RDWR); /* gets the lowest free number, which is this one */
	while (fcntl(3 + (int)inherited, F_GETFD) >= 0)
		inherited++;
	title_begin = title_end = argv[0];
	/* Arguments and environment lie side by side; the title may use both. */
	for (char **at = argv; *at == title_end; at++)
		title_end = *at + strlen(*at) + 1;
	for (char **at = environ; *at == title_end; at++)
		title_end = *at + strlen(*at) + 1;
}

unsigned inherited_descriptors(void)
{
	return inherited;
}

void title_set(const char *role, const char *id)
{
	prctl(PR_SET_NAME, role);
	size_t room = (size_t)(title_end - title_begin), used = strlen(role);
	if (room < 2)
		return;
	memset(title_begin, 0, room);
	strncpy(title_begin, role, room - 2);
	if (id && used + 1 < room - 2) {
		title_begin[used] = ' ';
		strncpy(title_begin + used + 1, id, room - 3 - used);
	}
}

void signals_default(void)
{
	for (int number = 1; number < NSIG; number++)
		if (number != SIGKILL && number != SIGSTOP)
			signal(number, SIG_DFL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void signals_to_forward(sigset_t *set)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT };
	sigfillset(set);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		sigdelset(set, faults[i]);
}
