/*
 * Load for the bench's rows about networks: servers that run in containers, and the clients that time them.
 *
 *   load serve PORT                           answers requests, any number on a connection
 *   load sink PORT                            reads connections to their end and confirms each with one byte
 *   load ask ADDRESS PORT COUNT keep|close    COUNT requests by 16 clients at once, on one connection each or on a new
 *                                             one per request
 *   load send ADDRESS PORT MIB                sends so much on one connection, until it is confirmed
 *
 * The clients print how long it took, in milliseconds. Runs as any user, in one thread; what fails ends it with exit code 1.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS = 16, EVENTS = 64, BLOCK = 256 * 1024, MIB = 1024 * 1024 };

static const char request[] = "GET / HTTP/1.1\r\nHost: load\r\n\r\n";
static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

static char block[BLOCK];

static void check(long result, const char *call) {
	if (result >= 0) return;
	fprintf(stderr, "load: %s: %s\n", call, strerror(errno));
	exit(1);
}

static struct sockaddr_in address_of(const char *address, const char *port) {
	struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
	if (inet_pton(AF_INET, address, &place.sin_addr) == 1) return place;
	fprintf(stderr, "load: %s is no IPv4 address\n", address);
	exit(1);
}

/* Answers and requests are small: none of them waits for another one's acknowledgement. */
static void send_at_once(int fd) {
	int on = 1;
	check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), "TCP_NODELAY");
}

static int listen_on(const char *port) {
	struct sockaddr_in place = address_of("0.0.0.0", port);
	int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	check(fd, "socket");
	check(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), "SO_REUSEADDR");
	check(bind(fd, (struct sockaddr *)&place, sizeof(place)), "bind");
	check(listen(fd, 1024), "listen");
	return fd;
}

static int connect_to(const struct sockaddr_in *place) {
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	check(fd, "socket");
	check(connect(fd, (const struct sockaddr *)place, sizeof(*place)), "connect");
	send_at_once(fd);
	return fd;
}

static void watch(int poll, int fd) {
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
	check(epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

/* A client sends its next request when it has the answer: one read has one request. */
static void answer_one(int fd) {
	ssize_t got = read(fd, block, sizeof(block));
	if (got > 0 && write(fd, answer, sizeof(answer) - 1) == (ssize_t)sizeof(answer) - 1) return;
	close(fd);
}

static void serve(const char *port) {
	struct epoll_event events[EVENTS];
	int listener = listen_on(port);
	int poll = epoll_create1(EPOLL_CLOEXEC);
	check(poll, "epoll_create1");
	watch(poll, listener);
	for (;;) {
		int count = epoll_wait(poll, events, EVENTS, -1);
		check(count < 0 && errno == EINTR ? 0 : count, "epoll_wait");
		for (int i = 0; i < count; i++) {
			if (events[i].data.fd != listener) {
				answer_one(events[i].data.fd);
				continue;
			}
			int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
			if (fd < 0) continue;
			send_at_once(fd);
			watch(poll, fd);
		}
	}
}

static void sink(const char *port) {
	int listener = listen_on(port);
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		check(fd, "accept");
		while (read(fd, block, sizeof(block)) > 0) {
		}
		check(write(fd, "", 1), "write");
		close(fd);
	}
}

static double now(void) {
	struct timespec time;
	check(clock_gettime(CLOCK_MONOTONIC, &time), "clock_gettime");
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void ask_one(int fd) {
	check(write(fd, request, sizeof(request) - 1), "write");
}

/* An answer is shorter than any segment: it comes in one piece. */
static void expect_answer(int fd) {
	ssize_t got = read(fd, block, sizeof(block));
	check(got, "read");
	if (got == (ssize_t)sizeof(answer) - 1) return;
	fprintf(stderr, "load: %zd bytes came for an answer of %zu\n", got, sizeof(answer) - 1);
	exit(1);
}

static int begin(int poll, const struct sockaddr_in *place) {
	int fd = connect_to(place);
	watch(poll, fd);
	ask_one(fd);
	return fd;
}

static void ask(const struct sockaddr_in *place, long count, int keep) {
	struct epoll_event events[EVENTS];
	int poll = epoll_create1(EPOLL_CLOEXEC);
	check(poll, "epoll_create1");
	long asked = 0;
	for (; asked < CLIENTS && asked < count; asked++) begin(poll, place);
	for (long done = 0; done < count;) {
		int ready = epoll_wait(poll, events, EVENTS, -1);
		check(ready < 0 && errno == EINTR ? 0 : ready, "epoll_wait");
		for (int i = 0; i < ready; i++, done++) {
			int fd = events[i].data.fd;
			expect_answer(fd);
			if (!keep) close(fd);
			if (asked++ >= count) continue;
			if (keep) ask_one(fd);
			else begin(poll, place);
		}
	}
}

static void send_all(const struct sockaddr_in *place, long mib) {
	int fd = connect_to(place);
	for (long left = mib * MIB; left > 0;) {
		ssize_t sent = write(fd, block, left < BLOCK ? (size_t)left : BLOCK);
		check(sent, "write");
		left -= sent;
	}
	check(shutdown(fd, SHUT_WR), "shutdown");
	if (read(fd, block, 1) == 1) return;
	fprintf(stderr, "load: what was sent is not confirmed\n");
	exit(1);
}

int main(int count, char **words) {
	signal(SIGPIPE, SIG_IGN);
	const char *role = count > 2 ? words[1] : "";
	if (strcmp(role, "serve") == 0) serve(words[2]);
	if (strcmp(role, "sink") == 0) sink(words[2]);
	if (count < 5) {
		fprintf(stderr, "load: serve, sink, ask or send\n");
		return 2;
	}
	struct sockaddr_in place = address_of(words[2], words[3]);
	double started = now();
	if (strcmp(role, "send") == 0) send_all(&place, atol(words[4]));
	else ask(&place, atol(words[4]), count > 5 && strcmp(words[5], "keep") == 0);
	printf("%.3f\n", now() - started);
	return 0;
}
