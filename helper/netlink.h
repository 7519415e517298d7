/* Netlink, for the verbs that speak it. */
#ifndef TUG_NETLINK_H
#define TUG_NETLINK_H

#include "run.h"

#define OWN_NETWORK (-2)

/* What the kernel said to the messages of one datagram. */
struct replies {
	int error; /* of the first message that was refused */
	char words[256]; /* the kernel's own about that, or empty */
	uint8_t *data; /* messages that are neither errors nor ends are put behind what is there; NULL where nobody wants them */
	size_t size;
};

/* The network namespace of a process that has not been reaped, 0: this one; -1 and errno. */
int network_namespace(struct run *run, pid_t pid);
/* A socket in a network namespace, or in OWN_NETWORK; -1 and errno. */
int netlink_socket(struct run *run, int namespace, int protocol);
/* Sends messages as one datagram and takes the replies. 0, or the errno by which sending or a message failed. */
int netlink_ask(int fd, const void *messages, size_t size, struct replies *replies);

#endif
