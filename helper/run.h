/* What verbs see of the process that executes a plan. */
#ifndef TUG_RUN_H
#define TUG_RUN_H

#include <limits.h>
#include "base.h"
#include "decode.h"

/* Two slots beyond the plan's own, for verbs that call verbs. */
enum { SLOT_SPARE = 1024, SLOT_COUNT = 1026 };

#define NO_UMASK ((mode_t)-1)

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
	uint8_t list;   /* LIST_ number of the op being executed */
	uint32_t index; /* its place there */
	int slot[SLOT_COUNT]; /* -1: empty */
	int caller; /* socket to whoever sent the plan; -1 in stage and init */
	uint32_t execution; /* number that the caller gave this plan; 0: it executes but one */
	int observer; /* socket that is told of "created" and "failed" too; -1: none, and in init and stage */
	int sync;   /* SOCK_SEQPACKET to the process at the other end of barriers; -1: none (yet, or no more) */
	int far;    /* before spawn: the end of that pair that init takes */
	int stage;  /* in a forked stage: channel to the host process; else -1 */
	int status; /* exec-status FIFO that takes the failure instead, from awaitStart on; -1: none */
	int proc;   /* procfs of the caller, checked to be one */
	int null;   /* detached mount of the caller's null device, checked; made when the root is left */
	int empty;  /* mount of an empty read-only tmpfs; made by the first mask of a directory */
	bool null_attached, empty_attached; /* by the first mask that used it; clones from then on */
	unsigned inherited; /* descriptors from 3 on that the caller had left open without a gap */
	bool held;          /* signals wait for waitExit; before them the mask was `mask` */
	sigset_t mask;
	mode_t umask;       /* for programs, the helper's own is 0; NO_UMASK once the process has the final one */
	bool entered_user;  /* the stage joined a user namespace */
	bool ordinary;      /* the caller is not root */
	bool forked;        /* the stage is a process of its own */
	bool in_directory;  /* the working directory has been entered, by a user who may no longer be the one */
	char home[PATH_MAX]; /* "HOME=..." for the program; empty: its environment stays as it is */
	char **env; /* the environment with HOME, once that has been added */
	uint64_t files_soft, files_hard; /* limit of open files to set before exec; files_hard 0: none */
	pid_t init;         /* 0: none, or reaped */
	int init_fd;        /* its pidfd */
	uint64_t init_start;
	bool waited;
	int wait_status; /* of init, if waited */
	uint8_t digest[32];
	bool digested;
	uint8_t foreign[PATH_MAX + 256]; /* a message of init or stage; if it is a failure, what the caller is told */
	size_t foreign_size; /* of the failure in it; 0: the failure is our own */
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

/* The same for a process that ended badly: `status` is its wait status. */
int fail_status(struct run *run, int status, const char *call, const char *path);
/* Executes one list; 0, or -1 with the failure recorded. */
int run_list(struct run *run, uint8_t list);
/* Sends an answer of docs/plan-wire.md; that nobody listens any more is no failure. */
void answer(struct run *run, uint8_t type, const void *content, size_t size);
/* Tells whoever waits why this process fails: the host process, or the reader of exec-status. */
void report(struct run *run);
/* Answers "created" and computes the digest of the plan. */
void answer_created(struct run *run);

/* stage.c: what the two ends of the sync pair say to each other. */
enum sync_kind { SYNC_BARRIER = 1, SYNC_FAILED, SYNC_EXEC, SYNC_PID };
int sync_send(int socket, enum sync_kind kind, const void *content, size_t size);
/* Ends init, if there is one, and reaps it. */
void abandon_init(struct run *run);

/* Writes below the caller's procfs, which was checked at the start. 0, or -1 by fail(). */
int write_proc(struct run *run, const char *path, const char *text);
/*
 * The same for a file of this process, before anybody of the container is there: files of a process that is not dumpable
 * belong to root, so it becomes dumpable for a moment where the caller is not.
 */
int write_own(struct run *run, const char *path, const char *text);

/*
 * Enters a mount namespace of this process's own, in which the detached mounts are attached: it lasts as long as a container
 * that is made there does, and the host sees nothing of it. Mounts that the host makes later still arrive. 0, or -1 and errno.
 */
int mount_view(struct run *run, const struct slots *mounts, const struct strings *places);

#endif
