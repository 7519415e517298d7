/*
 * Clients of the control socket: records in both directions, u32 length of the rest, u16 type, u16 errno, content.
 * Each request gets one answer of the same type, in order; events come between answers.
 */
#include "monitor.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { HEAD_SIZE = 8, REQUEST_SIZE = 64 };

enum control_type {
	CONTROL_STATUS = 1,
	CONTROL_RESIZE,
	CONTROL_REOPEN_LOG,
	CONTROL_CLOSE_STDIN,
	CONTROL_DETACH_ALL,
	CONTROL_STOP_LOG,
	CONTROL_WATCH,
	CONTROL_SIGNAL,
	CONTROL_REVIVE,
};

struct control {
	struct watch watch;
	struct control *next;
	bool watching, dead;
	uint8_t request[REQUEST_SIZE];
	size_t length;
};

/* A client that does not take its answers is not waited for. */
static void send_record(struct control *c, uint16_t type, int error, const void *content, size_t length)
{
	uint8_t head[HEAD_SIZE];
	struct iovec iov[2] = { { head, sizeof head }, { (void *)(uintptr_t)content, length } };
	struct msghdr message = { .msg_iov = iov, .msg_iovlen = 2 };
	put16(put16(put32(head, (uint32_t)(HEAD_SIZE - sizeof(uint32_t) + length)), type), (uint16_t)error);
	if (!c->dead && sendmsg(c->watch.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)(sizeof head + length))
		c->dead = true;
}

void controls_tell(struct monitor *m, uint16_t type, const void *content, size_t length)
{
	for (struct control *c = m->controls; c != NULL; c = c->next)
		if (c->watching)
			send_record(c, type, 0, content, length);
}

static void answer_status(struct monitor *m, struct control *c, uint16_t type)
{
	enum { CREATED = 1, EXITED = 2, DRAINED = 4 };
	owned int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint32_t state = (m->created ? CREATED : 0) | (m->finished_at != 0 ? EXITED : 0) | (m->drained ? DRAINED : 0);
	uint8_t content[64], *at = content;
	at = put32(put32(at, MONITOR_VERSION), state);
	at = put64(put32(at, (uint32_t)getpid()), start_time_of(proc, getpid()));
	at = put64(put32(at, (uint32_t)m->init), m->init_start);
	at = put64(put64(at, m->oom_kills), m->log.dropped);
	at = put32(at, (uint32_t)clients_count(m));
	send_record(c, type, 0, content, (size_t)(at - content));
}

/*
 * Init is a child that nobody else reaps: its pid is its own until the monitor has seen it end. It leads a process group
 * unless it has left it.
 */
static int signal_init(const struct monitor *m, uint32_t number, bool group)
{
	if (m->init == 0 || m->finished_at != 0) {
		errno = ESRCH;
		return -1;
	}
	return group && kill(-m->init, (int)number) == 0 ? 0 : kill(m->init, (int)number);
}

/* Carries out a request whose answer has no content; -1 and errno on failure. */
static int obey(struct monitor *m, struct control *c, uint16_t type, const uint32_t value[2])
{
	switch (type) {
	case CONTROL_RESIZE:
		return terminal_resize(m, value[0], value[1]);
	case CONTROL_REOPEN_LOG:
		return m->log.settings->format == LOG_NONE ? 0 : log_open(&m->log);
	case CONTROL_CLOSE_STDIN:
		sink_end(m);
		return 0;
	case CONTROL_DETACH_ALL:
		clients_finish(m);
		return 0;
	case CONTROL_STOP_LOG:
		m->log.stopped = value[0] != 0;
		return 0;
	case CONTROL_WATCH:
		c->watching = true;
		return 0;
	case CONTROL_SIGNAL:
		return signal_init(m, value[0], value[1] != 0);
	case CONTROL_REVIVE:
		m->revives = value[0] != 0;
		return 0;
	default:
		errno = ENOSYS;
		return -1;
	}
}

/* Events that came before the client asked for them. */
static void tell_past(struct monitor *m, struct control *c)
{
	uint8_t record[EXIT_RECORD_MAX];
	if (m->oom_kills > 0)
		send_record(c, EVENT_OOM, 0, &m->oom_kills, sizeof m->oom_kills);
	if (m->finished_at != 0)
		send_record(c, EVENT_EXIT, 0, record, exit_record(m, record));
	if (m->drained)
		send_record(c, EVENT_DRAINED, 0, NULL, 0);
}

static void serve(struct monitor *m, struct control *c, size_t length)
{
	uint16_t type = get16(c->request + sizeof(uint32_t));
	uint32_t value[2] = { 0 };
	/* Values that an older client does not send are 0. */
	memcpy(value, c->request + HEAD_SIZE, length < sizeof value ? length : sizeof value);
	if (type == CONTROL_STATUS)
		answer_status(m, c, type);
	else
		send_record(c, type, obey(m, c, type, value) < 0 ? errno : 0, NULL, 0);
	if (type == CONTROL_WATCH)
		tell_past(m, c);
}

static void client_ready(struct monitor *m, struct watch *w, uint32_t events)
{
	struct control *c = (struct control *)w;
	ssize_t n = read(w->fd, c->request + c->length, REQUEST_SIZE - c->length);
	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		c->dead = true;
		return;
	}
	c->length += (size_t)n;
	while (!c->dead && c->length >= HEAD_SIZE) {
		size_t whole = sizeof(uint32_t) + (size_t)get32(c->request);
		if (whole < HEAD_SIZE || whole > REQUEST_SIZE) {
			c->dead = true;
			return;
		}
		if (c->length < whole)
			return;
		serve(m, c, whole - HEAD_SIZE);
		c->length -= whole;
		memmove(c->request, c->request + whole, c->length);
	}
}

void control_ready(struct monitor *m, struct watch *w, uint32_t events)
{
	int fd = watch_accept(m, w), count = 0;
	(void)events;
	for (const struct control *c = m->controls; c != NULL; c = c->next)
		count++;
	struct control *c = fd < 0 || count >= CONNECTIONS_MAX ? NULL : calloc(1, sizeof *c);
	if (c == NULL) {
		close_owned(&fd);
		return;
	}
	c->watch = (struct watch){ .fd = fd, .ready = client_ready };
	c->next = m->controls;
	m->controls = c;
	watch_add(m, &c->watch, EPOLLIN);
}

void controls_sweep(struct monitor *m)
{
	for (struct control **at = &m->controls; *at != NULL;) {
		struct control *c = *at;
		if (!c->dead) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		watch_close(m, &c->watch);
		free(c);
	}
}
