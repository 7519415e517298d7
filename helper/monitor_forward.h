/* Another place where lines of output go: a daemon of the host that takes datagrams. */
#ifndef TUG_MONITOR_FORWARD_H
#define TUG_MONITOR_FORWARD_H

#include "base.h"
#include "monitor_record.h"

struct forward_settings {
	const char *socket;      /* path; "": there is none */
	const char *prefixes[2]; /* of a line of stdout, of stderr */
	const char *suffix;      /* of a line */
	const char *more;        /* of a piece that does not end its line */
};

struct forward {
	const struct forward_settings *settings;
	int fd;        /* -1: not connected */
	int64_t retry; /* seconds: not before then the daemon is looked for again */
};

/* Sends one piece of a line. Never waits: what the daemon does not take at once is dropped. */
void forward_send(struct forward *forward, const struct piece *piece, bool is_error);

#endif
