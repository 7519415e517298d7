/* Namespaces and processes. */
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "run.h"

/* The kernel takes 340 lines of three numbers: user_namespaces(7). */
enum { NAMESPACES_MAX = 32, MAP_WORDS_MAX = 3 * 340 };

/*
 * Runs as: the caller; the program has rights of its own. Open fds: 0, and the pipe as 1 and 2. Must not: return, be
 * told anything by the caller's environment.
 */
static _Noreturn void mapper_main(const char *program, char **words, int output)
{
	char *environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	signals_default();
	if (dup2(output, 1) == 1 && dup2(output, 2) == 2)
		execve(program, words, environment);
	_exit(127);
}

/* Everything that the program says up to its end; the first line stays in `said`. */
static void hear(int from, char *said, size_t room)
{
	char rest[512];
	ssize_t got = read_all(from, said, room - 1);
	said[got > 0 ? got : 0] = '\0';
	said[strcspn(said, "\n")] = '\0';
	while (RETRY(read(from, rest, sizeof rest)) > 0)
		;
}

/* Has newuidmap(1) or newgidmap(1) write the map of a process. */
static int run_mapper(struct run *run, const char *program, pid_t pid, const char *map)
{
	char number[16], said[256], *words[2 + MAP_WORDS_MAX + 1] = { (char *)(uintptr_t)program, number };
	int pipe_ends[2], status;
	size_t count = 2;
	owned_memory char *text = strdup(map);
	char *rest = text;
	for (char *word; count < 2 + MAP_WORDS_MAX && (word = strsep(&rest, " \n"));)
		if (*word)
			words[count++] = word;
	if (rest && *rest)
		return fail(run, E2BIG, "map", program);
	if (!text || pipe2(pipe_ends, O_CLOEXEC) < 0)
		return fail(run, errno, "pipe2", program);
	owned int from = pipe_ends[0], to = pipe_ends[1];
	snprintf(number, sizeof number, "%d", pid);
	pid_t child = fork();
	if (child == 0)
		mapper_main(program, words, to);
	close_owned(&to);
	to = -1;
	if (child < 0)
		return fail(run, errno, "fork", program);
	hear(from, said, sizeof said);
	if (RETRY(waitpid(child, &status, 0)) < 0)
		return fail(run, errno, "waitpid", program);
	return status == 0 ? 0 : fail_status(run, status, "map", *said ? said : program);
}

/* The child lives only until its namespace has been opened. */
static int fill_user_namespace(struct run *run, const struct op_user_namespace *op, pid_t pid)
{
	const struct {
		const char *name, *text, *program;
	} files[] = {
		{ "setgroups", op->deny_setgroups ? "deny" : "", "" },
		{ "gid_map", op->gid_map, op->gid_program },
		{ "uid_map", op->uid_map, op->uid_program },
	};
	char path[64];
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "%d/%s", pid, files[i].name);
		if (*files[i].program && run_mapper(run, files[i].program, pid, files[i].text) < 0)
			return -1;
		if (!*files[i].program && *files[i].text && write_file(run->proc, path, files[i].text) < 0)
			return fail(run, errno, "write", files[i].name);
	}
	snprintf(path, sizeof path, "%d/ns/user", pid);
	int fd = openat(run->proc, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? fail(run, errno, "open", path) : slot_set(run, op->out, fd);
}

int verb_user_namespace(struct run *run, const struct op_user_namespace *op)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	pid_t pid = kernel_clone3(&args);
	if (pid < 0)
		return fail(run, errno, "clone3", NULL);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	int result = fill_user_namespace(run, op, pid);
	kill(pid, SIGKILL);
	RETRY(waitpid(pid, NULL, 0));
	return result;
}

/*
 * setns(2), in up to three passes: what the present rights allow, then user namespaces, then what those give the
 * rights for. A namespace may belong to the caller's user namespace or to the one that is entered; only trying tells.
 */
int verb_join(struct run *run, const struct op_join *op)
{
	bool joined[NAMESPACES_MAX] = { false };
	if (op->namespaces.count > NAMESPACES_MAX)
		return fail(run, E2BIG, "setns", NULL);
	if (op->process != NO_SLOT) {
		if (setns(slot_fd(run, op->process), (int)op->flags) < 0)
			return fail(run, errno, "setns", NULL);
		run->entered_user |= (op->flags & CLONE_NEWUSER) != 0;
	}
	for (int pass = 0; pass < 3; pass++)
		for (uint32_t i = 0; i < op->namespaces.count; i++) {
			int fd = slot_fd(run, op->namespaces.item[i]), kind = ioctl(fd, NS_GET_NSTYPE);
			if (kind < 0)
				return fail(run, errno, "ioctl", NULL);
			if (joined[i] || (kind == CLONE_NEWUSER) != (pass == 1))
				continue;
			joined[i] = setns(fd, kind) == 0;
			if (!joined[i] && (pass > 0 || errno != EPERM))
				return fail(run, errno, "setns", NULL);
			run->entered_user |= kind == CLONE_NEWUSER;
		}
	return 0;
}

