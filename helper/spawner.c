/*
 * Makes processes for the engine, so that Node never forks: docs/front-protocol.md, "spawner.sock".
 *
 *   tug-helper spawner [--cgroup FILE]... [--revive START WANTED] SOCKET
 *
 * When the engine goes and there is the file WANTED, one is brought back as START describes.
 *
 * Runs as: the engine's user, in the control group of the monitors, sealed. Open fds: 0 to 2 /dev/null, 3 the lifeline
 * of the engine, the socket. Must not: wait for anybody but the kernel, read what a connection brings, outlive the
 * lifeline.
 */
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "group.h"
#include "monitor.h"

enum { LIFELINE = 3, CHANNEL = 3, WRONG_USAGE = 2, CANNOT_SERVE = 1, SHORTAGE_MS = 10 };

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	owned int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (strlen(path) >= sizeof address.sun_path)
		return -1;
	strcpy(address.sun_path, path);
	umask(0177);
	if (fd < 0 || (unlink(path) < 0 && errno != ENOENT) || bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
		return -1;
	umask(022);
	return listen(fd, SOMAXCONN) < 0 ? -1 : take(&fd);
}

/*
 * Runs as: child of the spawner. Open fds: 0 to 2, the connection. Must not: return; it serves one connection as what
 * the first byte says.
 */
static _Noreturn void serve(int connection)
{
	char role;
	signals_default();
	if (dup2(connection, CHANNEL) < 0 || kernel_close_range(CHANNEL + 1, ~0U, 0) < 0 || read_all(CHANNEL, &role, 1) != 1)
		_exit(1);
	if (role == 'm')
		monitor_serve(CHANNEL);
	if (role == 'w')
		witness_serve();
	if (role == 's')
		shortcut_serve();
	if (role == 'n')
		network_ahead_serve();
	title_set("tug:[run]", NULL);
	_exit(role == 'r' ? run_plan(CHANNEL, &(struct plan_execution){ .observer = -1 }) : WRONG_USAGE);
}

static void accept_one(int socket)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	owned int connection = accept4(socket, NULL, NULL, SOCK_CLOEXEC);
	/* Out of descriptors or memory: others have to go first. Without a child the connection just ends. */
	if (connection < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
		poll(NULL, 0, SHORTAGE_MS);
	if (connection < 0 || getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != geteuid())
		return;
	if (fork() == 0)
		serve(connection);
}

int spawner_main(int argc, char **argv)
{
	/* Nothing here reads the environment; the room is for the process titles of children. */
	char *room[] = { "TITLE=                                                                                ", NULL };
	int first = 2;
	if (seal(argv, room) < 0)
		return CANNOT_SERVE;
	for (; first + 1 < argc && strcmp(argv[first], "--cgroup") == 0; first += 2)
		if (group_join(argv[first + 1]) < 0)
			return CANNOT_SERVE;
	/* Copies: the title takes the place of the arguments. */
	owned_memory char *start = NULL;
	owned_memory char *wanted = NULL;
	if (first + 2 < argc && strcmp(argv[first], "--revive") == 0) {
		start = strdup(argv[first + 1]);
		wanted = strdup(argv[first + 2]);
		first += 3;
	}
	owned int socket = first + 1 == argc ? listen_at(argv[first]) : -1;
	if (socket < 0 || write_all(LIFELINE, "", 1) < 0)
		return CANNOT_SERVE;
	title_set("tug:[spawner]", NULL);
	/* Children are reaped by the kernel. */
	signals_default();
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		struct pollfd wait[] = { { LIFELINE, POLLIN, 0 }, { socket, POLLIN, 0 } };
		if (poll(wait, 2, -1) < 0)
			continue;
		if (wait[0].revents) {
			if (start && wanted)
				revive_wanted(start, wanted);
			return 0;
		}
		if (wait[1].revents)
			accept_one(socket);
	}
}
