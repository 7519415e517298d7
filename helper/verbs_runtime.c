/* Another OCI runtime: its program makes the container and works on it, this process hands over what it needs. */
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "run.h"

enum { CALL_STREAMS = 1, WORDS_MAX = 3000, CONSOLE_PATIENCE_MS = 10000 };

int mount_view(struct run *run, const struct slots *mounts, const struct strings *places)
{
	const struct kernel_mount_attr slave = { .propagation = MS_SLAVE };
	if (mounts->count == 0)
		return 0;
	if (mounts->count != places->count) {
		errno = EINVAL;
		return -1;
	}
	if (unshare(CLONE_NEWNS) < 0 || kernel_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &slave) < 0)
		return -1;
	for (uint32_t i = 0; i < mounts->count; i++) {
		owned int place = open(places->item[i], O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (place < 0 || kernel_move_mount(slot_fd(run, mounts->item[i]), place) < 0)
			return -1;
	}
	return 0;
}

/*
 * Runs as: the process that executes the list. Namespaces: its, but for the mounts. Open fds: 0 to 2. Must not: return,
 * keep anything of the helper's own signals, umask or descriptors.
 */
static _Noreturn void runtime_main(struct run *run, const struct op_call_runtime *op, int failure)
{
	owned int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	bool ready = null >= 0;
	setpgid(0, 0);
	for (int fd = 0; ready && fd < 3 && !(op->flags & CALL_STREAMS); fd++)
		ready = dup2(null, fd) == fd;
	ready = ready && mount_view(run, &op->mounts, &op->places) == 0 && (!*op->directory || chdir(op->directory) == 0);
	signals_default();
	umask(022);
	if (ready)
		execve(op->path, (char **)op->args.item, (char **)op->env.item);
	int error = errno;
	write_all(failure, &error, sizeof error);
	_exit(127);
}

/* Waits for the end of the program: 0, or -1 after the timeout. */
static int await_end(int pidfd, uint32_t timeout)
{
	struct pollfd death = { pidfd, POLLIN, 0 };
	int64_t end = clock_ms() + timeout * 1000LL;
	for (int64_t rest = timeout * 1000LL; RETRY(poll(&death, 1, rest > INT_MAX ? INT_MAX : (int)rest)) <= 0;) {
		rest = end - clock_ms();
		if (rest <= 0)
			return -1;
	}
	return 0;
}

/* The end of what the runtime has logged; nothing where it has logged nothing. */
static void read_words(const char *log, char words[WORDS_MAX + 1])
{
	owned int fd = open(log, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	if (size > WORDS_MAX)
		lseek(fd, size - WORDS_MAX, SEEK_SET);
	else if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	ssize_t got = fd < 0 ? 0 : read_all(fd, words, WORDS_MAX);
	words[got > 0 ? got : 0] = '\0';
}

int verb_call_runtime(struct run *run, const struct op_call_runtime *op)
{
	int failure[2], error, status;
	char words[WORDS_MAX + 1];
	if (unlink(op->log) < 0 && errno != ENOENT)
		return fail(run, errno, "unlink", op->log);
	if (pipe2(failure, O_CLOEXEC) < 0)
		return fail(run, errno, "pipe2", op->path);
	owned int from = failure[0], to = failure[1];
	pid_t pid = fork();
	if (pid == 0)
		runtime_main(run, op, to);
	close_owned(&to);
	to = -1;
	owned int pidfd = pid < 0 ? -1 : kernel_pidfd_open(pid);
	if (pidfd < 0)
		return fail(run, errno, "fork", op->path);
	setpgid(pid, pid);
	bool late = await_end(pidfd, op->timeout) < 0;
	if (late)
		kill(-pid, SIGKILL);
	if (RETRY(waitpid(pid, &status, 0)) < 0)
		return fail(run, errno, "waitpid", op->path);
	if (read_all(from, &error, sizeof error) == sizeof error)
		return fail(run, error, "execve", op->path);
	if (late)
		return fail(run, ETIMEDOUT, "waitpid", op->path);
	if (status == 0)
		return 0;
	read_words(op->log, words);
	return fail_status(run, status, "callRuntime", words);
}

/* 0 when there is no such process. Source: proc_pid_stat(5) */
static pid_t parent_of(const struct run *run, pid_t pid)
{
	char path[32], text[512];
	snprintf(path, sizeof path, "%d/stat", pid);
	const char *state = read_file(run->proc, path, text, sizeof text) < 0 ? NULL : strrchr(text, ')');
	return state && strlen(state) > 4 ? (pid_t)strtol(state + 4, NULL, 10) : 0;
}

/*
 * The process whose number the runtime wrote. It is a child of this process's subreaper by now, which does not reap it
 * before it was told of it: nobody else can have the number.
 */
int verb_adopt_init(struct run *run, const struct op_adopt_init *op)
{
	char text[32], *end;
	if (read_file(AT_FDCWD, op->pid_file, text, sizeof text) < 0)
		return fail(run, errno, "read", op->pid_file);
	long pid = strtol(text, &end, 10);
	if (end == text || *end != '\0' || pid <= 1 || pid > INT32_MAX)
		return fail(run, EPROTO, "read", op->pid_file);
	run->init_fd = kernel_pidfd_open((pid_t)pid);
	if (run->init_fd < 0)
		return fail(run, errno, "pidfd_open", op->pid_file);
	if (parent_of(run, (pid_t)pid) != getppid())
		return fail(run, ECHILD, "pidfd_open", op->pid_file);
	run->init = (pid_t)pid;
	run->init_start = start_time_of(run->proc, run->init);
	if (run->init_start == 0)
		return fail(run, ESRCH, "pidfd_open", op->pid_file);
	answer_created(run);
	return 0;
}

/* The name is short whatever the directory is: it is bound from inside. */
int verb_listen_console(struct run *run, const struct op_listen_console *op)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	owned int back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	owned int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (strlen(op->name) >= sizeof address.sun_path)
		return fail(run, ENAMETOOLONG, "bind", op->name);
	strcpy(address.sun_path, op->name);
	if (fd < 0 || back < 0 || chdir(op->directory) < 0)
		return fail(run, errno, "chdir", op->directory);
	mode_t mask = umask(0177);
	int bound = unlink(op->name) < 0 && errno != ENOENT ? -1 : bind(fd, (struct sockaddr *)&address, sizeof address);
	int error = errno;
	umask(mask);
	if (fchdir(back) < 0 || bound < 0 || listen(fd, 1) < 0)
		return fail(run, bound < 0 ? error : errno, "bind", op->directory);
	return slot_set(run, op->out, take(&fd));
}

/* Waits until a connection can be accepted or read. */
static bool is_ready(int fd)
{
	struct pollfd wait = { fd, POLLIN, 0 };
	return RETRY(poll(&wait, 1, CONSOLE_PATIENCE_MS)) == 1;
}

int verb_pass_console(struct run *run, const struct op_pass_console *op)
{
	int listener = slot_fd(run, op->listener);
	owned int connection = is_ready(listener) ? accept4(listener, NULL, NULL, SOCK_CLOEXEC) : -1;
	if (connection < 0)
		return fail(run, ETIMEDOUT, "accept", NULL);
	owned int master = is_ready(connection) ? receive_fd(connection, NULL, 0) : -1;
	if (master < 0 || !isatty(master))
		return fail(run, ENOTTY, "recvmsg", NULL);
	if (send_fd(slot_fd(run, op->socket), "console", master) < 0)
		return fail(run, errno, "sendmsg", NULL);
	return 0;
}
