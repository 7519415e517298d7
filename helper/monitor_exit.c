/*
 * What becomes of the container's processes. The monitor learns from the run role which process is init; when the run
 * role has ended, init is the monitor's child, as is every process whose parent dies.
 */
#include "monitor.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

/* Numbers of the fields of an exit record; never reused. */
enum exit_field {
	FIELD_STATUS = 1,  /* i32 wait status of init */
	FIELD_FINISHED,    /* i64 ns since 1970 */
	FIELD_OOM_KILLS,   /* u64 processes killed in the memory group while the container ran */
	FIELD_DROPPED,     /* u64 bytes of log records dropped so far */
	FIELD_FAILURE,     /* content of the run role's answer "failed" */
	FIELD_RUN_STATUS,  /* i32 wait status of the run role, if it was not 0 */
	FIELD_INIT,        /* u32 pid */
	FIELD_INIT_START,  /* u64 start time */
};

/* Source: Documentation/admin-guide/cgroup-v1/memory.rst section 10, cgroup-v2.rst memory.events */
uint64_t oom_count(const struct monitor *m)
{
	static const char key[] = "\noom_kill "; /* never the first line, in v1 as in v2 */
	char text[1024];
	if (m->request.oom_file[0] == '\0' || read_file(AT_FDCWD, m->request.oom_file, text, sizeof text) < 0)
		return 0;
	const char *found = strstr(text, key);
	return found == NULL ? 0 : strtoull(found + sizeof key - 1, NULL, 10);
}

/* The counter goes away with the group: what was seen last holds then. */
static void count_oom_kills(struct monitor *m)
{
	uint64_t count = oom_count(m);
	if (count > m->oom_kills_before + m->oom_kills)
		m->oom_kills = count - m->oom_kills_before;
}

void oom_look(struct monitor *m)
{
	uint64_t before = m->oom_kills;
	count_oom_kills(m);
	if (m->oom_kills > before)
		controls_tell(m, EVENT_OOM, &m->oom_kills, sizeof m->oom_kills);
}

static void oom_ready(struct monitor *m, struct watch *w, uint32_t events)
{
	char event[sizeof(struct inotify_event) + NAME_MAX + 1];
	(void)events;
	if (read(w->fd, event, sizeof event) < 0 && errno != EAGAIN && errno != EINTR)
		watch_close(m, w);
	/* v1 tells that memory is short before it kills somebody and counts. */
	m->oom_until = clock_ms() + OOM_LOOK_MS;
	oom_look(m);
}

/* v2: the file changes. */
static int oom_notify(const char *file)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fd >= 0 && inotify_add_watch(fd, file, IN_MODIFY) < 0)
		close_owned(&fd), fd = -1;
	return fd;
}

/* v1: an event descriptor is registered with the number of the opened file. */
static int oom_notify_v1(const char *file, const char *control)
{
	owned int watched = open(file, O_RDONLY | O_CLOEXEC);
	owned int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	char text[48], *at = put_decimal(text, (uint64_t)fd);
	*at++ = ' ';
	put_decimal(at, (uint64_t)watched);
	if (watched < 0 || fd < 0 || write_file(AT_FDCWD, control, text) < 0)
		return -1;
	return take(&fd);
}

static void created(struct monitor *m, pid_t init, uint64_t start)
{
	const struct monitor_request *request = &m->request;
	m->created = true;
	m->init = init;
	m->init_start = start;
	sources_begin(m);
	if (request->oom_file[0] == '\0')
		return;
	m->oom.fd = request->oom_control[0] == '\0' ? oom_notify(request->oom_file)
		: oom_notify_v1(request->oom_file, request->oom_control);
	m->oom.ready = oom_ready;
	if (m->oom.fd >= 0)
		watch_add(m, &m->oom, EPOLLIN);
}

/* One copy of an answer of the run role; false when there is none. */
static bool take_notice(struct monitor *m)
{
	enum { CREATED = 2, FAILED = 4, HEAD = 5 };
	ssize_t n = m->notice.fd < 0 ? 0 : recv(m->notice.fd, m->buffer, INPUT_SIZE, MSG_DONTWAIT);
	size_t size = n < HEAD ? 0 : (size_t)n - HEAD;
	const char *content = m->buffer + HEAD;
	if (n == 0)
		watch_close(m, &m->notice);
	if (n < HEAD)
		return false;
	if (m->buffer[4] == CREATED && size == sizeof(uint32_t) + sizeof(uint64_t))
		created(m, (pid_t)get32(content), get64(content + sizeof(uint32_t)));
	if (m->buffer[4] == FAILED && m->failure == NULL && size <= FAILURE_MAX && (m->failure = malloc(size)) != NULL) {
		memcpy(m->failure, content, size);
		m->failure_size = size;
	}
	return true;
}

