/* From the host process to init: the stage list, the clone, and the socket pair between the two. */
#include "run.h"

#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { CREATED = 65535, DEATH_PATIENCE_MS = 1000 };

int sync_send(int socket, enum sync_kind kind, const void *content, size_t size)
{
	uint8_t message[sizeof((struct run *)0)->foreign + 1] = { (uint8_t)kind };
	if (size > 0)
		memcpy(message + 1, content, size);
	return RETRY(write(socket, message, size + 1)) < 0 ? -1 : 0;
}

/* The next message: its kind, 0 at the end, -1 on failure. Its content is in run->foreign. */
static int sync_receive(struct run *run, int socket, int flags, size_t *size)
{
	uint8_t kind;
	struct iovec parts[] = { { &kind, 1 }, { run->foreign, sizeof run->foreign } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t got = RETRY(recvmsg(socket, &message, flags));
	if (got <= 0)
		return (int)got;
	*size = (size_t)got - 1;
	return kind;
}

/* A failure of stage or init is passed on as it came. */
static int pass_on(struct run *run, size_t size)
{
	fail(run, 0, "", NULL);
	run->foreign_size = size;
	return -1;
}

/* The sync pair was closed without a word: tells a dead init from one that has merely gone on. */
static int init_gone(struct run *run, const char *call)
{
	struct pollfd dead = { run->init_fd, POLLIN, 0 };
	int status;
	if (RETRY(poll(&dead, 1, DEATH_PATIENCE_MS)) != 1 || RETRY(waitpid(run->init, &status, 0)) < 0)
		return fail(run, EPIPE, call, NULL);
	run->init = 0;
	return fail_status(run, status, call, NULL);
}

void abandon_init(struct run *run)
{
	if (run->init <= 0)
		return;
	kill(run->init, SIGKILL);
	RETRY(waitpid(run->init, NULL, 0));
	run->init = 0;
}

int verb_await(struct run *run, const struct op_await *op)
{
	size_t size;
	int kind = run->sync < 0 ? 0 : sync_receive(run, run->sync, 0, &size);
	if (kind == 0 && run->list == LIST_INIT)
		_exit(1); /* The host process has died; nobody is left to tell. */
	if (kind == 0 && run->init > 0)
		return init_gone(run, "await");
	if (kind == SYNC_FAILED)
		return pass_on(run, size);
	if (kind == SYNC_BARRIER && size == 4 && get32(run->foreign) == op->barrier)
		return 0;
	return fail(run, kind < 0 ? errno : EPROTO, "await", NULL);
}

int verb_release(struct run *run, const struct op_release *op)
{
	if (sync_send(run->sync, SYNC_BARRIER, &op->barrier, sizeof op->barrier) < 0)
		return fail(run, errno, "release", NULL);
	return 0;
}

int verb_await_exec(struct run *run, const struct op_await_exec *op)
{
	(void)op;
	size_t size;
	for (bool at_exec = false;;) {
		int kind = run->sync < 0 ? 0 : sync_receive(run, run->sync, 0, &size);
		if (kind == SYNC_FAILED)
			return pass_on(run, size);
		if (kind == 0)
			return at_exec ? 0 : init_gone(run, "awaitExec");
		if (kind != SYNC_EXEC)
			return fail(run, kind < 0 ? errno : EPROTO, "awaitExec", NULL);
		at_exec = true;
	}
}

int verb_await_start(struct run *run, const struct op_await_start *op)
{
	char byte;
	int start = slot_fd(run, op->start), status = slot_fd(run, op->status);
	if (start < 0 || status < 0)
		return fail(run, errno, "awaitStart", NULL);
	struct op_release created = { CREATED };
	if (verb_release(run, &created) < 0)
		return -1;
	close_owned(&run->sync);
	run->sync = -1;
	run->status = status;
	run->slot[op->status] = -1;
	/* The FIFO is open for writing here too, so there is no end of file to mistake for the start. */
	if (RETRY(read(start, &byte, 1)) != 1)
		return fail(run, errno, "read", "start");
	return 0;
}

/*
 * In a user namespace that was joined, the caller's ids mean nobody. Unmapped root is left to idSwitch, and so are the
 * groups of a caller who is not root: they may be what lets him reach the sources of his mounts.
 */
static void become_root_of_namespace(const struct run *run)
{
	if (!run->ordinary)
		setgroups(0, NULL);
	if (setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0)
		prctl(PR_SET_DUMPABLE, 0);
}

/*
 * Runs as: root of the container's user namespace, else the caller. Namespaces: those that stage entered and the
 * clone made. Open fds: 0 to 2, the sync pair, the procfs, slots that the init list reads. Must not: return, print,
 * be dumpable, believe a path of the container twice.
 */
static _Noreturn void init_main(struct run *run, const char *id)
{
	close_owned(&run->sync);
	close_owned(&run->caller);
	close_owned(&run->stage);
	close_owned(&run->observer);
	run->sync = run->far;
	run->caller = run->stage = run->far = run->observer = -1;
	title_set("tug:[init]", *id ? id : NULL);
	signals_default();
	signal(SIGPIPE, SIG_IGN);
	for (unsigned slot = 0; slot < SLOTS_MAX; slot++)
		if (run->slot[slot] >= 0 && run->plan.keep_until[slot] == 0)
			close_owned(&run->slot[slot]), run->slot[slot] = -1;
	if (run->entered_user)
		become_root_of_namespace(run);
	if (run_list(run, LIST_INIT) < 0) {
		report(run);
		_exit(1);
	}
	_exit(0);
}

int verb_spawn(struct run *run, const struct op_spawn *op)
{
	struct clone_args args = { .flags = op->flags, .exit_signal = SIGCHLD };
	if (run->forked) {
		args.flags |= CLONE_PARENT;
		args.exit_signal = 0; /* the kernel takes the stage's own */
	}
	if (op->group != NO_SLOT) {
		int group = slot_fd(run, op->group);
		if (group < 0)
			return fail(run, errno, "clone3", NULL);
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)group;
	}
	pid_t pid = kernel_clone3(&args);
	if (pid < 0)
		return fail(run, errno, "clone3", NULL);
	if (pid == 0)
		init_main(run, op->title);
	run->init = pid;
	if (run->forked)
		sync_send(run->stage, SYNC_PID, &pid, sizeof pid);
	return 0;
}

