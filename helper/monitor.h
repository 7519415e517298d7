/* What the parts of the monitor share. docs/monitor-protocol.md defines every number that crosses a boundary. */
#ifndef TUG_MONITOR_H
#define TUG_MONITOR_H

#include "base.h"
#include "monitor_log.h"

enum {
	MONITOR_VERSION = 1,
	INPUT_SIZE = 64 * 1024,         /* what one read takes from the container or a client */
	QUEUE_SIZE = 2 * 1024 * 1024,   /* ring of one client; a power of two, touched only as far as used */
	QUEUE_LIMIT = 1024 * 1024,      /* what may wait for a client before the container is held back */
	CONNECTIONS_MAX = 64,           /* per socket */
	IDLE_MS = 1000,                 /* silence after which the buffers are given back */
	DRAIN_SILENCE_MS = 2000,        /* silence that ends draining after the exit */
	DRAIN_TOTAL_MS = 10000,         /* the longest that draining may take */
	LEAST_PATIENCE_MS = 2000,       /* how long a client may take for its last bytes, whatever it asked for */
	OOM_LOOK_MS = 2000,             /* how long a kill is waited for */
	OOM_STEP_MS = 50,
	NEVER = -1,
};

/* Bits of the request's field 3. */
enum { REQUEST_TERMINAL = 1, REQUEST_OPEN_STDIN = 2, REQUEST_STDIN_ONCE = 4, REQUEST_REVIVES = 8, REQUEST_HOLDS = 16 };

/* Descriptors that the run role finds in a plan that a monitor executes. */
enum { RUN_CONSOLE = 3, RUN_CHANNEL = 4 };

struct monitor_request {
	const char *id, *directory;
	uint32_t flags, rows, columns;
	uint32_t owner; /* uid that owns the pipes; UINT32_MAX leaves it */
	struct log_settings log;
	const char *oom_file, *oom_control;
	const char *start; /* file that describes how an engine is started; "": nobody starts one */
	void *memory; /* what the texts point into */
};

struct monitor;

/* One descriptor of the loop. It is the first member of what it belongs to. */
struct watch {
	int fd; /* -1: none */
	uint32_t events;
	bool added;
	void (*ready)(struct monitor *m, struct watch *w, uint32_t events);
};

/* Output of the container: a pipe, or the master of its terminal. */
struct source {
	struct watch watch;
	struct line line;
	bool hung; /* no process has the terminal open: wait for an edge, a level would spin */
};

/* Input of the container. */
struct sink {
	struct watch watch;
	char *pending; /* what did not fit */
	size_t begin, end;
	bool close_when_written;
};

struct client;  /* a connection to the attach socket */
struct control; /* a connection to the control socket */

struct monitor {
	struct monitor_request request;
	int epoll, directory;
	struct watch signals, notice, console, attach_socket, control_socket, oom;
	struct source output[2]; /* stdout or the terminal, stderr */
	struct sink input;
	struct client *clients;
	struct control *controls;
	struct log log;
	char *buffer; /* INPUT_SIZE */
	char *memory; /* all buffers */
	bool dirty;   /* they have been used since they were given back */
	bool waiting; /* nothing is read before the container is created */
	bool held;    /* a client is behind: the container's output is not read */
	bool revives; /* an engine is brought back when the container ends */
	uint32_t rows, columns;

	pid_t run, init; /* init: 0 until it is created */
	uint64_t init_start;
	bool created, run_ended, init_ended;
	int run_status, init_status;
	uint8_t *failure; /* content of the run role's answer "failed" */
	size_t failure_size;
	uint64_t oom_kills, oom_kills_before;
	int64_t oom_until; /* clock_ms() up to which a kill may follow the notice that memory is short */
	int64_t finished_at; /* ns since 1970; 0: the container has not ended */
	bool recorded, drained;
	int64_t ended, last_output; /* clock_ms() */
};

/*
 * monitor.c: becomes the monitor that the request on the channel describes. For a process that was forked for it, is
 * sealed, and has nothing open but the null device as 0 to 2 and the channel.
 */
_Noreturn void monitor_serve(int channel);
void watch_add(struct monitor *m, struct watch *w, uint32_t events);
void watch_change(struct monitor *m, struct watch *w, uint32_t events);
void watch_remove(struct monitor *m, struct watch *w);
void watch_close(struct monitor *m, struct watch *w);
int watch_accept(struct monitor *m, struct watch *w); /* a connection, or -1 */

/* monitor_request.c: reads the request; what follows it is left in the descriptor. -1 and errno on failure. */
int monitor_request_read(int fd, struct monitor_request *request);

/*
 * monitor_setup.c: makes streams, sockets and log, forks the run role, opens the loop. On failure returns -1 with
 * errno, and the name of the call and the path in question.
 */
int monitor_setup(struct monitor *m, int channel, const char **call, const char **path);

/* monitor_stream.c: the container's streams. */
void source_open(struct monitor *m, struct source *s, int fd);
void source_close(struct monitor *m, struct source *s);
void sources_begin(struct monitor *m); /* reads those that were opened and left alone until now */
void sources_hold(struct monitor *m, bool held);
void sink_write(struct monitor *m, const char *data, size_t length);
void sink_end(struct monitor *m);  /* no more input will come; a terminal stays open */
void sink_drop(struct monitor *m); /* nobody reads it any more */
void terminal_ready(struct monitor *m, struct watch *w, uint32_t events);
int terminal_resize(struct monitor *m, uint32_t rows, uint32_t columns);

/* monitor_attach.c: clients of the attach socket. */
void attach_ready(struct monitor *m, struct watch *w, uint32_t events);
void clients_send(struct monitor *m, uint8_t stream, const char *data, size_t length);
void clients_update(struct monitor *m);
void clients_finish(struct monitor *m);
void clients_sweep(struct monitor *m);
void clients_give_back(struct monitor *m);
int clients_count(const struct monitor *m);
int64_t clients_deadline(const struct monitor *m);

/* monitor_control.c: clients of the control socket. */
enum { EVENT_OOM = 0x8001, EVENT_EXIT = 0x8002, EVENT_DRAINED = 0x8003 };
void control_ready(struct monitor *m, struct watch *w, uint32_t events);
void controls_tell(struct monitor *m, uint16_t type, const void *content, size_t length);
void controls_sweep(struct monitor *m);

/* monitor_exit.c: what becomes of the container's processes. */
enum { FAILURE_MAX = 6 * 1024, EXIT_RECORD_MAX = 8 * 1024 };
void notice_ready(struct monitor *m, struct watch *w, uint32_t events);
void signals_ready(struct monitor *m, struct watch *w, uint32_t events);
void oom_look(struct monitor *m);
uint64_t oom_count(const struct monitor *m);
size_t exit_record(const struct monitor *m, uint8_t record[EXIT_RECORD_MAX]);
void exit_record_write(struct monitor *m);

/*
 * revive.c: has a child bring an engine back if the container is one that wants it and no engine takes up its exit record,
 * which has been written.
 */
void revive(const struct monitor *m);
/* The same where an engine has said that it is wanted, by a file, and the caller knows that it is gone. */
void revive_wanted(const char *start, const char *wanted);

#endif
