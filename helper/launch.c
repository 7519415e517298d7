/*
 * Starts the engine as if nobody had: nothing of the process that needed it stays with it. DESIGN of the engine's
 * context: an own session and cgroup, a given environment, no descriptors, default signals, umask 022, directory /,
 * the limits and the processors of pid 1.
 *
 *   tug-helper launch --check
 *   tug-helper launch [--lock FILE] [--any-context] [--cgroup FILE]... [--env NAME=VALUE]... --log FILE -- PROGRAM
 *                     [ARGUMENT]...
 *
 * Each --cgroup is a `tasks` (v1) or `cgroup.procs` (v2) file to join. Ends with 0 when the program runs, whose pid it
 * has printed, else with the code of the reason. What cannot be undone is refused, unless --any-context; --check tells whether it would be.
 * With the engine's lock file, which comes first, nothing is started and printed where an engine holds the lock, and of
 * many launchers one starts an engine.
 */
#include "launch.h"
#include "group.h"

#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { STATUS_SIZE = 8 * 1024 };

struct launch {
	const char **cgroups;
	size_t cgroup_count;
	char **env;
	size_t env_count;
	const char *log;
	bool any_context;
	char **program;
};

static bool parse(struct launch *launch, int count, char **words)
{
	for (int i = 0; i < count; i++) {
		const char *option = words[i], *value = i + 1 < count ? words[i + 1] : NULL;
		if (strcmp(option, "--any-context") == 0) {
			launch->any_context = true;
			continue;
		}
		if (value == NULL)
			return false;
		if (strcmp(option, "--") == 0) {
			launch->program = words + i + 1;
			return launch->log != NULL;
		}
		if (strcmp(option, "--cgroup") == 0)
			launch->cgroups[launch->cgroup_count++] = value;
		else if (strcmp(option, "--env") == 0)
			launch->env[launch->env_count++] = words[i + 1];
		else if (strcmp(option, "--log") == 0)
			launch->log = value;
		else
			return false;
		i++;
	}
	return false;
}

/* A field of /proc/PID/status as a number; `missing` where it cannot be read. */
static uint64_t status_field(const char *path, const char *key, int base, uint64_t missing)
{
	char text[STATUS_SIZE];
	const char *line = read_file(AT_FDCWD, path, text, sizeof text) < 0 ? NULL : strstr(text, key);
	return line == NULL ? missing : strtoull(line + strlen(key), NULL, base);
}

/*
 * Whether a namespace is another than that of pid 1. Where that one may not be read, as from inside a user namespace,
 * it is taken for the initial one, if that has a known number.
 */
static bool differs(const char *own, const char *first, const char *initial)
{
	char a[64], b[64];
	ssize_t length = readlink(own, a, sizeof a), other = readlink(first, b, sizeof b);
	const char *expected = other > 0 ? b : initial;
	return length > 0 && expected != NULL && memcmp(a, expected, (size_t)length) != 0;
}

enum { LEAST_FILES = 1024, MOST_FILES = 1 << 20 };

/* Whether a process can do the engine's work although this hard limit of its is lower than that of pid 1. */
static bool is_bearable(int resource, rlim_t hard)
{
	switch (resource) {
	case RLIMIT_NOFILE:
		return hard >= LEAST_FILES;
	case RLIMIT_CPU:
	case RLIMIT_FSIZE:
	case RLIMIT_DATA:
	case RLIMIT_AS:
		return false; /* it ends who reaches it */
	default:
		return true;
	}
}

/*
 * Gives this process the limits of pid 1, as far as it may raise its own; false when they stay too low. A service
 * manager lets itself open more files than programs get along with that close every number there may be.
 */
