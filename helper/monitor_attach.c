/*
 * Clients of the attach socket. The container never waits for one that takes nothing: what does not fit into the
 * socket is queued; when a queue is full the container's output is not read any more, for as long as the client takes
 * something at least every `patience` milliseconds; then the client is dropped. Patience 0 drops it at once.
 */
#include "monitor.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CLIENT_STDIN = 1, CLIENT_STDOUT = 2, CLIENT_STDERR = 4, CLIENT_CLOSES_STDIN = 8 };

enum { ANSWER_TERMINAL = 1 };

/* What a client sends first; the answer has the same begin and is 8 bytes long. */
struct hello {
	char magic[4];
	uint16_t version, flags;
	uint32_t patience, reserved;
};

struct client {
	struct watch watch;
	struct client *next;
	struct hello hello;
	size_t hello_length;
	bool input_ended, closing, dead;
	int64_t progress; /* clock_ms() when it last took something */
	char *queue;      /* a ring of QUEUE_SIZE, mapped while it is needed */
	uint64_t head, tail;
};

static bool attached(const struct client *c)
{
	return c->hello_length == sizeof c->hello;
}

static bool wants(const struct client *c, uint16_t flag)
{
	return attached(c) && !c->dead && !c->closing && (c->hello.flags & flag);
}

/* Whether the container has to wait for the client; released at half the limit, so that it does not flutter. */
static bool behind(const struct monitor *m, const struct client *c)
{
	return !c->dead && c->hello.patience > 0 && c->tail - c->head >= (m->held ? QUEUE_LIMIT / 2 : QUEUE_LIMIT);
}

static void update(struct monitor *m, struct client *c)
{
	bool paused = (c->hello.flags & CLIENT_STDIN) && m->input.pending != NULL;
	if (c->dead)
		return;
	watch_change(m, &c->watch, (c->input_ended || paused ? 0 : EPOLLIN) | (c->head < c->tail ? EPOLLOUT : 0));
}

void clients_update(struct monitor *m)
{
	bool hold = false;
	for (struct client *c = m->clients; c != NULL; c = c->next) {
		update(m, c);
		hold = hold || behind(m, c);
	}
	sources_hold(m, hold);
}

static void enqueue(struct client *c, const char *data, size_t length)
{
	size_t at = c->tail % QUEUE_SIZE, first = length < QUEUE_SIZE - at ? length : QUEUE_SIZE - at;
	memcpy(c->queue + at, data, first);
	memcpy(c->queue, data + first, length - first);
	c->tail += length;
}

/* Sends without waiting; returns how much went, and marks a client that is gone. */
static size_t send_some(struct client *c, struct iovec *iov, size_t count)
{
	struct msghdr message = { .msg_iov = iov, .msg_iovlen = count };
	ssize_t n = sendmsg(c->watch.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0)
		c->progress = clock_ms();
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		c->dead = true;
	return n > 0 ? (size_t)n : 0;
}

