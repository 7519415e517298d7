#include "listener.h"

#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include "program.h"

enum { STACK = 32 * 1024, FIRST_PART = 512, NOT_YET = -2, PAUSE_NS = 50000 };

/* What the courier and the process that loads the filter share: all memory. */
struct errand {
	int connection;
	const char *text;
	volatile int listener; /* NOT_YET, -1: the filter was refused, else its descriptor */
	volatile int error;    /* why it was not sent */
	volatile pid_t courier; /* the kernel makes it 0 when the courier has ended */
};

/* The descriptor goes with the first part only; that much a new connection takes at once. */
static int send_all(const struct errand *errand)
{
	char first[FIRST_PART + 1];
	snprintf(first, sizeof first, "%s", errand->text);
	if (send_fd(errand->connection, first, errand->listener) < 0)
		return -1;
	size_t sent = strlen(first);
	return write_all(errand->connection, errand->text + sent, strlen(errand->text) - sent);
}

/*
 * Runs as: a child that shares memory and descriptors with init, but not its filter: after the load, any call of init
 * may wait for the agent, also those that send something. Must not: outlive the errand.
 */
static int courier_main(void *argument)
{
	struct errand *errand = argument;
	const struct timespec moment = { .tv_nsec = PAUSE_NS };
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (errand->listener == NOT_YET)
		nanosleep(&moment, NULL);
	if (errand->listener >= 0) {
		errand->error = send_all(errand) < 0 ? errno : 0;
		close(errand->listener);
	}
	close(errand->connection);
	return 0;
}

/* The number of this process for whoever made the container, not the one that it has inside. */
static pid_t outer_pid(const struct run *run)
{
	char link[32];
	ssize_t size = readlinkat(run->proc, "self", link, sizeof link - 1);
	link[size < 0 ? 0 : size] = '\0';
	return (pid_t)strtol(link, NULL, 10);
}

int listener_load(struct run *run, const struct op_seccomp *op, const void *program)
{
	static char stack[STACK] __attribute__((aligned(16)));
	/* Nobody waits for the courier: that would be a call under the filter. */
	const struct sigaction unattended = { .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT };
	owned_memory char *text = expand_for(run, outer_pid(run), op->state);
	struct errand errand = { slot_fd(run, op->listener), text, NOT_YET, EPIPE, 1 };
	if (!text || errand.connection < 0 || sigaction(SIGCHLD, &unattended, NULL) < 0)
		return fail(run, errno, "seccomp", NULL);
	int flags = CLONE_VM | CLONE_FILES | CLONE_CHILD_CLEARTID | SIGCHLD;
	if (clone(courier_main, stack + sizeof stack, flags, &errand, NULL, NULL, &errand.courier) < 0)
		return fail(run, errno, "clone", NULL);
	int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, op->flags, program), error = errno;
	errand.listener = listener < 0 ? -1 : listener;
	/* Without a call, until the courier has ended, however it did. */
	while (errand.courier != 0)
		__asm__ volatile("" ::: "memory");
	run->slot[op->listener] = -1;
	if (listener < 0)
		return fail(run, error, "seccomp", NULL);
	return errand.error ? fail(run, errand.error, "sendmsg", NULL) : 0;
}
