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

enum { REQUEST_MAX = 4 * 1024 * 1024 /* what the other side takes */ };

/* Where the program lies in its package. */
static const char own_place[] = "/dist/helper/tug-helper";

/* What front_before_libc has: a socket, -1 for none, NOT_YET where it did not run. */
enum { NOT_YET = -2 };
static int early = NOT_YET;

static inline long call(long number, long a, long b, long c, long d)
{
	return bare_call(number, a, b, c, d, 0, 0);
}

static void close_fd(long fd)
{
	if (fd >= 0)
		call(SYS_close, fd, 0, 0, 0);
}

static size_t length_of(const char *text)
{
	size_t length = 0;
	while (text[length])
		length++;
	return length;
}

static uint8_t *copy(uint8_t *to, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		to[i] = (uint8_t)text[i];
	return to + length;
}

/* What stands behind a prefix, or NULL. */
static const char *after(const char *text, const char *prefix)
{
	for (; *prefix; text++, prefix++)
		if (*text != *prefix)
			return NULL;
	return text;
}

static bool is_same(const char *one, const char *other)
{
	const char *rest = after(one, other);
	return rest && *rest == '\0';
}

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

void front_size(uint8_t size[4])
{
	static const int order[] = { 1, 2, 0 };
	struct winsize window = { 0, 0, 0, 0 };
	for (size_t i = 0; i < 3 && call(SYS_ioctl, order[i], TIOCGWINSZ, (long)&window, 0) < 0; i++)
		;
	put16(put16(size, window.ws_row), window.ws_col);
}

static uint8_t terminals(void)
{
	uint8_t bits = 0;
	struct {
		unsigned flags[4];
		unsigned char characters[64];
	} settings; /* more than any architecture's */
	for (int fd = 0; fd < 3; fd++)
		if (call(SYS_ioctl, fd, TCGETS, (long)&settings, 0) == 0)
			bits |= (uint8_t)(1 << fd);
	return bits;
}

/* Callers remove a directory and call from within it: it has the name then that /proc shows, which leads nowhere. */
static size_t working_directory(char path[PATH_MAX])
{
	long length = call(SYS_getcwd, (long)path, PATH_MAX, 0, 0) - 1;
	if (length < 1 || path[0] != '/')
		length = call(SYS_readlinkat, AT_FDCWD, (long)"/proc/self/cwd", (long)path, PATH_MAX - 1);
	return length < 1 ? 0 : (size_t)length;
}

static size_t texts_size(char **texts)
{
	size_t size = 4;
	for (; *texts; texts++)
		size += 4 + length_of(*texts);
	return size;
}

static uint8_t *put_text(uint8_t *at, const char *text, size_t length)
{
	return copy(put32(at, (uint32_t)length), text, length);
}

static uint8_t *put_texts(uint8_t *at, char **texts)
{
	uint8_t *count = at;
	uint32_t number = 0;
	at += 4;
	for (; *texts; texts++, number++)
		at = put_text(at, *texts, length_of(*texts));
	put32(count, number);
	return at;
}

static void *memory(size_t size)
{
	long at = bare_call(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at < 0 && at > -4096 ? NULL : (void *)at;
}

/* The whole message; NULL where there is no working directory or the command is too long. */
static uint8_t *make_request(const struct front_command *command, size_t *size)
{
	char directory[PATH_MAX];
	size_t length = working_directory(directory);
	size_t content = 18 + length + texts_size(command->arguments) + texts_size(command->environment);
	*size = MESSAGE_HEAD + content;
	uint8_t *message = length == 0 || *size > REQUEST_MAX ? NULL : memory(*size);
	if (!message)
		return NULL;
	long mask = call(SYS_umask, 0, 0, 0, 0);
	call(SYS_umask, mask, 0, 0, 0);
	uint8_t *at = put8(put_head(message, REQUEST, content), command->oci ? 2 : 1);
	at = put_text(put32(at, (uint32_t)call(SYS_getpid, 0, 0, 0, 0)), directory, length);
	at = put8(put32(at, (uint32_t)mask), terminals());
	front_size(at);
	put_texts(put_texts(at + 4, command->arguments), command->environment);
	return message;
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
		uint8_t *request = make_request(command, &size);
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
