/* Makes what a monitor owns, and forks the run role that creates the container. */
#include "monitor.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

/* The run role's ends, by the number that they get there. */
enum { RUN_NOTICE = 5, RUN_FDS };

struct attempt {
	const char **call, **path;
};

static int failed(const struct attempt *attempt, const char *call, const char *path)
{
	*attempt->call = call;
	*attempt->path = path;
	return -1;
}

static int make_buffers(struct monitor *m)
{
	const size_t size = INPUT_SIZE + BATCH_SIZE + RECORD_SIZE + FRAME_SIZE + 2 * PIECE_MAX;
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		return -1;
	m->buffer = at;
	for (int i = 0; i < 2; i++)
		m->output[i].line = (struct line){ i == 0 ? "stdout" : "stderr", at + INPUT_SIZE + (size_t)i * PIECE_MAX, 0 };
	m->log.batch = at + INPUT_SIZE + 2 * PIECE_MAX;
	m->log.frame.text = m->log.batch + BATCH_SIZE + RECORD_SIZE;
	return 0;
}

/* In the working directory, so that the length of the path to it does not matter. */
static int listen_at(struct monitor *m, struct watch *w, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	strcpy(address.sun_path, name);
	w->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (w->fd < 0 || (unlink(name) < 0 && errno != ENOENT))
		return -1;
	mode_t mask = umask(0177);
	int result = bind(w->fd, (struct sockaddr *)&address, sizeof address);
	umask(mask);
	if (result < 0 || listen(w->fd, CONNECTIONS_MAX) < 0)
		return -1;
	watch_add(m, w, EPOLLIN);
	return 0;
}

static int open_sockets(struct monitor *m, const struct attempt *attempt)
{
	const char *directory = m->request.directory;
	m->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (m->directory < 0 || fchdir(m->directory) < 0)
		return failed(attempt, "open", directory);
	/* What an earlier container left here would be taken for this one's end. */
	if (unlink("exit") < 0 && errno != ENOENT)
		return failed(attempt, "unlink", directory);
	m->attach_socket.ready = attach_ready;
	m->control_socket.ready = control_ready;
	if (listen_at(m, &m->attach_socket, "attach") < 0 || listen_at(m, &m->control_socket, "control") < 0)
		return failed(attempt, "bind", directory);
	return chdir("/") < 0 ? failed(attempt, "chdir", "/") : 0;
}

/* One pipe; the container's end goes to `theirs`, ours does not block. */
static int make_pipe(const struct monitor *m, bool input, int *ours, int *theirs)
{
	int end[2];
	if (pipe2(end, O_CLOEXEC) < 0)
		return -1;
	*ours = end[input];
	*theirs = end[!input];
	/* A program may open /dev/stdout anew, which needs permission. */
	if (m->request.owner != UINT32_MAX && fchown(*theirs, m->request.owner, (gid_t)-1) < 0)
		return -1;
	return fcntl(*ours, F_SETFL, O_NONBLOCK);
}

static int make_streams(struct monitor *m, int theirs[RUN_FDS])
{
	int pair[2], ours;
	if (m->request.flags & REQUEST_TERMINAL) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
			return -1;
		m->console = (struct watch){ .fd = pair[0], .ready = terminal_ready };
		fcntl(pair[0], F_SETFL, O_NONBLOCK);
		watch_add(m, &m->console, EPOLLIN);
		theirs[RUN_CONSOLE] = pair[1];
		m->rows = m->request.rows;
		m->columns = m->request.columns;
		return 0;
	}
	for (int i = 0; i < 2; i++) {
		if (make_pipe(m, false, &ours, &theirs[i + 1]) < 0)
			return -1;
		source_open(m, &m->output[i], ours);
	}
	return m->request.flags & REQUEST_OPEN_STDIN ? make_pipe(m, true, &m->input.watch.fd, &theirs[0]) : 0;
}

/*
 * Runs as: child of the monitor, with its privileges. Open fds: what `theirs` says. Must not: return.
 * Numbers first go above all targets, so that none is overwritten before its turn.
 */
static _Noreturn void become_run(const int theirs[RUN_FDS])
{
	int high[RUN_FDS];
	for (int i = 0; i < RUN_FDS; i++)
		high[i] = theirs[i] < 0 ? -1 : fcntl(theirs[i], F_DUPFD_CLOEXEC, RUN_FDS);
	for (int i = 0; i < RUN_FDS; i++) {
		if (theirs[i] >= 0 && dup2(high[i], i) < 0)
			_exit(1);
		if (theirs[i] < 0 && i > 2)
			close(i);
	}
	kernel_close_range(RUN_FDS, ~0U, 0);
	signals_default();
	_exit(run_plan(RUN_CHANNEL, &(struct plan_execution){ .observer = RUN_NOTICE }));
}

static int fork_run(struct monitor *m, int theirs[RUN_FDS])
{
	int pair[2];
	/* Keeps the boundaries of records. */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	m->notice = (struct watch){ .fd = pair[0], .ready = notice_ready };
	watch_add(m, &m->notice, EPOLLIN);
	theirs[RUN_NOTICE] = pair[1];
	m->run = fork();
	if (m->run == 0)
		become_run(theirs);
	for (int i = 0; i < RUN_FDS; i++)
		close_owned(&theirs[i]);
	return m->run < 0 ? -1 : 0;
}

static int watch_children(struct monitor *m)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	m->signals = (struct watch){ .fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC), .ready = signals_ready };
	if (m->signals.fd < 0)
		return -1;
	watch_add(m, &m->signals, EPOLLIN);
	return 0;
}

int monitor_setup(struct monitor *m, int channel, const char **call, const char **path)
{
	const struct attempt attempt = { call, path };
	int theirs[RUN_FDS] = { -1, -1, -1, -1, channel, -1 };
	if (make_buffers(m) < 0)
		return failed(&attempt, "mmap", "");
	m->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (m->epoll < 0 || watch_children(m) < 0)
		return failed(&attempt, "epoll_create1", "");
	if (open_sockets(m, &attempt) < 0)
		return -1;
	m->log.settings = &m->request.log;
	m->log.forward = (struct forward){ .settings = &m->request.log.forward, .fd = -1 };
	/* A full disk keeps no container from starting: records are dropped until there is room. */
	if (m->request.log.format != LOG_NONE && log_open(&m->log) < 0 && errno != ENOSPC && errno != EDQUOT)
		return failed(&attempt, "open", m->request.log.path);
	m->oom_kills_before = oom_count(m);
	m->waiting = (m->request.flags & REQUEST_HOLDS) != 0;
	if (make_streams(m, theirs) < 0)
		return failed(&attempt, "pipe2", "");
	return fork_run(m, theirs) < 0 ? failed(&attempt, "fork", "") : 0;
}