static uint8_t *put_field(uint8_t *at, uint16_t id, const void *value, size_t size)
{
	at = put32(put16(at, id), (uint32_t)size);
	return (uint8_t *)memcpy(at, value, size) + size;
}

size_t exit_record(const struct monitor *m, uint8_t record[EXIT_RECORD_MAX])
{
	const uint32_t init = (uint32_t)m->init;
	uint8_t *at = put32(record + sizeof(uint32_t), MONITOR_VERSION);
	if (m->init_ended)
		at = put_field(at, FIELD_STATUS, &m->init_status, sizeof(int32_t));
	at = put_field(at, FIELD_FINISHED, &m->finished_at, sizeof(int64_t));
	at = put_field(at, FIELD_OOM_KILLS, &m->oom_kills, sizeof(uint64_t));
	at = put_field(at, FIELD_DROPPED, &m->log.dropped, sizeof(uint64_t));
	if (m->failure != NULL)
		at = put_field(at, FIELD_FAILURE, m->failure, m->failure_size);
	if (m->run_status != 0)
		at = put_field(at, FIELD_RUN_STATUS, &m->run_status, sizeof(int32_t));
	if (m->created) {
		at = put_field(at, FIELD_INIT, &init, sizeof init);
		at = put_field(at, FIELD_INIT_START, &m->init_start, sizeof(uint64_t));
	}
	put32(record, (uint32_t)((size_t)(at - record) - sizeof(uint32_t)));
	return (size_t)(at - record);
}

/* On a full disk the loop tries again and the monitor stays: the record is never lost. */
void exit_record_write(struct monitor *m)
{
	uint8_t record[EXIT_RECORD_MAX];
	size_t size = exit_record(m, record);
	owned int fd = openat(m->directory, "exit.new", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	m->recorded = fd >= 0 && write_all(fd, record, size) == 0
		&& renameat(m->directory, "exit.new", m->directory, "exit") == 0;
	if (m->recorded)
		revive(m);
	/* Nobody waits for a record in a directory that was removed. */
	else if (errno == ENOENT)
		m->recorded = true;
}

static void finish(struct monitor *m)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	m->finished_at = now.tv_sec * 1000000000LL + now.tv_nsec;
	m->ended = m->last_output = clock_ms();
	count_oom_kills(m);
	exit_record_write(m);

	uint8_t record[EXIT_RECORD_MAX];
	controls_tell(m, EVENT_EXIT, record, exit_record(m, record));
	sink_drop(m);
	for (int i = 0; i < 2; i++)
		if (m->output[i].hung || m->waiting)
			source_close(m, &m->output[i]);
}

/* Ends init where the run role has died before it could: nobody knows how far the container had come. */
static bool killed_init(struct monitor *m)
{
	siginfo_t info;
	return m->init != 0 && waitid(P_PID, (id_t)m->init, &info, WEXITED | WNOHANG | WNOWAIT) == 0
		&& kill(m->init, SIGKILL) == 0;
}

/* Before init is known it may be any child: one that has ended keeps its number and its status until then. */
static void reap(struct monitor *m)
{
	int status;
	for (pid_t pid; (pid = waitpid(m->created || m->run_ended ? -1 : m->run, &status, WNOHANG)) > 0;) {
		if (pid == m->run) {
			m->run_ended = true;
			m->run_status = status;
			/* What it said last may have come since. */
			while (take_notice(m))
				;
		} else if (pid == m->init) {
			m->init_ended = true;
			m->init_status = status;
		}
	}
}

/* Looks what has ended, after what the run role has said. */
static void look(struct monitor *m)
{
	while (take_notice(m))
		;
	if (m->console.fd >= 0)
		terminal_ready(m, &m->console, 0);
	reap(m);
	if (m->finished_at != 0)
		return;
	bool failed = m->run_ended && (m->failure != NULL || !m->created || WIFSIGNALED(m->run_status));
	if (m->init_ended || (failed && !killed_init(m)))
		finish(m);
}

void notice_ready(struct monitor *m, struct watch *w, uint32_t events)
{
	(void)w, (void)events;
	look(m);
}

void signals_ready(struct monitor *m, struct watch *w, uint32_t events)
{
	struct signalfd_siginfo info;
	(void)events;
	if (read(w->fd, &info, sizeof info) >= 0 || errno == EAGAIN || errno == EINTR)
		look(m);
}
