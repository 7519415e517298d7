/* Readiness of a container, passed on to the service manager that the caller runs under: sd_notify(3). */
#ifndef TUG_READINESS_H
#define TUG_READINESS_H

#include <sys/types.h>

/*
 * Takes one message of the container. Only "READY=" is passed on, and with `pid`, if that is not 0, that this is the
 * process to follow from now on. 1 if so, 0 if the message was another, -1 and errno where the manager cannot be told.
 */
int readiness_pass(int socket, const char *manager, pid_t pid);

#endif
