/* The verbs after which another program runs: hook, findProgram, becomeInit, exec. */
#include "program.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

char *expand(const struct run *run, const char *text)
{
	/* In the container a process is known by the number that it has there. */
	return expand_for(run, run->list == LIST_INIT ? getpid() : run->init, text);
}

char *expand_for(const struct run *run, pid_t pid, const char *text)
{
	char *whole = NULL;
	size_t size;
	FILE *to = open_memstream(&whole, &size);
	if (!to)
		return NULL;
	bool sound = true;
	for (const char *at = text; *at; at++) {
		if (*at != '%')
			putc(*at, to);
		else if (*++at == 'p')
			fprintf(to, "%d", pid);
		else if (*at == 't')
			fprintf(to, "%llu", (unsigned long long)run->init_start);
		else if (*at == '%')
			putc('%', to);
		else
			sound = false, at -= !*at;
	}
	if (fclose(to) == 0 && sound)
		return whole;
	free(whole);
	errno = sound ? ENOMEM : EINVAL;
	return NULL;
}

/*
 * Runs as: the process that executes the list. Namespaces: its. Open fds: 0 (the state), 1, 2. Must not: return, keep
 * anything of the helper's own signals, umask or descriptors.
 */
static _Noreturn void hook_main(const struct run *run, const struct op_hook *op, int input, int failure)
{
	const char *alone[] = { op->path, NULL };
	setpgid(0, 0);
	signals_default();
	if (run->umask != NO_UMASK)
		umask(run->umask);
	if (dup2(input, 0) == 0 && (!*op->directory || chdir(op->directory) == 0))
		execve(op->path, (char **)(op->args.count ? op->args.item : alone), (char **)op->env.item);
	int error = errno;
	write_all(failure, &error, sizeof error);
	_exit(127);
}

/* Feeds the hook until it has ended: 0, or ETIMEDOUT. Less than all of the input may be what it wants. */
static int feed(int pidfd, int *input, const char *text, uint32_t timeout)
{
	size_t left = strlen(text);
	int64_t end = clock_ms() + timeout * 1000LL;
	for (;;) {
		struct pollfd wait[] = { { pidfd, POLLIN, 0 }, { *input, POLLOUT, 0 } };
		int64_t rest = timeout ? end - clock_ms() : -1;
		if (timeout && rest <= 0)
			return ETIMEDOUT;
		if (poll(wait, 2, rest > INT_MAX ? INT_MAX : (int)rest) <= 0)
			continue;
		if (wait[0].revents)
			return 0;
		ssize_t done = write(*input, text, left);
		if (done > 0) {
			text += done;
			left -= (size_t)done;
		}
		if (left == 0 || (done < 0 && errno != EAGAIN && errno != EINTR)) {
			close_owned(input);
			*input = -1;
		}
	}
}

/* Everything between fork and the end of the hook. */
static int run_hook(struct run *run, const struct op_hook *op, const char *text)
{
	int input[2], failure[2], error, status;
	if (pipe2(input, O_CLOEXEC) < 0 || pipe2(failure, O_CLOEXEC) < 0)
		return fail(run, errno, "pipe2", op->path);
	owned int read_end = input[0], write_end = input[1], report_end = failure[1], report_from = failure[0];
	signal(SIGCHLD, SIG_DFL); /* The end of a hook is not to be lost, see listener.c. */
	pid_t pid = fork();
	if (pid == 0)
		hook_main(run, op, input[0], failure[1]);
	close_owned(&report_end);
	close_owned(&read_end);
	report_end = read_end = -1;
	owned int pidfd = pid < 0 ? -1 : kernel_pidfd_open(pid);
	if (pidfd < 0)
		return fail(run, errno, "fork", op->path);
	setpgid(pid, pid);
	fcntl(write_end, F_SETFL, O_NONBLOCK);
	int late = feed(pidfd, &write_end, text, op->timeout);
	if (late)
		kill(-pid, SIGKILL);
	if (RETRY(waitpid(pid, &status, 0)) < 0)
		return fail(run, errno, "waitpid", op->path);
	if (late)
		return fail(run, late, "hook", op->path);
	if (read_all(report_from, &error, sizeof error) == sizeof error)
		return fail(run, error, "hook", op->path);
	return status ? fail_status(run, status, "hook", op->path) : 0;
}

int verb_hook(struct run *run, const struct op_hook *op)
{
	owned_memory char *text = expand(run, op->input);
	if (!text)
		return fail(run, errno, "input", op->path);
	int result = run_hook(run, op, text);
	/* What the hook left behind has become a child of pid 1, which is this process. */
	while (getpid() == 1 && waitpid(-1, NULL, WNOHANG) > 0)
		;
	return result;
}

/*
 * 0, or why a file cannot be executed by this user. A filter may be in place that knows nothing of faccessat2(2), so the
 * older call comes first; it disregards ambient capabilities. What neither can tell, exec will.
 */