static bool reset_limits(void)
{
	for (int resource = 0; resource < RLIM_NLIMITS; resource++) {
		struct rlimit own, wanted;
		if (getrlimit((__rlimit_resource_t)resource, &own) < 0)
			continue;
		if (prlimit(1, (__rlimit_resource_t)resource, NULL, &wanted) < 0)
			wanted = (struct rlimit){ own.rlim_max, own.rlim_max };
		if (resource == RLIMIT_NOFILE && wanted.rlim_max > MOST_FILES)
			wanted.rlim_max = MOST_FILES;
		if (wanted.rlim_cur > wanted.rlim_max)
			wanted.rlim_cur = wanted.rlim_max;
		if (setrlimit((__rlimit_resource_t)resource, &wanted) == 0)
			continue;
		if (!is_bearable(resource, own.rlim_max))
			return false;
		wanted.rlim_max = own.rlim_max;
		if (wanted.rlim_cur > own.rlim_max)
			wanted.rlim_cur = own.rlim_max;
		setrlimit((__rlimit_resource_t)resource, &wanted);
	}
	return true;
}

/* The caller's place in the queue and its choice of processors are its own, too. */
static void reset_scheduling(void)
{
	cpu_set_t all;
	memset(&all, 0xff, sizeof all);
	sched_setaffinity(0, sizeof all, &all);
	setpriority(PRIO_PROCESS, 0, 0);
}

/* What a process cannot shake off and must not hand on to every container. */
static enum launch_code check_context(void)
{
	/* Source of the numbers: include/linux/proc_ns.h PROC_PID_INIT_INO, PROC_USER_INIT_INO */
	static const struct {
		const char *own, *first, *initial;
		enum launch_code code;
	} namespaces[] = {
		{ "/proc/self/ns/user", "/proc/1/ns/user", "user:[4026531837]", IN_OTHER_USER_NAMESPACE },
		{ "/proc/self/ns/mnt", "/proc/1/ns/mnt", NULL, IN_OTHER_MOUNT_NAMESPACE },
		{ "/proc/self/ns/pid", "/proc/1/ns/pid", "pid:[4026531836]", IN_OTHER_PID_NAMESPACE },
		{ "/proc/self/ns/net", "/proc/1/ns/net", NULL, IN_OTHER_NETWORK_NAMESPACE },
	};
	const char *own = "/proc/self/status", *bounding = "\nCapBnd:\t";
	uint64_t first = status_field("/proc/1/status", bounding, 16, 0);
	if (status_field(own, "\nNoNewPrivs:\t", 10, 0) != 0)
		return HAS_NO_NEW_PRIVILEGES;
	if (status_field(own, "\nSeccomp:\t", 10, 0) != 0)
		return HAS_SECCOMP_FILTER;
	if ((first & ~status_field(own, bounding, 16, first)) != 0)
		return HAS_REDUCED_BOUNDING_SET;
	for (size_t i = 0; i < sizeof namespaces / sizeof *namespaces; i++)
		if (differs(namespaces[i].own, namespaces[i].first, namespaces[i].initial))
			return namespaces[i].code;
	return reset_limits() ? LAUNCHED : HAS_LOW_LIMITS;
}

static bool join_cgroups(const struct launch *launch)
{
	for (size_t i = 0; i < launch->cgroup_count; i++)
		if (group_join(launch->cgroups[i]) < 0)
			return false;
	return true;
}

/*
 * Runs as: grandchild of the caller, leader of no session, child of init. Open fds: the log, the pipe to the caller.
 * Must not: return other than with the reason why the program does not run.
 */