/*
 * Runs as: the caller. Namespaces: the caller's until `join`, then the container's. Open fds: those of the host
 * process but its socket to the caller. Must not: outlive the clone, be dumpable once it has entered a namespace.
 */
static _Noreturn void stage_main(struct run *run)
{
	close_owned(&run->caller);
	close_owned(&run->observer);
	run->caller = run->observer = -1;
	title_set("tug:[stage]", NULL);
	if (run_list(run, LIST_STAGE) == 0)
		_exit(0);
	report(run);
	_exit(1);
}

/* Runs the stage list in a child, because who enters a namespace cannot come back. */
static int stage_in_child(struct run *run)
{
	int pair[2], status;
	size_t size;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(run, errno, "socketpair", NULL);
	run->forked = true;
	owned int near = pair[0];
	run->stage = pair[1];
	pid_t pid = fork();
	if (pid == 0)
		stage_main(run);
	close_owned(&run->stage);
	run->stage = -1;
	if (pid < 0)
		return fail(run, errno, "fork", NULL);
	if (RETRY(waitpid(pid, &status, 0)) < 0)
		return fail(run, errno, "waitpid", NULL);
	int kind = sync_receive(run, near, MSG_DONTWAIT, &size);
	if (kind == SYNC_PID && size == sizeof run->init) {
		memcpy(&run->init, run->foreign, sizeof run->init);
		kind = sync_receive(run, near, MSG_DONTWAIT, &size);
	}
	if (kind == SYNC_FAILED)
		return pass_on(run, size);
	return status == 0 && run->init > 0 ? 0 : fail_status(run, status, "stage", NULL);
}

/* What waitExit is to pass on must neither kill this process nor be lost before that op begins. */
static void hold_signals(const struct run *run)
{
	sigset_t set;
	signals_to_forward(&set);
	for (uint32_t i = run->index; i < run->plan.count[LIST_HOST]; i++) {
		const struct op *op = &run->plan.list[LIST_HOST][i];
		if (op->code == OP_wait_exit && ((const struct op_wait_exit *)op->fields)->forward)
			sigprocmask(SIG_BLOCK, &set, NULL);
	}
}

/* An agent of a filter waits for the end of the connection, which is init's alone from now on. */
static void leave_agents(struct run *run)
{
	for (uint32_t i = 0; i < run->plan.count[LIST_INIT]; i++) {
		const struct op *op = &run->plan.list[LIST_INIT][i];
		uint16_t slot = op->code == OP_seccomp ? ((const struct op_seccomp *)op->fields)->listener : NO_SLOT;
		if (slot < SLOT_COUNT)
			close_owned(&run->slot[slot]), run->slot[slot] = -1;
	}
}

int verb_run_stage(struct run *run, const struct op_run_stage *op)
{
	int pair[2];
	uint8_t list = run->list;
	uint32_t index = run->index;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(run, errno, "socketpair", NULL);
	run->sync = pair[0];
	run->far = pair[1];
	hold_signals(run);
	/* Before any process of the container could look at this one or its children. */
	prctl(PR_SET_DUMPABLE, 0);
	int result = op->fork ? stage_in_child(run) : run_list(run, LIST_STAGE);
	close_owned(&run->far);
	run->far = -1;
	leave_agents(run);
	if (result < 0)
		return -1;
	run->list = list;
	run->index = index;
	run->init_fd = kernel_pidfd_open(run->init);
	if (run->init_fd < 0)
		return fail(run, errno, "pidfd_open", NULL);
	run->init_start = start_time_of(run->proc, run->init);
	answer_created(run);
	return 0;
}
