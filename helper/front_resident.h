/* Front as a client of the resident process: docs/front-protocol.md, "front.sock". */
#ifndef TUG_FRONT_RESIDENT_H
#define TUG_FRONT_RESIDENT_H

#include "base.h"

/* In the run directory. */
#define FRONT_SOCKET "front.sock"
/* How long front waits for the resident process to read or say something. */
enum { FRONT_PATIENCE_MS = 250 };

struct front {
	const char *package; /* directory of the package that this program belongs to */
	bool oci;            /* `tug-oci`, else `tug` */
	char **arguments;    /* without the program's name */
};

/*
 * `front-sealed SOCKET PACKAGE [ARGUMENT]...` is a front of `tug-oci` that runs from a file that nobody can write, and has
 * sent its request to that descriptor.
 */
#define FRONT_SEALED "front-sealed"

/*
 * Has the resident process carry the command out and returns its exit code. -1: it cannot be used, and nothing has
 * happened; no input was read, the terminal and the signals are as they were.
 */
int front_resident(const struct front *front);

/* The same, from when the request has been sent. */
int front_asked(const struct front *front, int socket);

enum front_message { REQUEST = 1, INPUT, INPUT_END, SIGNAL, SIZE, ANSWER, CLOSED, GO };
enum { MESSAGE_HEAD = 5 };

/* The head of a message with so much content; returns the place after it. */
static inline uint8_t *put_head(uint8_t *at, enum front_message type, size_t size)
{
	return put8(put32(at, (uint32_t)size + 1), (uint8_t)type);
}

struct front_command {
	bool oci;
	char **arguments, **environment;
};

/*
 * front_request.c: the message that says what is to be done. NULL where there is no working directory, no memory, or
 * more than the other side takes.
 */
uint8_t *front_request(const struct front_command *command, size_t *size);

/* Rows and columns of the terminal, zeros where there is none. */
void front_size(uint8_t size[4]);

/*
 * front_ask.c: sends the command to whoever listens where the resident process would, unless that happened before libc
 * began. The socket, or -1.
 */
int front_ask(const struct front_command *command);

/* The package's directory, without a slash at its end; NULL where this program does not lie where its package put it. */
char *front_package(void);

/* The words with which a front of `tug-oci` executes itself again; NULL where there is no memory. */
char **front_again(const struct front_command *command, char *package, int socket);

/*
 * front_relay.c: lends the caller's streams, terminal and signals to a request that was accepted, to its end. -1: the
 * resident process has ended, and a repeatable command may be run from its beginning: nothing was printed.
 */
int front_relay(const struct front *front, int socket, bool repeatable);

#endif
