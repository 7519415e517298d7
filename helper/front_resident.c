/*
 * Finds the resident process, makes sure that it is what this process would start itself, and sends it the command.
 * Nothing is carried out before it gets `go`: until then this process may change its mind and run Node.
 */
#include "front_resident.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "ops.gen.h"

enum {
	FRONT_VERSION = 1,
	PATIENCE_MS = 250,
	GREETING = 1,
	ACCEPTED = 2,
	REPEATABLE = 1, /* bit of ACCEPTED */
	BUILD_MAX = 64,
	GREETING_MAX = 512,
	REQUEST_MAX = 4 * 1024 * 1024, /* what the other side takes */
};

static const char socket_name[] = "front.sock";

/* A run directory and a socket that only this user can have made. */
static int open_run_directory(void)
{
	struct stat directory, socket;
	const char *path = getenv("TUG_RUN_ROOT");
	uid_t user = geteuid();
	owned int fd = open(path ? path : "/run/tug", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (user != 0 || fd < 0 || fstat(fd, &directory) < 0 || fstatat(fd, socket_name, &socket, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (directory.st_uid != user || (directory.st_mode & 07777) != 0700)
		return -1;
	return S_ISSOCK(socket.st_mode) && socket.st_uid == user ? take(&fd) : -1;
}

/* Never waits: a queue of connections that is full is a process that hangs. */
static int connect_to_resident(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct ucred peer;
	socklen_t size = sizeof peer;
	/* First: the number after the caller's descriptors. */
	owned int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	owned int directory = open_run_directory();
	snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", directory, socket_name);
	if (fd < 0 || directory < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		return -1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != geteuid())
		return -1;
	return take(&fd);
}

/* A conversation that has to be over by a certain time, in clock_ms(). */
struct talk {
	int socket;
	int64_t end;
};

/* Receives (POLLIN) or sends (POLLOUT) all of it, unless the time is up before. */
static bool move(const struct talk *talk, short events, void *data, size_t size)
{
	int64_t rest;
	for (uint8_t *at = data; size > 0;) {
		struct pollfd wait = { talk->socket, events, 0 };
		ssize_t done = events == POLLIN ? recv(wait.fd, at, size, 0) : send(wait.fd, at, size, MSG_NOSIGNAL);
		if (done > 0) {
			at += done;
			size -= (size_t)done;
		} else if (done == 0 || (errno != EAGAIN && errno != EINTR)) {
			return false;
		} else if ((rest = talk->end - clock_ms()) <= 0 || poll(&wait, 1, (int)rest) == 0) {
			return false;
		}
	}
	return true;
}

/* One message of the type that has to come now; its size, or -1. */
static ssize_t receive(const struct talk *talk, uint8_t type, uint8_t *content, size_t room)
{
	uint8_t head[MESSAGE_HEAD];
	if (!move(talk, POLLIN, head, sizeof head) || head[4] != type)
		return -1;
	size_t size = (size_t)get32(head) - 1;
	return size <= room && move(talk, POLLIN, content, size) ? (ssize_t)size : -1;
}

/* What tells the package's build from any other; the build leaves it in a file. */
static size_t read_build(const char *package, char *build, size_t size)
{
	owned int directory = open(package, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ssize_t length = directory < 0 ? -1 : read_file(directory, "dist/build", build, size);
	return length < 0 ? 0 : (size_t)length;
}

/* Whether the process that greets was made by the same build and sees the same machine. */
static bool is_like_us(const uint8_t *greeting, ssize_t size, const char *package)
{
	char build[BUILD_MAX];
	static const char *const places[] = {
		"/proc/self/ns/mnt", "/proc/self/ns/user", "/proc/self/ns/pid", "/proc/self/ns/cgroup", "/",
	};
	const uint8_t hash[] = TUG_TABLE_HASH_BYTES, *at = greeting + 4 + sizeof hash + 4;
	size_t length = read_build(package, build, sizeof build), count = sizeof places / sizeof *places;
	if (size < at - greeting + (ssize_t)length + (ssize_t)(16 * count) || get32(greeting) != FRONT_VERSION)
		return false;
	if (memcmp(greeting + 4, hash, sizeof hash) != 0)
		return false;
	if (length == 0 || get32(at - 4) != length || memcmp(at, build, length) != 0)
		return false;
	at += length;
	for (size_t i = 0; i < count; i++, at += 16) {
		struct stat place;
		if (stat(places[i], &place) < 0 || place.st_dev != get64(at) || place.st_ino != get64(at + 8))
			return false;
	}
	return true;
}

static size_t texts_size(char **texts)
{
	size_t size = 4;
	for (; *texts; texts++)
		size += 4 + strlen(*texts);
	return size;
}

static uint8_t *put_text(uint8_t *at, const char *text)
{
	size_t length = strlen(text);
	return (uint8_t *)memcpy(put32(at, (uint32_t)length), text, length) + length;
}

static uint8_t *put_texts(uint8_t *at, char **texts)
{
	uint8_t *count = at;
	uint32_t number = 0;
	at += 4;
	for (; *texts; texts++, number++)
		at = put_text(at, *texts);
	put32(count, number);
	return at;
}

void front_size(uint8_t size[4])
{
	static const int order[] = { 1, 2, 0 };
	struct winsize window = { 0 };
	for (size_t i = 0; i < 3 && ioctl(order[i], TIOCGWINSZ, &window) < 0; i++)
		;
	put16(put16(size, window.ws_row), window.ws_col);
}

/* Callers remove a directory and call from within it: it has the name then that /proc shows, which leads nowhere. */
static bool working_directory(char path[PATH_MAX])
{
	if (getcwd(path, PATH_MAX))
		return true;
	ssize_t length = readlink("/proc/self/cwd", path, PATH_MAX - 1);
	if (length < 0)
		return false;
	path[length] = '\0';
	return true;
}

/* The whole message; NULL where there is no working directory or the command is too long. */
static uint8_t *make_request(const struct front *front, size_t *size)
{
	char directory[PATH_MAX];
	*size = 0;
	if (!working_directory(directory))
		return NULL;
	size_t content = 18 + strlen(directory) + texts_size(front->arguments) + texts_size(environ);
	*size = MESSAGE_HEAD + content;
	uint8_t *message = *size > REQUEST_MAX ? NULL : malloc(*size);
	if (!message)
		return NULL;
	mode_t mask = umask(0);
	umask(mask);
	uint8_t *at = put8(put_head(message, REQUEST, content), front->oci ? 2 : 1);
	at = put32(put_text(put32(at, (uint32_t)getpid()), directory), mask);
	at = put8(at, (uint8_t)(isatty(0) | isatty(1) << 1 | isatty(2) << 2));
	front_size(at);
	put_texts(put_texts(at + 4, front->arguments), environ);
	return message;
}

/*
 * Sends the command to whoever listens, before anything is known of it: whoever is not like this process has read it in
 * vain, and waiting for each other takes longer than reading it. The socket, or -1.
 */
static int ask(const struct front *front)
{
	size_t size;
	struct talk talk = { connect_to_resident(), clock_ms() + PATIENCE_MS };
	owned int socket = talk.socket;
	owned_memory uint8_t *request = socket < 0 ? NULL : make_request(front, &size);
	return request && move(&talk, POLLOUT, request, size) ? take(&socket) : -1;
}

/*
 * Plans are executed in this process: it has to run from a file that nobody can write. Returns only where it does, or
 * cannot: -1.
 */
static int seal_front(const struct front *front, int socket)
{
	char number[16] = "";
	size_t count = 0;
	while (front->arguments[count])
		count++;
	owned_memory char **again = calloc(count + 5, sizeof *again);
	if (!again || fcntl(socket, F_SETFD, 0) < 0)
		return -1;
	put_decimal(number, (uint64_t)socket);
	again[0] = "tug:[front]";
	again[1] = FRONT_SEALED;
	again[2] = number;
	again[3] = (char *)front->package;
	memcpy(again + 4, front->arguments, count * sizeof *again);
	return seal(again, environ);
}

/* Whether the process at the other end will carry the request out as soon as it gets `go`; and what it says of it. */
static bool is_accepted(const struct front *front, int socket, uint8_t *bits)
{
	uint8_t greeting[GREETING_MAX];
	struct talk talk = { socket, clock_ms() + PATIENCE_MS };
	if (!is_like_us(greeting, receive(&talk, GREETING, greeting, sizeof greeting), front->package))
		return false;
	talk.end = clock_ms() + PATIENCE_MS;
	return receive(&talk, ACCEPTED, bits, sizeof *bits) >= 0;
}

int front_asked(const struct front *front, int socket)
{
	uint8_t go[MESSAGE_HEAD], bits = 0;
	if (!is_accepted(front, socket, &bits))
		return -1;
	put_head(go, GO, 0);
	if (send(socket, go, sizeof go, MSG_NOSIGNAL) != sizeof go)
		return -1;
	fcntl(socket, F_SETFL, 0);
	return front_relay(front, socket, bits & REPEATABLE);
}

int front_resident(const struct front *front)
{
	owned int socket = ask(front);
	/* The request is read and a plan made of it meanwhile. */
	if (socket < 0 || (front->oci && seal_front(front, socket) < 0))
		return -1;
	return front_asked(front, socket);
}
