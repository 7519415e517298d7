/*
 * What a front does first, before libc begins: it sends its command to the resident process and, for `tug-oci`, executes
 * itself again from a file that nobody can write. libc begins by asking the processor what it can, with some hundred
 * CPUID instructions; a virtual machine hands each to its hypervisor, and half a millisecond goes by, in which the other
 * side may as well work.
 *
 * Must not: use libc, nor what the compiler would call in it; `make check` sees to that. Nothing is carried out by the
 * other side yet, see front_resident.c.
 */
#include "front_resident.h"

#include <limits.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include "bare.h"

/* Where the program lies in its package. */
static const char own_place[] = "/dist/helper/tug-helper";

/* What front_before_libc has: a socket, -1 for none, NOT_YET where it did not run. */
enum { NOT_YET = -2 };
static int early = NOT_YET;

static const char *run_root(char **environment)
{
	for (; *environment; environment++) {
		const char *value = after(*environment, "TUG_RUN_ROOT=");
		if (value)
			return value;
	}
	return "/run/tug";
}

/* A run directory and a socket that only this user can have made. */
static long open_run_directory(char **environment)
{
	struct stat directory, socket;
	long flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, user = call(SYS_geteuid, 0, 0, 0, 0);
	long fd = user != 0 ? -1 : call(SYS_openat, AT_FDCWD, (long)run_root(environment), flags, 0);
	if (fd < 0)
		return -1;
	if (call(SYS_newfstatat, fd, (long)"", (long)&directory, AT_EMPTY_PATH) == 0 &&
	    call(SYS_newfstatat, fd, (long)FRONT_SOCKET, (long)&socket, AT_SYMLINK_NOFOLLOW) == 0 && directory.st_uid == user &&
	    (directory.st_mode & 07777) == 0700 && S_ISSOCK(socket.st_mode) && socket.st_uid == user)
		return fd;
	close_fd(fd);
	return -1;
}

static char *put_number(char *at, unsigned number)
{
	if (number >= 10)
		at = put_number(at, number / 10);
	*at = (char)('0' + number % 10);
	at[1] = '\0';
	return at + 1;
}

/* Never waits: a queue of connections that is full is a process that hangs. */
static bool is_connected(long socket, char **environment)
{
	static struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/proc/self/fd/" };
	struct ucred peer = { 0, 0, 0 };
	socklen_t size = sizeof peer;
	long directory = open_run_directory(environment);
	if (directory < 0)
		return false;
	char *name = put_number(address.sun_path + sizeof "/proc/self/fd/" - 1, (unsigned)directory);
	copy((uint8_t *)name, "/" FRONT_SOCKET, sizeof "/" FRONT_SOCKET);
	long failed = call(SYS_connect, socket, (long)&address, sizeof address, 0);
	close_fd(directory);
	return failed == 0 && bare_call(SYS_getsockopt, socket, SOL_SOCKET, SO_PEERCRED, (long)&peer, (long)&size, 0) == 0 &&
	       peer.uid == (uid_t)call(SYS_geteuid, 0, 0, 0, 0);
}

/* All of it, unless nobody reads for as long as front waits. */
static bool is_sent(long socket, const uint8_t *data, size_t size)
{
	while (size > 0) {
		struct timespec patience = { 0, FRONT_PATIENCE_MS * 1000000L };
		struct pollfd wait = { (int)socket, POLLOUT, 0 };
		long done = bare_call(SYS_sendto, socket, (long)data, (long)size, MSG_NOSIGNAL, 0, 0);
		if (done > 0) {
			data += done;
			size -= (size_t)done;
		} else if (done != -EAGAIN && done != -EINTR) {
			return false;
		} else if (bare_call(SYS_ppoll, (long)&wait, 1, (long)&patience, 0, 0, 0) == 0) {
			return false;
		}
	}
	return true;
}

/* The socket has the first number after the caller's descriptors. */
static int ask(const struct front_command *command)
{
	size_t size;
	long socket = call(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, 0);
	if (socket < 0)
		return -1;
	if (is_connected(socket, command->environment)) {
		uint8_t *request = front_request(command, &size);
		if (request && is_sent(socket, request, size))
			return (int)socket;
	}
	close_fd(socket);
	return -1;
}

int front_ask(const struct front_command *command)
{
	return early == NOT_YET ? ask(command) : early;
}

char *front_package(void)
{
	static char path[PATH_MAX];
	long length = call(SYS_readlinkat, AT_FDCWD, (long)"/proc/self/exe", (long)path, PATH_MAX - 1);
	long end = length - (long)sizeof own_place + 1;
	path[length < 0 ? 0 : length] = '\0';
	if (end < 1 || !is_same(path + end, own_place))
		return NULL;
	path[end] = '\0';
	return path;
}

char **front_again(const struct front_command *command, char *package, int socket)
{
	static char number[16];
	size_t count = 0;
	while (command->arguments[count])
		count++;
	char **words = memory((count + 5) * sizeof *words), **at = words;
	if (!words)
		return NULL;
	put_number(number, (unsigned)socket);
	*at++ = "tug:[front]";
	*at++ = FRONT_SEALED;
	*at++ = number;
	*at++ = package;
	for (size_t i = 0; i < count; i++)
		*at++ = command->arguments[i];
	return words;
}

/* Where mounts cannot be cloned it returns, and front_resident.c does what can be done instead. */
static void execute_sealed(const struct front_command *command, int socket)
{
	struct kernel_mount_attr attr = { MOUNT_ATTR_RDONLY, 0, 0, 0 };
	char *package = front_package(), **again = package ? front_again(command, package, socket) : NULL;
	long file = call(SYS_open_tree, AT_FDCWD, (long)"/proc/self/exe", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, 0);
	if (again && file >= 0 &&
	    bare_call(SYS_mount_setattr, file, (long)"", AT_EMPTY_PATH, (long)&attr, sizeof attr, 0) == 0 &&
	    call(SYS_fcntl, socket, F_SETFD, 0, 0) == 0) {
		bare_call(SYS_execveat, file, (long)"", (long)again, (long)command->environment, AT_EMPTY_PATH, 0);
		call(SYS_fcntl, socket, F_SETFD, FD_CLOEXEC, 0);
	}
	close_fd(file);
}

static bool has_streams(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (call(SYS_fcntl, fd, F_GETFD, 0, 0) < 0)
			return false;
	return true;
}

#if defined(__x86_64__)
__asm__(".globl front_begin\nfront_begin:\n\tmov %rsp, %rdi\n\tpush %rdx\n\tpush %rdx\n\tcall front_before_libc\n"
	"\tpop %rdx\n\tpop %rdx\n\tjmp _start\n");
#elif defined(__aarch64__)
__asm__(".globl front_begin\nfront_begin:\n\tmov x19, x0\n\tmov x0, sp\n\tbl front_before_libc\n\tmov x0, x19\n"
	"\tb _start\n");
#endif

void front_before_libc(char **stack);

/* The kernel's stack: the count of arguments, the arguments, NULL, the environment, NULL. */
void front_before_libc(char **stack)
{
	char **argv = stack + 1;
	if (!argv[0] || !has_streams())
		return;
	const char *name = argv[0];
	for (const char *at = name; *at; at++)
		if (*at == '/')
			name = at + 1;
	struct front_command command = { is_same(name, "tug-oci"), argv + 1, argv + (uintptr_t)stack[0] + 1 };
	if (!command.oci && (!is_same(name, "tug") || !argv[1] || is_same(argv[1], "engine")))
		return;
	early = ask(&command);
	if (early >= 0 && command.oci)
		execute_sealed(&command, early);
}