static int try_program(const char *path)
{
	struct stat file;
	if (stat(path, &file) < 0)
		return errno;
	if (S_ISDIR(file.st_mode))
		return EISDIR;
	if (syscall(SYS_faccessat, AT_FDCWD, path, X_OK) == 0 || faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0)
		return 0;
	return errno == EPERM || errno == ENOSYS ? 0 : errno;
}

/* The next file on PATH that a command may mean; NULL after the last. */
static const char *next_candidate(const char *path, const char *program, char found[PATH_MAX])
{
	const char *end = strchrnul(path, ':'), *directory = end > path ? path : ".";
	if (snprintf(found, PATH_MAX, "%.*s/%s", end > path ? (int)(end - path) : 1, directory, program) >= PATH_MAX)
		*found = '\0';
	return *end ? end + 1 : NULL;
}

int verb_find_program(struct run *run, const struct op_find_program *op)
{
	char found[PATH_MAX];
	int error = ENOENT;
	if (strchr(op->program, '/'))
		error = try_program(op->program);
	/* On PATH, what may not be executed counts as not found, as in runc. */
	for (const char *path = op->path; error == ENOENT && path && *op->program && !strchr(op->program, '/');) {
		path = next_candidate(path, op->program, found);
		if (try_program(found) == 0)
			error = 0;
	}
	return error ? fail(run, error, "findProgram", op->program) : 0;
}

/*
 * Runs as: the container's user, with its filter. Namespaces: the container's. Open fds: none. Must not: outlive the
 * program, leave a zombie, hold the sync pair, exec-status or a stream of the container open.
 */
static _Noreturn void reap_main(pid_t program, const char *title)
{
	sigset_t set;
	signals_to_forward(&set);
	title_set(title, NULL);
	kernel_close_range(0, ~0U, 0);
	if (getpid() != 1)
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (;;) {
		int signal = RETRY(sigwaitinfo(&set, NULL)), status;
		if (signal != SIGCHLD) {
			kill(program, signal);
			continue;
		}
		for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
			if (pid == program)
				_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	}
}

int verb_become_init(struct run *run, const struct op_become_init *op)
{
	sigset_t set, before;
	signals_to_forward(&set);
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_BLOCK, &set, &before);
	pid_t pid = fork();
	if (pid < 0)
		return fail(run, errno, "fork", NULL);
	if (pid > 0)
		reap_main(pid, op->title);
	/* A group of its own, in the foreground of the terminal if there is one: SIGTTOU is blocked. */
	setpgid(0, 0);
	tcsetpgrp(0, getpid());
	sigprocmask(SIG_SETMASK, &before, NULL);
	return 0;
}

void report_exec(struct run *run)
{
	uint32_t nothing = 0;
	if (run->status >= 0)
		RETRY(write(run->status, &nothing, sizeof nothing));
	else if (run->sync >= 0)
		sync_send(run->sync, SYNC_EXEC, NULL, 0);
}

/* The environment with HOME added, if that is wanted and there is memory. */
static char **environment(struct run *run, const struct op_exec *op)
{
	char **env = *run->home ? calloc(op->env.count + 2, sizeof *env) : NULL;
	if (!env)
		return (char **)op->env.item;
	memcpy(env, op->env.item, op->env.count * sizeof *env);
	env[op->env.count] = run->home;
	run->env = env;
	return env;
}

/* Executes the first file that can be; returns why none could. */
static int execute(const char *program, const struct op_exec *op, char **env, char found[PATH_MAX])
{
	const char *path = NULL;
	int error = ENOENT;
	char **args = (char **)op->args.item;
	if (strchr(program, '/')) {
		snprintf(found, PATH_MAX, "%s", program);
		execve(program, args, env);
		return errno;
	}
	for (uint32_t i = 0; i < op->env.count && !path; i++)
		if (strncmp(op->env.item[i], "PATH=", 5) == 0)
			path = op->env.item[i] + 5;
	while (path && *program) {
		path = next_candidate(path, program, found);
		execve(found, args, env);
		if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
			return errno;
		if (errno == EACCES)
			error = EACCES;
	}
	snprintf(found, PATH_MAX, "%s", program);
	return error;
}

/* The last steps before the program, with as few system calls as can be: its filter is in place. */
int verb_exec(struct run *run, const struct op_exec *op)
{
	char found[PATH_MAX];
	if (op->keep > run->inherited)
		return fail(run, EBADF, "fcntl", NULL);
	for (int fd = 3; fd < 3 + (int)op->keep; fd++)
		if (fcntl(fd, F_SETFD, 0) < 0)
			return fail(run, errno, "fcntl", NULL);
	if (run->umask != NO_UMASK)
		umask(run->umask);
	struct rlimit files = { run->files_soft, run->files_hard };
	if (run->files_hard && setrlimit(RLIMIT_NOFILE, &files) < 0)
		return fail(run, errno, "prlimit", NULL);
	char **env = environment(run, op);
	report_exec(run);
	signal(SIGPIPE, SIG_DFL);
	int error = execute(op->args.count ? op->args.item[0] : "", op, env, found);
	signal(SIGPIPE, SIG_IGN);
	return fail(run, error, "execve", found);
}
