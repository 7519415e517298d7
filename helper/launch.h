/* Starting the engine: launch.c. */
#ifndef TUG_LAUNCH_H
#define TUG_LAUNCH_H

#include "base.h"

enum launch_code {
	LAUNCHED = 0,
	WRONG_USAGE = 2,
	HAS_NO_NEW_PRIVILEGES = 10,
	HAS_SECCOMP_FILTER,
	HAS_REDUCED_BOUNDING_SET,
	IN_OTHER_MOUNT_NAMESPACE,
	IN_OTHER_PID_NAMESPACE,
	IN_OTHER_USER_NAMESPACE,
	IN_OTHER_NETWORK_NAMESPACE,
	HAS_LOW_LIMITS,
	CANNOT_JOIN_CGROUP = 20,
	CANNOT_OPEN_LOG,
	CANNOT_FORK,
	CANNOT_EXECUTE,
};

/*
 * Starts what `count` words describe, as the command line of the role has them behind its name: see launch.c. `words`
 * ends with NULL. The calling process has the limits of pid 1 afterwards.
 */
enum launch_code launch(int count, char **words, pid_t *engine);

/*
 * The same unless an engine holds the lock of that descriptor, and waits until one does. Of many processes one after the
 * other comes to it, by flock(2), which does not see the engine's record locks, nor they it. The pid is 0 where nothing was
 * started.
 */
enum launch_code launch_once(int lock, int count, char **words, pid_t *engine);

/* Whether an engine holds it. */
bool launch_is_locked(int fd);

#endif
