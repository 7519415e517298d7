/*
 * The witness keeps a pidfd of every process that the engine names, and says how each of them has ended: for containers
 * whose monitor was killed, and could not wait for its child. docs/front-protocol.md, "The witness".
 *
 * Runs as: child of the spawner, in the control group of the monitors, sealed. Open fds: 0 to 2 /dev/null, 3 the
 * connection to the engine, an epoll set, one pidfd per process. Must not: outlive the connection, reap anybody.
 */
#include "base.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { CHANNEL = 3, WATCH = 1, FORGET = 2, REQUEST_SIZE = 16, ANSWER_SIZE = 20 };

struct process {
	struct process *next;
	int pidfd;
	uint32_t pid;
	uint64_t start;
};

struct witness {
	int epoll, proc;
	struct process *first;
};

/* False when the engine has gone, or takes nothing. */
static bool tell(const struct process *process, bool known, int status)
{
	uint8_t answer[ANSWER_SIZE];
	put32(put32(put64(put32(answer, process->pid), process->start), known), (uint32_t)status);
	return send(CHANNEL, answer, sizeof answer, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof answer;
}

static void forget(struct witness *witness, uint32_t pid, uint64_t start)
{
	for (struct process **at = &witness->first; *at != NULL; at = &(*at)->next) {
		struct process *process = *at;
		if (process->pid != pid || process->start != start)
			continue;
		*at = process->next;
		close(process->pidfd);
		free(process);
		return;
	}
}

/* Opened first, compared then: the pid cannot be given away again while it answers to the pidfd. */
static bool watch(struct witness *witness, uint32_t pid, uint64_t start)
{
	/* No event is asked for: a hang-up, which comes when the process has been reaped, is always told. */
	struct epoll_event event = { .events = 0 };
	struct process unknown = { .pid = pid, .start = start };
	struct process *process = malloc(sizeof *process);
	owned int pidfd = kernel_pidfd_open((pid_t)pid);
	if (process == NULL || pidfd < 0 || start_time_of(witness->proc, (pid_t)pid) != start) {
		free(process);
		return tell(&unknown, false, 0);
	}
	*process = (struct process){ witness->first, take(&pidfd), pid, start };
	witness->first = process;
	event.data.ptr = process;
	epoll_ctl(witness->epoll, EPOLL_CTL_ADD, process->pidfd, &event);
	return true;
}

/* One request; false at the end of the connection. */
static bool serve(struct witness *witness)
{
	uint8_t request[REQUEST_SIZE];
	if (read_all(CHANNEL, request, sizeof request) != sizeof request)
		return false;
	uint32_t pid = get32(request + 4);
	uint64_t start = get64(request + 8);
	if (get32(request) == WATCH)
		return watch(witness, pid, start);
	if (get32(request) == FORGET)
		forget(witness, pid, start);
	return true;
}

static bool report(struct witness *witness, const struct process *process)
{
	int status = 0;
	bool known = kernel_exit_status(process->pidfd, &status) == 0;
	bool told = tell(process, known, status);
	forget(witness, process->pid, process->start);
	return told;
}

_Noreturn void witness_serve(void)
{
	struct witness witness = {
		.epoll = epoll_create1(EPOLL_CLOEXEC), .proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC),
	};
	struct epoll_event event = { .events = EPOLLIN };
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	title_set("tug:[witness]", NULL);
	bool serving = witness.epoll >= 0 && epoll_ctl(witness.epoll, EPOLL_CTL_ADD, CHANNEL, &event) == 0;
	while (serving) {
		int n = epoll_wait(witness.epoll, &event, 1, -1);
		if (n == 1)
			serving = event.data.ptr == NULL ? serve(&witness) : report(&witness, event.data.ptr);
		else
			serving = errno == EINTR;
	}
	_exit(0);
}
