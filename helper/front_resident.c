/*
 * Makes sure that the resident process, which has the command, is what this process would start itself. Nothing is carried
 * out before it gets `go`: until then this process may change its mind and run Node.
 */
#include "front_resident.h"

#include <poll.h>
#include <sys/socket.h>
#include "ops.gen.h"

enum {
	FRONT_VERSION = 1,
	GREETING = 1,
	ACCEPTED = 2,
	REPEATABLE = 1, /* bit of ACCEPTED */
	BUILD_MAX = 64,
	GREETING_MAX = 512,
};

/* A conversation that has to be over by a certain time, in clock_ms(). */
struct talk {
	int socket;
	int64_t end;
};

/* Receives all of it, unless the time is up before. */
static bool receive_all(const struct talk *talk, void *data, size_t size)
{
	int64_t rest;
	for (uint8_t *at = data; size > 0;) {
		struct pollfd wait = { talk->socket, POLLIN, 0 };
		ssize_t done = recv(wait.fd, at, size, 0);
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
	if (!receive_all(talk, head, sizeof head) || head[4] != type)
		return -1;
	size_t size = (size_t)get32(head) - 1;
	return size <= room && receive_all(talk, content, size) ? (ssize_t)size : -1;
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

/*
 * Plans are executed in this process: it has to run from a file that nobody can write. Returns only where it does, or
 * cannot: -1.
 */
static int seal_front(const struct front *front, const struct front_command *command, int socket)
{
	char **again = front_again(command, (char *)(uintptr_t)front->package, socket);
	return !again || fcntl(socket, F_SETFD, 0) < 0 ? -1 : seal(again, environ);
}

/* Whether the process at the other end will carry the request out as soon as it gets `go`; and what it says of it. */
static bool is_accepted(const struct front *front, int socket, uint8_t *bits)
{
	uint8_t greeting[GREETING_MAX];
	struct talk talk = { socket, clock_ms() + FRONT_PATIENCE_MS };
	if (!is_like_us(greeting, receive(&talk, GREETING, greeting, sizeof greeting), front->package))
		return false;
	talk.end = clock_ms() + FRONT_PATIENCE_MS;
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
	struct front_command command = { front->oci, front->arguments, environ };
	owned int socket = front_ask(&command);
	/* The request is read and a plan made of it meanwhile. */
	if (socket < 0 || (front->oci && seal_front(front, &command, socket) < 0))
		return -1;
	return front_asked(front, socket);
}