int verb_time_namespace(struct run *run, const struct op_time_namespace *op)
{
	if (unshare(CLONE_NEWTIME) < 0)
		return fail(run, errno, "unshare", NULL);
	return write_own(run, "self/timens_offsets", op->offsets);
}

int verb_unshare(struct run *run, const struct op_unshare *op)
{
	return unshare((int)op->flags) < 0 ? fail(run, errno, "unshare", NULL) : 0;
}

int verb_init_process(struct run *run, const struct op_init_process *op)
{
	int fd = fcntl(run->init_fd, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? fail(run, errno, "fcntl", NULL) : slot_set(run, op->out, fd);
}

int verb_leave(struct run *run, const struct op_leave *op)
{
	(void)run, (void)op;
	_exit(0);
}

int verb_send_process(struct run *run, const struct op_send_process *op)
{
	if (send_fd(slot_fd(run, op->socket), "standard", run->init_fd) < 0)
		return fail(run, errno, "sendmsg", NULL);
	return 0;
}

int verb_signal(struct run *run, const struct op_signal *op)
{
	if (kernel_pidfd_send_signal(slot_fd(run, op->process), (int)op->signal) < 0)
		return fail(run, errno, "pidfd_send_signal", NULL);
	return 0;
}

int verb_await_death(struct run *run, const struct op_await_death *op)
{
	struct pollfd death = { slot_fd(run, op->process), POLLIN, 0 };
	int64_t end = clock_ms() + op->timeout;
	if (death.fd < 0)
		return fail(run, errno, "poll", NULL);
	for (int64_t rest = op->timeout; poll(&death, 1, rest > INT_MAX ? INT_MAX : (int)rest) <= 0;) {
		rest = end - clock_ms();
		if (rest <= 0)
			return fail(run, ETIMEDOUT, "poll", NULL);
	}
	return 0;
}

/*
 * Reads exec-status to its end: 1 after the mark that init sets right before execve, 0 without one, -1 with a failure,
 * which is then in run->foreign. The end comes when init has executed its program or has died.
 */
static int read_status(struct run *run, int status, int process)
{
	uint8_t record[4 + sizeof run->foreign];
	size_t have = 0;
	for (bool dead = false;;) {
		ssize_t got = RETRY(read(status, record + have, sizeof record - have));
		if (got == 0 || (got < 0 && (dead || errno != EAGAIN)))
			break;
		have += got > 0 ? (size_t)got : 0;
		struct pollfd wait[] = { { status, POLLIN, 0 }, { process, POLLIN, 0 } };
		if (got < 0 && poll(wait, 2, -1) > 0)
			dead = wait[1].revents && !wait[0].revents;
	}
	size_t at = have >= 4 && get32(record) == 0 ? 4 : 0;
	size_t size = have - at > 4 ? get32(record + at) : 0;
	if (size == 0 || size > have - at - 4)
		return at > 0;
	fail(run, 0, "", NULL);
	memcpy(run->foreign, record + at + 4, size);
	run->foreign_size = size;
	return -1;
}

/* A plan that makes the FIFOs and starts the container has ends of its own, which would keep the end from coming. */
static void close_own_ends(struct run *run, int status)
{
	struct stat wanted, found;
	if (fstat(status, &wanted) < 0)
		return;
	for (int i = 0; i < SLOT_COUNT; i++) {
		if (run->slot[i] < 0 || fstat(run->slot[i], &found) < 0)
			continue;
		if (found.st_dev == wanted.st_dev && found.st_ino == wanted.st_ino) {
			close(run->slot[i]);
			run->slot[i] = -1;
		}
	}
}

int verb_start(struct run *run, const struct op_start *op)
{
	owned int status = open(op->status, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (status < 0)
		return fail(run, errno, "open", op->status);
	close_own_ends(run, status);
	owned int fifo = open(op->fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fifo < 0)
		return fail(run, errno == ENXIO ? ESRCH : errno, "open", op->fifo);
	if (RETRY(write(fifo, "s", 1)) != 1)
		return fail(run, errno, "write", op->fifo);
	/* Of two that start the same container, only one can do this. */
	if (unlink(op->fifo) < 0)
		return fail(run, errno, "unlink", op->fifo);
	int process = op->process == NO_SLOT ? run->init_fd : slot_fd(run, op->process);
	int result = read_status(run, status, process);
	return result > 0 ? 0 : result < 0 ? -1 : fail(run, ESRCH, "read", op->status);
}