static void client_send(struct client *c, struct iovec iov[2])
{
	size_t total = iov[0].iov_len + iov[1].iov_len;
	size_t sent = c->head == c->tail ? send_some(c, iov, 2) : 0;
	size_t waiting = c->tail - c->head;
	if (sent == total || c->dead)
		return;
	if (c->queue == NULL) {
		c->queue = mmap(NULL, QUEUE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (c->queue == MAP_FAILED)
			c->queue = NULL;
	}
	if (waiting == 0)
		c->progress = clock_ms();
	if (c->queue == NULL || waiting + total > QUEUE_SIZE || (c->hello.patience == 0 && waiting + total > QUEUE_LIMIT)) {
		c->dead = true;
		return;
	}
	for (int i = 0; i < 2; i++) {
		size_t skip = sent < iov[i].iov_len ? sent : iov[i].iov_len;
		enqueue(c, (char *)iov[i].iov_base + skip, iov[i].iov_len - skip);
		sent -= skip;
	}
}

/* Source of the frame: https://docs.docker.com/reference/api/engine/version/v1.47/#tag/Container/operation/ContainerAttach */
void clients_send(struct monitor *m, uint8_t stream, const char *data, size_t length)
{
	uint16_t flag = stream == 1 ? CLIENT_STDOUT : CLIENT_STDERR;
	uint8_t head[8] = { stream, 0, 0, 0, (uint8_t)(length >> 24), (uint8_t)(length >> 16), (uint8_t)(length >> 8),
		(uint8_t)length };
	bool raw = m->request.flags & REQUEST_TERMINAL;
	for (struct client *c = m->clients; c != NULL; c = c->next) {
		struct iovec iov[2] = { { head, raw ? 0 : sizeof head }, { (void *)(uintptr_t)data, length } };
		if (wants(c, raw ? CLIENT_STDOUT | CLIENT_STDERR : flag))
			client_send(c, iov);
	}
	clients_update(m);
}

static void flush(struct client *c)
{
	size_t at = c->head % QUEUE_SIZE, length = c->tail - c->head;
	size_t first = length < QUEUE_SIZE - at ? length : QUEUE_SIZE - at;
	struct iovec iov[2] = { { c->queue + at, first }, { c->queue, length - first } };
	c->head += send_some(c, iov, 2);
	if (c->head == c->tail)
		c->head = c->tail = 0; /* so that little of the ring is ever touched */
}

/* The answer tells the client that from now on it misses nothing: a container may be started when it has come. */
static void greet(struct monitor *m, struct client *c)
{
	struct hello answer = { .magic = "tugA", .version = MONITOR_VERSION };
	if (memcmp(c->hello.magic, answer.magic, sizeof answer.magic) != 0 || c->hello.version != MONITOR_VERSION) {
		c->dead = true;
		return;
	}
	answer.flags = m->request.flags & REQUEST_TERMINAL ? ANSWER_TERMINAL : 0;
	c->dead = send(c->watch.fd, &answer, 8, MSG_DONTWAIT | MSG_NOSIGNAL) != 8;
}

/* End of a client's input: only the container's input is concerned, output goes on. */
static void end_input(struct monitor *m, struct client *c)
{
	bool closes = (m->request.flags & REQUEST_STDIN_ONCE) || (c->hello.flags & CLIENT_CLOSES_STDIN);
	if (attached(c) && !c->input_ended && (c->hello.flags & CLIENT_STDIN) && closes)
		sink_end(m);
	c->input_ended = true;
}

static void client_input(struct monitor *m, struct client *c)
{
	bool opening = !attached(c);
	char *to = opening ? (char *)&c->hello + c->hello_length : m->buffer;
	ssize_t n = read(c->watch.fd, to, opening ? sizeof c->hello - c->hello_length : INPUT_SIZE);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		end_input(m, c);
		c->dead = n < 0 || opening;
	} else if (opening) {
		c->hello_length += (size_t)n;
		if (attached(c))
			greet(m, c);
	} else if (wants(c, CLIENT_STDIN)) {
		sink_write(m, m->buffer, (size_t)n);
	}
}

static void client_ready(struct monitor *m, struct watch *w, uint32_t events)
{
	struct client *c = (struct client *)w;
	if (events & EPOLLOUT)
		flush(c);
	if (events & EPOLLIN)
		client_input(m, c);
	else if (events & (EPOLLHUP | EPOLLERR))
		c->dead = true;
	clients_update(m);
}

void attach_ready(struct monitor *m, struct watch *w, uint32_t events)
{
	int fd = watch_accept(m, w);
	bool refused = m->drained || clients_count(m) >= CONNECTIONS_MAX;
	struct client *c = fd < 0 || refused ? NULL : calloc(1, sizeof *c);
	(void)events;
	if (c == NULL) {
		close_owned(&fd);
		return;
	}
	c->watch = (struct watch){ .fd = fd, .ready = client_ready };
	c->next = m->clients;
	m->clients = c;
	watch_add(m, &c->watch, EPOLLIN);
}

/* Lets every client have what is queued for it, and then go. */
void clients_finish(struct monitor *m)
{
	for (struct client *c = m->clients; c != NULL; c = c->next) {
		if (!c->closing)
			c->progress = clock_ms();
		c->closing = true;
		c->input_ended = true;
	}
	clients_update(m);
}

static int64_t deadline(const struct monitor *m, const struct client *c)
{
	int64_t patience = c->hello.patience;
	if (patience == UINT32_MAX || !(c->closing || (m->held && behind(m, c))))
		return NEVER;
	return c->progress + (c->closing && patience < LEAST_PATIENCE_MS ? LEAST_PATIENCE_MS : patience);
}

int64_t clients_deadline(const struct monitor *m)
{
	int64_t first = NEVER;
	for (const struct client *c = m->clients; c != NULL; c = c->next) {
		int64_t at = deadline(m, c);
		if (at != NEVER && (first == NEVER || at < first))
			first = at;
	}
	return first;
}

void clients_sweep(struct monitor *m)
{
	bool removed = false;
	for (struct client **at = &m->clients; *at != NULL;) {
		struct client *c = *at;
		int64_t limit = deadline(m, c);
		if (!c->dead && !(c->closing && c->head == c->tail) && (limit == NEVER || clock_ms() < limit)) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		end_input(m, c);
		watch_close(m, &c->watch);
		if (c->queue != NULL)
			munmap(c->queue, QUEUE_SIZE);
		free(c);
		removed = true;
	}
	if (removed)
		clients_update(m);
}

void clients_give_back(struct monitor *m)
{
	for (struct client *c = m->clients; c != NULL; c = c->next)
		if (c->queue != NULL && c->head == c->tail) {
			munmap(c->queue, QUEUE_SIZE);
			c->queue = NULL;
		}
}

int clients_count(const struct monitor *m)
{
	int count = 0;
	for (const struct client *c = m->clients; c != NULL; c = c->next)
		count++;
	return count;
}
