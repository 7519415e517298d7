/* What verbs see of the process that executes a plan. */
#ifndef TUG_RUN_H
#define TUG_RUN_H

#include <limits.h>
#include "base.h"
#include "decode.h"

/* Two slots beyond the plan's own, for verbs that call verbs. */
enum { SLOT_SPARE = 1024, SLOT_COUNT = 1026 };

/* Why an op failed: what the caller is told in answer 4 of docs/plan-wire.md. */
struct failure {
	int error;  /* errno; 0 where a process ended badly */
	int detail; /* its raw wait status, else 0 */
	const char *call;
	char path[PATH_MAX];
};

/* The state of one process that executes a list. Children made by spawn and becomeInit go on with a copy. */
struct run {
	struct plan plan;
	struct failure failure;
	uint8_t list; /* LIST_ number of the list being executed */
	uint32_t index; /* place of the op in it */
	int slot[SLOT_COUNT]; /* -1: empty */
	int caller; /* socket to whoever sent the plan; -1 in init */
	int sync;   /* SOCK_SEQPACKET to the process at the other end of barriers; -1: none (yet, or no more) */
	int status; /* exec-status FIFO that takes the failure instead, from awaitStart on; -1: none */
	int proc;   /* procfs of the caller, checked to be one */
	int null;   /* detached mount of the caller's null device, checked; made when the root is left */
	int empty;  /* mount of an empty read-only tmpfs; made by the first mask of a directory */
	unsigned inherited; /* descriptors from 3 on that the caller had left open without a gap */
	mode_t umask; /* for programs; the helper's own is 0 */
	bool entered_user; /* the stage joined a user namespace */
	bool refused; /* the failure is foreign: foreign[] holds the content of answer 4 */
	pid_t init;
	int init_fd; /* pidfd */
	uint64_t init_start;
	struct run_outcome outcome;
	uint8_t foreign[PATH_MAX + 128];
	size_t foreign_size;
};

/* The only way out of a verb that fails: `return fail(run, errno, "openat2", path)`. `path` may be NULL. Returns -1. */
int fail(struct run *run, int error, const char *call, const char *path);

/* The descriptor in a slot; -1 and errno EBADF when the op that should have filled it failed and was ignored. */
int slot_fd(struct run *run, uint16_t slot);
/* Puts a descriptor into a slot, which owns it from then on. Returns 0. */
int slot_set(struct run *run, uint16_t slot, int fd);

/* Every verb of the table: 0, or -1 by fail(). */
#define DECLARE_VERB(name) int verb_##name(struct run *run, const struct op_##name *op);
OP_LIST(DECLARE_VERB)
#undef DECLARE_VERB

/* Executes one list from an op on; 0, or -1 with the failure recorded. */
int run_list(struct run *run, uint8_t list, uint32_t from);

#endif
