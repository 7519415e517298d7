/*
 * The monitor: ancestor and subreaper of one container or one exec session. It owns the standard streams, the log file,
 * the attach and control sockets and the exit record, and needs nobody: whoever started it may die.
 *
 * Runs as: the engine's user, a session leader, child of the spawner or of init. Namespaces: the engine's. Open fds: 0 to 2 /dev/null, the
 * descriptors of struct monitor. Must not: block on anything but epoll_wait, end before the exit record is written.
 */
#include "monitor.h"

#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

void watch_add(struct monitor *m, struct watch *w, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = w };
	w->events = events;
	w->added = epoll_ctl(m->epoll, EPOLL_CTL_ADD, w->fd, &event) == 0;
}

void watch_change(struct monitor *m, struct watch *w, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = w };
	if (w->events == events)
		return;
	w->events = events;
	if (w->added)
		epoll_ctl(m->epoll, EPOLL_CTL_MOD, w->fd, &event);
}

void watch_remove(struct monitor *m, struct watch *w)
{
	if (w->added)
		epoll_ctl(m->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	w->added = false;
}

/* Taken out explicitly: a descriptor that a child shares would stay in the epoll set after close(2). */
void watch_close(struct monitor *m, struct watch *w)
{
	watch_remove(m, w);
	close_owned(&w->fd);
	w->fd = -1;
}

int watch_accept(struct monitor *m, struct watch *w)
{
	int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	/* Out of descriptors or memory: not asked again before the next pause. */
	if (fd < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
		watch_remove(m, w);
	return fd;
}

/* In a pause nothing of the buffers is needed but the begins of lines; that is most of an idle monitor's memory. */
static void give_back(struct monitor *m)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	madvise(m->buffer, INPUT_SIZE, MADV_DONTNEED);
	madvise(m->log.batch, BATCH_SIZE + RECORD_SIZE + FRAME_SIZE, MADV_DONTNEED);
	for (int i = 0; i < 2; i++) {
		const struct line *line = &m->output[i].line;
		size_t used = (line->length + page - 1) / page * page;
		madvise(line->text + used, PIECE_MAX - used, MADV_DONTNEED);
	}
	clients_give_back(m);
	malloc_trim(0);
	for (struct watch *w = &m->attach_socket; w <= &m->control_socket; w++)
		if (!w->added)
			watch_add(m, w, EPOLLIN);
	m->dirty = false;
}

static bool sources_open(const struct monitor *m)
{
	return m->output[0].watch.fd >= 0 || m->output[1].watch.fd >= 0;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a == NEVER || (b != NEVER && b < a) ? b : a;
}

/* When something has to be done although nothing happens, in clock_ms(). */
static int64_t next_deadline(const struct monitor *m, int64_t now)
{
	int64_t at = clients_deadline(m);
	if (m->dirty || (m->finished_at != 0 && !m->recorded))
		at = earlier(at, now + IDLE_MS);
	if (now < m->oom_until)
		at = earlier(at, now + OOM_STEP_MS);
	if (m->finished_at != 0 && !m->drained && !m->held)
		at = earlier(at, earlier(m->last_output + DRAIN_SILENCE_MS, m->ended + DRAIN_TOTAL_MS));
	return at;
}

/* A process that holds a pipe longer than its container lives is not waited for. */
static void drain(struct monitor *m, int64_t now)
{
	bool over = now >= m->last_output + DRAIN_SILENCE_MS || now >= m->ended + DRAIN_TOTAL_MS;
	/* Held back, they are silent because nobody listens: that ends with the patience of the client. */
	if (sources_open(m) && (m->held || !over))
		return;
	for (int i = 0; i < 2; i++)
		source_close(m, &m->output[i]);
	m->drained = true;
	clients_finish(m);
	controls_tell(m, EVENT_DRAINED, NULL, 0);
}

static void loop(struct monitor *m)
{
	while (!m->drained || !m->recorded || m->clients != NULL) {
		int64_t before = clock_ms(), at = next_deadline(m, before);
		struct epoll_event event;
		/* One at a time: what an event frees cannot be in a later one of the same batch. */
		int n = epoll_wait(m->epoll, &event, 1, at == NEVER ? -1 : at <= before ? 0 : (int)(at - before));
		int64_t now = clock_ms();
		if (n == 1) {
			struct watch *w = event.data.ptr;
			m->dirty = true;
			w->ready(m, w, event.events);
		} else if (m->dirty && now >= before + IDLE_MS) {
			give_back(m);
		}
		if (now < m->oom_until)
			oom_look(m);
		if (m->finished_at != 0 && !m->recorded)
			exit_record_write(m);
		if (m->finished_at != 0 && !m->drained)
			drain(m, now);
		clients_sweep(m);
		controls_sweep(m);
	}
}

/* Answer 4 of docs/plan-wire.md with the list "none", before any greeting. */
static void report(int channel, int error, const char *call, const char *path)
{
	enum { FAILED = 4, NO_LIST = 255 };
	uint8_t answer[FAILURE_MAX], *at = answer + sizeof(uint32_t);
	at = put32(put32(put32(put8(put8(at, FAILED), NO_LIST), 0), (uint32_t)error), 0);
	for (int i = 0; i < 2; i++) {
		const char *text = i == 0 ? call : path;
		size_t length = strnlen(text, FAILURE_MAX / 2 - 64);
		at = put32(at, (uint32_t)length);
		at = (uint8_t *)memcpy(at, text, length) + length;
	}
	put32(answer, (uint32_t)((size_t)(at - answer) - sizeof(uint32_t)));
	write_all(channel, answer, (size_t)(at - answer));
}

/* A caller who is still sending when the other end goes is told of that, and reads no answer that came before. */
static void hear_out(int channel)
{
	enum { PATIENCE = 5000 /* milliseconds */ };
	char rest[4096];
	struct pollfd end = { .fd = channel, .events = POLLIN };
	while (poll(&end, 1, PATIENCE) > 0 && read(channel, rest, sizeof rest) > 0)
		;
}

static void remove_sockets(const struct monitor *m)
{
	unlinkat(m->directory, "attach", 0);
	unlinkat(m->directory, "control", 0);
}

_Noreturn void monitor_serve(int channel)
{
	const struct watch none = { .fd = -1 };
	struct monitor m = {
		.epoll = -1, .directory = -1, .signals = none, .notice = none, .console = none, .attach_socket = none,
		.control_socket = none, .oom = none, .output = { { .watch = none }, { .watch = none } },
		.input = { .watch = none }, .log = { .fd = -1 },
	};
	const char *call = "read", *path = "";
	sigset_t all;
	/* Blocked, not ignored: SIGCHLD is read, no other signal ends or interrupts a monitor, EPIPE is an errno. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	umask(022);
	if (setsid() < 0 || chdir("/") < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		call = "setsid";
	else if (monitor_request_read(channel, &m.request) == 0 && monitor_setup(&m, channel, &call, &path) == 0)
		call = NULL;
	if (call != NULL) {
		report(channel, errno, call, path);
		remove_sockets(&m);
		hear_out(channel);
		_exit(1);
	}
	m.revives = (m.request.flags & REQUEST_REVIVES) != 0;
	title_set("tug:[monitor]", m.request.id);
	loop(&m);
	remove_sockets(&m);
	_exit(0);
}

int monitor_main(int argc, char **argv)
{
	char *end = NULL;
	long channel = argc == 3 ? strtol(argv[2], &end, 10) : -1;
	/* Nothing here reads the environment; the room is for longer process titles. */
	char *again[] = { "tug:[monitor]", "monitor", argc == 3 ? argv[2] : NULL, NULL };
	char *room[] = { "TITLE=                                                                                ", NULL };
	if (channel < 3 || channel > INT32_MAX || *end != '\0' || seal(again, room) < 0)
		return 2;
	if (dup2((int)channel, 3) < 0 || kernel_close_range(4, ~0U, 0) < 0)
		return 2;
	int null = open("/dev/null", O_RDWR);
	for (int i = 0; i < 3; i++)
		if (null < 0 || dup2(null, i) < 0)
			return 2;
	if (null > 2)
		close(null);
	pid_t child = fork();
	if (child == 0)
		monitor_serve(3);
	return child < 0 ? 2 : 0;
}
