/* What every role of the helper uses: descriptors, bytes, process title. Nothing here prints. */
#ifndef TUG_BASE_H
#define TUG_BASE_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include "kernel.h"

/* `owned int fd = open(...)`: closed when the scope is left, errno kept. */
#define owned __attribute__((cleanup(close_owned)))
/* `owned_memory char *text = malloc(...)` */
#define owned_memory __attribute__((cleanup(free_owned)))

void close_owned(int *fd);
void free_owned(void *pointer);

/* Hands a descriptor out of its scope: the variable becomes -1. */
static inline int take(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

/* The call again as long as a signal interrupts it. */
#define RETRY(call) ({ \
	__typeof__(call) result_; \
	do \
		result_ = (call); \
	while (result_ == -1 && errno == EINTR); \
	result_; \
})

/* All of it, or -1. A socket whose other end is gone is EPIPE, never a signal. */
int write_all(int fd, const void *data, size_t size);
/* As many bytes as there are up to `size`, fewer at the end of the file; -1 on failure. */
ssize_t read_all(int fd, void *data, size_t size);
/* A small file below a directory as a string without its last newline; -1 on failure. */
ssize_t read_file(int dir, const char *path, char *text, size_t size);
/* One write of a whole string into an existing file below a directory. */
int write_file(int dir, const char *path, const char *text);
/* Sends one byte string with a descriptor over a unix socket. */
int send_fd(int socket, const char *text, int fd);
/* Receives a descriptor (close-on-exec), with up to `size` - 1 bytes of text if that is wanted; -1 on failure. */
int receive_fd(int socket, char *text, size_t size);

/* Milliseconds of the monotonic clock. */
int64_t clock_ms(void);

/* Field 22 of /proc/PID/stat, 0 when there is no such process. `proc` is a directory descriptor of a procfs. */
uint64_t start_time_of(int proc, pid_t pid);

/*
 * Main calls it once before anything else: remembers where the arguments are and which descriptors the caller left
 * open, and puts the null device where 0, 1 or 2 is missing, so that nothing else ever gets such a number.
 */
void process_init(char **argv);
/* How many descriptors from 3 on the caller had left open without a gap. */
unsigned inherited_descriptors(void);
/* Sets the process title that ps shows, and the short one: `title_set("tug:[init]", "web")`. `id` may be NULL. */
void title_set(const char *role, const char *id);

/* Every signal to its default, none blocked; signals from SIGRTMIN on too. */
void signals_default(void);
/* Every signal that is worth passing on: all but those that a process causes by a fault of its own. */
void signals_to_forward(sigset_t *set);

/* Little-endian values at unaligned places. */
static inline uint16_t get16(const void *at)
{
	uint16_t value;
	memcpy(&value, at, sizeof value);
	return value;
}

static inline uint32_t get32(const void *at)
{
	uint32_t value;
	memcpy(&value, at, sizeof value);
	return value;
}

static inline uint64_t get64(const void *at)
{
	uint64_t value;
	memcpy(&value, at, sizeof value);
	return value;
}

/* Store a value and return the place after it. */
static inline uint8_t *put8(uint8_t *at, uint8_t value)
{
	*at = value;
	return at + 1;
}

static inline uint8_t *put16(uint8_t *at, uint16_t value)
{
	return (uint8_t *)memcpy(at, &value, sizeof value) + sizeof value;
}

static inline uint8_t *put32(uint8_t *at, uint32_t value)
{
	return (uint8_t *)memcpy(at, &value, sizeof value) + sizeof value;
}

static inline uint8_t *put64(uint8_t *at, uint64_t value)
{
	return (uint8_t *)memcpy(at, &value, sizeof value) + sizeof value;
}

/* A number in decimal and a NUL, at most 21 bytes; returns the place of the NUL. */
char *put_decimal(char *at, uint64_t value);

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "plans travel little-endian");

/*
 * Makes this process run from a file that nobody can write through /proc/PID/exe (CVE-2019-5736): executes itself
 * once more, with these arguments and this environment, from a detached read-only clone of the mount of its own file,
 * or from a sealed memfd where mounts may not be cloned. Returns 0 at once if it already does, -1 on failure.
 */
int seal(char *const argv[], char *const env[]);

/* Who hears of a plan besides the caller. */
struct plan_execution {
	int observer;    /* -1, or a socket that keeps records apart: it gets a copy of "created" and "failed", one record each */
	uint32_t number; /* 0, or answers go with this number into messages of docs/front-protocol.md */
	int *status;     /* NULL, or gets the wait status of init; 0 where the plan did not wait for its end */
};

enum { PLAN_EXECUTED, PLAN_FAILED, NO_PLAN };

/*
 * Executes one plan that arrives on a socket, as docs/plan-wire.md says, in this process. The process is sealed,
 * has one thread, and every descriptor above 2 is close-on-exec afterwards.
 * Returns PLAN_EXECUTED, PLAN_FAILED when the caller was told why, or NO_PLAN when there was none.
 */
int run_plan(int fd, const struct plan_execution *execution);

/*
 * witness.c: says how processes have ended, to whom is at the other end of descriptor 3. For a process that was forked
 * for it, is sealed, and has nothing else open but the null device as 0 to 2.
 */
_Noreturn void witness_serve(void);

/* shortcut.c: keeps programs that lead connections to containers, for whom is at the other end of descriptor 3. Likewise. */
_Noreturn void shortcut_serve(void);

/* network_ahead.c: keeps a network namespace for whom is at the other end of descriptor 3. Likewise. */
_Noreturn void network_ahead_serve(void);

/* Roles: argv[0] is the name of the program, argv[1] that of the role (front: whatever the user typed). */
int run_main(int argc, char **argv);
int front_main(int argc, char **argv);
int front_sealed_main(int argc, char **argv);
int launch_main(int argc, char **argv);
int monitor_main(int argc, char **argv);
int spawner_main(int argc, char **argv);
int notify_main(int argc, char **argv);

#endif
