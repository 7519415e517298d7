#include "readiness.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "run.h"

enum { MESSAGE_MAX = 4096, BARRIER_MS = 30000 };

/* The address of a socket by a name of any length: through a descriptor of it, or of the directory that it is to be in. */
static void short_address(struct sockaddr_un *address, int fd, const char *name)
{
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d%s%.64s", fd, *name ? "/" : "", name);
}

/* A name that begins with "@" has no file: unix(7), abstract. */
static int connect_manager(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	owned int place = -1, fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t size = strlen(name);
	if (*name == '@' && size <= sizeof address.sun_path) {
		memcpy(address.sun_path + 1, name + 1, size - 1);
	} else {
		place = open(name, O_PATH | O_CLOEXEC);
		short_address(&address, place, "");
		size = strlen(address.sun_path) + 1;
	}
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)) < 0)
		return -1;
	return take(&fd);
}

/* Waits until the manager has taken all that was sent: it closes the descriptor then. sd_notify_barrier(3) */
static void await_manager(int manager)
{
	int pair[2];
	if (pipe2(pair, O_CLOEXEC) < 0)
		return;
	owned int near = pair[0], far = pair[1];
	int sent = send_fd(manager, "BARRIER=1", far);
	close_owned(&far);
	far = -1;
	struct pollfd taken = { near, 0, 0 };
	if (sent == 0)
		RETRY(poll(&taken, 1, BARRIER_MS));
}

/* The line of a message that says READY, ended by a line break; NULL where there is none. */
static char *ready_line(char *message)
{
	for (char *line = message; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (strncmp(line, "READY=", 6) != 0)
			continue;
		char *end = strchrnul(line, '\n');
		strcpy(end, "\n");
		return line;
	}
	return NULL;
}

int readiness_pass(int socket, const char *manager, pid_t pid)
{
	char message[MESSAGE_MAX + 2], main_pid[32];
	ssize_t size = RETRY(recv(socket, message, MESSAGE_MAX, MSG_DONTWAIT));
	message[size < 0 ? 0 : size] = '\0';
	char *ready = ready_line(message);
	if (!ready)
		return 0;
	owned int to = connect_manager(manager);
	if (to < 0 || write_all(to, ready, strlen(ready)) < 0)
		return -1;
	if (pid == 0)
		return 1;
	snprintf(main_pid, sizeof main_pid, "MAINPID=%d\n", pid);
	if (write_all(to, main_pid, strlen(main_pid)) < 0)
		return -1;
	await_manager(to);
	return 1;
}

int verb_notify_socket(struct run *run, const struct op_notify_socket *op)
{
	struct sockaddr_un address = { 0 };
	owned int directory = open(op->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	owned int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	short_address(&address, directory, op->name);
	if (directory < 0 || fd < 0)
		return fail(run, errno, "socket", op->directory);
	/* One that an earlier start left behind, which failed: nobody listens there. */
	unlink(address.sun_path);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || chmod(address.sun_path, 0777) < 0)
		return fail(run, errno, "bind", op->directory);
	return slot_set(run, op->out, take(&fd));
}

int verb_notify(struct run *run, const struct op_notify *op)
{
	int process = op->process == NO_SLOT ? run->init_fd : slot_fd(run, op->process);
	pid_t pid = op->process == NO_SLOT ? run->init : (pid_t)op->pid;
	struct pollfd wait[] = { { slot_fd(run, op->socket), POLLIN, 0 }, { process, POLLIN, 0 } };
	if (wait[0].fd < 0 || process < 0)
		return fail(run, EBADF, "poll", NULL);
	for (;;) {
		if (RETRY(poll(wait, 2, -1)) < 0)
			return fail(run, errno, "poll", NULL);
		int passed = wait[0].revents ? readiness_pass(wait[0].fd, op->manager, pid) : 0;
		if (passed < 0)
			return fail(run, errno, "sendmsg", op->manager);
		if (passed > 0 || (wait[1].revents && !wait[0].revents))
			return 0;
	}
}
