/*
 * Network namespaces that are made before somebody needs them: making one takes longer than everything else that clone
 * does for a container. docs/front-protocol.md, "A network namespace ahead".
 *
 * The keeper runs as: child of the spawner, sealed, in the namespace that it keeps. Open fds: 0 to 2 the null device, 3
 * the connection to the engine. Must not: outlive the connection, let anything else into the namespace.
 */
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include "run.h"

enum { CHANNEL = 3, ANSWER_SIZE = 12 };

static int loopback_up(void)
{
	struct ifreq device = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	owned int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd < 0 || ioctl(fd, SIOCSIFFLAGS, &device) < 0 ? -1 : 0;
}

_Noreturn void network_ahead_serve(void)
{
	char byte;
	uint8_t answer[ANSWER_SIZE];
	struct stat made;
	if (unshare(CLONE_NEWNET) < 0 || loopback_up() < 0 || stat("/proc/self/ns/net", &made) < 0)
		_exit(1);
	put64(put32(answer, (uint32_t)getpid()), made.st_ino);
	if (write_all(CHANNEL, answer, sizeof answer) < 0)
		_exit(1);
	/* Whoever sees the title finds the namespace, and that it has been told of. */
	title_set("tug:[network]", NULL);
	while (read_all(CHANNEL, &byte, 1) == 1)
		;
	_exit(0);
}

int verb_loopback_up(struct run *run, const struct op_loopback_up *op)
{
	(void)op;
	return loopback_up() < 0 ? fail(run, errno, "SIOCSIFFLAGS", "lo") : 0;
}

/*
 * The pid may be another process's by now, or mean another one to this procfs; the numbers of namespaces are the
 * machine's, and as long as one is open nothing else gets its number.
 */
int verb_network_ahead(struct run *run, const struct op_network_ahead *op)
{
	char path[64], *end;
	struct stat found;
	unsigned long pid = strtoul(op->name, &end, 10), number = *end == '/' ? strtoul(end + 1, NULL, 10) : 0;
	if (pid == 0 || number == 0)
		return 0;
	snprintf(path, sizeof path, "%lu/ns/net", pid);
	owned int fd = openat(run->proc, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 || fstat(fd, &found) < 0 || found.st_ino != number ? 0 : slot_set(run, op->out, take(&fd));
}

int verb_own_network(struct run *run, const struct op_own_network *op)
{
	int ahead = slot_fd(run, op->ahead);
	if (ahead >= 0 && setns(ahead, CLONE_NEWNET) == 0)
		return 0;
	if (unshare(CLONE_NEWNET) < 0)
		return fail(run, errno, "unshare", NULL);
	return loopback_up() < 0 ? fail(run, errno, "SIOCSIFFLAGS", "lo") : 0;
}