static enum launch_code become(const struct launch *launch, int log, int report)
{
	owned int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (!join_cgroups(launch))
		return CANNOT_JOIN_CGROUP;
	if (null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 || chdir("/") < 0)
		return CANNOT_EXECUTE;
	umask(022);
	reset_scheduling();
	signals_default();
	/* Made worse for a service that needed the engine; may fail where it was made better. */
	write_file(AT_FDCWD, "/proc/self/oom_score_adj", "0");
	if (fcntl(report, F_SETFD, FD_CLOEXEC) < 0 || kernel_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return CANNOT_EXECUTE;
	execve(launch->program[0], launch->program, launch->env);
	return CANNOT_EXECUTE;
}

/* Forks twice; the pipe brings the pid, and closes when the program runs, or brings the reason why it does not. */
static enum launch_code start(const struct launch *launch, int log, pid_t *engine)
{
	int pair[2], status;
	uint8_t report[sizeof *engine + 1];
	if (pipe2(pair, O_CLOEXEC) < 0)
		return CANNOT_FORK;
	owned int from = pair[0], to = pair[1];
	pid_t child = fork();
	if (child == 0) {
		pid_t again = setsid() < 0 ? -1 : fork();
		if (again > 0)
			_exit(0);
		pid_t own = getpid();
		write_all(to, &own, sizeof own);
		uint8_t code = again < 0 ? CANNOT_FORK : become(launch, log, to);
		write_all(to, &code, sizeof code);
		_exit(1);
	}
	close_owned(&to);
	to = -1;
	if (child < 0 || RETRY(waitpid(child, &status, 0)) < 0)
		return CANNOT_FORK;
	ssize_t size = read_all(from, report, sizeof report);
	if (size < (ssize_t)sizeof *engine)
		return CANNOT_FORK;
	memcpy(engine, report, sizeof *engine);
	return size == sizeof *engine ? LAUNCHED : (enum launch_code)report[sizeof *engine];
}

enum launch_code launch(int count, char **words, pid_t *engine)
{
	owned_memory const char **cgroups = calloc((size_t)count + 1, sizeof *cgroups);
	owned_memory char **env = calloc((size_t)count + 1, sizeof *env);
	struct launch launch = { .cgroups = cgroups, .env = env };
	if (cgroups == NULL || env == NULL || !parse(&launch, count, words))
		return WRONG_USAGE;
	enum launch_code refused = launch.any_context ? LAUNCHED : check_context();
	if (refused != LAUNCHED)
		return refused;
	owned int log = open(launch.log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600);
	return log < 0 ? CANNOT_OPEN_LOG : start(&launch, log, engine);
}

/* SQLite's locks are record locks somewhere in the file. Source: https://sqlite.org/src/file/src/os_unix.c */
bool launch_is_locked(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	return fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

enum {
	STEP_MS = 20,
	COMING_MS = 10 * 1000,       /* what a started engine may take to lock its directory */
	TURN_MS = COMING_MS + 2000,  /* what whoever starts one may take */
};

/* Waits until it is this process's turn, or there is an engine. One that hangs in its turn keeps nobody for ever. */
static void take_turn(int lock)
{
	int64_t end = clock_ms() + TURN_MS;
	while (!launch_is_locked(lock) && flock(lock, LOCK_EX | LOCK_NB) < 0 && clock_ms() < end)
		poll(NULL, 0, STEP_MS);
}

/* Waits until an engine has the lock, or the one that was started has ended. */
static void await_engine(int lock, pid_t engine)
{
	owned int process = kernel_pidfd_open(engine);
	struct pollfd death = { process, POLLIN, 0 };
	int64_t end = clock_ms() + COMING_MS;
	while (!launch_is_locked(lock) && clock_ms() < end && poll(&death, 1, STEP_MS) <= 0)
		;
}

/* The turn ends with this process: one that was interrupted meanwhile would let another one start a second engine. */
static void keep_turn(void)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		signal(ends[i], SIG_IGN);
}

enum launch_code launch_once(int lock, int count, char **words, pid_t *engine)
{
	enum launch_code code = LAUNCHED;
	*engine = 0;
	take_turn(lock);
	if (!launch_is_locked(lock)) {
		keep_turn();
		code = launch(count, words, engine);
		if (code == LAUNCHED)
			await_engine(lock, *engine);
	}
	flock(lock, LOCK_UN);
	return code;
}

/* A file that others cannot have put there; -1 where it is anything else: the engine tells then why it cannot lock it. */
static int open_lock(const char *path)
{
	struct stat file;
	owned int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	if (fd < 0 || fstat(fd, &file) < 0 || !S_ISREG(file.st_mode) || file.st_uid != geteuid())
		return -1;
	return take(&fd);
}

int launch_main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[2], "--check") == 0)
		return (int)check_context();
	bool is_once = argc > 3 && strcmp(argv[2], "--lock") == 0;
	int first = is_once ? 4 : 2;
	pid_t engine = 0;
	owned int lock = is_once ? open_lock(argv[3]) : -1;
	enum launch_code code = lock < 0 ? launch(argc - first, argv + first, &engine)
					 : launch_once(lock, argc - first, argv + first, &engine);
	char text[32];
	if (code == LAUNCHED && engine > 0)
		write_all(1, text, (size_t)(put_decimal(text, (uint64_t)engine) - text));
	return (int)code;
}
