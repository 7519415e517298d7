/* The container's standard streams: output to log and clients, input from clients, the terminal. */
#include "monitor.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <termios.h>

static void source_ready(struct monitor *m, struct watch *w, uint32_t events)
{
	struct source *s = (struct source *)w;
	ssize_t n = read(w->fd, m->buffer, INPUT_SIZE);
	(void)events;
	if (n > 0) {
		if (s->hung) {
			s->hung = false;
			watch_change(m, w, EPOLLIN);
		}
		m->last_output = clock_ms();
		log_output(&m->log, &s->line, m->buffer, (size_t)n);
		clients_send(m, s == &m->output[0] ? 1 : 2, m->buffer, (size_t)n);
	} else if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	} else if (n < 0 && errno == EIO && m->finished_at == 0) {
		/* tty_ioctl(4): every slave is closed, but a living container may open its terminal again. */
		if (!s->hung)
			watch_change(m, w, EPOLLIN | EPOLLET);
		s->hung = true;
	} else {
		source_close(m, s);
	}
}

void source_open(struct monitor *m, struct source *s, int fd)
{
	s->watch.fd = fd;
	s->watch.ready = source_ready;
	s->watch.events = EPOLLIN;
	if (!m->held && !m->waiting)
		watch_add(m, &s->watch, EPOLLIN);
}

void source_close(struct monitor *m, struct source *s)
{
	if (s->watch.fd < 0)
		return;
	log_end(&m->log, &s->line);
	watch_close(m, &s->watch);
}

/* Removing them is the only way: a closed pipe reports its end whatever events were asked for. */
void sources_hold(struct monitor *m, bool held)
{
	if (m->held == held)
		return;
	m->held = held;
	/* Draining goes on where it was held up. */
	if (!held && m->finished_at != 0)
		m->ended = m->last_output = clock_ms();
	for (int i = 0; i < 2; i++) {
		struct watch *w = &m->output[i].watch;
		if (held)
			watch_remove(m, w);
		else if (w->fd >= 0 && !m->waiting)
			watch_add(m, w, w->events);
	}
}

void sources_begin(struct monitor *m)
{
	if (!m->waiting)
		return;
	m->waiting = false;
	for (int i = 0; i < 2 && !m->held; i++)
		if (m->output[i].watch.fd >= 0)
			watch_add(m, &m->output[i].watch, m->output[i].watch.events);
}

/* Writes what it can; returns how much, or -1 when nobody reads any more. */
static ssize_t write_some(int fd, const char *data, size_t length)
{
	ssize_t n = length == 0 ? 0 : write(fd, data, length);
	return n >= 0 ? n : errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static void sink_ready(struct monitor *m, struct watch *w, uint32_t events)
{
	struct sink *sink = &m->input;
	ssize_t n = write_some(w->fd, sink->pending + sink->begin, sink->end - sink->begin);
	(void)events;
	if (n < 0) {
		sink_drop(m);
		return;
	}
	sink->begin += (size_t)n;
	if (sink->begin < sink->end)
		return;
	free(sink->pending);
	sink->pending = NULL;
	sink->begin = sink->end = 0;
	watch_remove(m, w);
	if (sink->close_when_written)
		sink_drop(m);
	clients_update(m);
}

/* The caller does not come with more while something is pending: see clients_update. */
void sink_write(struct monitor *m, const char *data, size_t length)
{
	struct sink *sink = &m->input;
	if (sink->watch.fd < 0 || sink->close_when_written)
		return;
	ssize_t n = write_some(sink->watch.fd, data, length);
	if (n == (ssize_t)length)
		return;
	sink->pending = n < 0 ? NULL : malloc(length - (size_t)n);
	if (sink->pending == NULL) {
		sink_drop(m);
		return;
	}
	sink->end = length - (size_t)n;
	memcpy(sink->pending, data + n, sink->end);
	sink->watch.ready = sink_ready;
	watch_add(m, &sink->watch, EPOLLOUT);
	clients_update(m);
}

void sink_drop(struct monitor *m)
{
	struct sink *sink = &m->input;
	free(sink->pending);
	sink->pending = NULL;
	sink->begin = sink->end = 0;
	watch_close(m, &sink->watch);
	clients_update(m);
}

void sink_end(struct monitor *m)
{
	if (m->request.flags & REQUEST_TERMINAL)
		return;
	if (m->input.pending != NULL)
		m->input.close_when_written = true;
	else
		sink_drop(m);
}

int terminal_resize(struct monitor *m, uint32_t rows, uint32_t columns)
{
	struct winsize size = { .ws_row = (uint16_t)rows, .ws_col = (uint16_t)columns };
	if (rows > UINT16_MAX || columns > UINT16_MAX) {
		errno = EINVAL;
		return -1;
	}
	m->rows = rows;
	m->columns = columns;
	if (m->output[0].watch.fd < 0 || rows == 0 || columns == 0)
		return 0;
	return ioctl(m->output[0].watch.fd, TIOCSWINSZ, &size);
}

void terminal_ready(struct monitor *m, struct watch *w, uint32_t events)
{
	int master = receive_fd(w->fd, NULL, 0);
	(void)events;
	if (master < 0 && errno == EAGAIN)
		return;
	watch_close(m, w);
	if (master < 0)
		return;
	/* The slave is another file description: the container does not notice O_NONBLOCK. */
	fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
	if (m->request.flags & REQUEST_OPEN_STDIN)
		m->input.watch.fd = fcntl(master, F_DUPFD_CLOEXEC, 0);
	source_open(m, &m->output[0], master);
	terminal_resize(m, m->rows, m->columns);
}
