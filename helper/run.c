/* The run role: takes one plan from a socket and executes it. */
#include "guard.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include "front_resident.h"
#include "sha256.h"

enum answer_type { GREETING = 1, CREATED = 2, FAILED = 4, DONE = 5, PROTOCOL_VERSION = 1, NO_LIST = 255 };

int fail(struct run *run, int error, const char *call, const char *path)
{
	run->failure.error = error;
	run->failure.detail = 0;
	run->failure.call = call;
	strncpy(run->failure.path, path ? path : "", sizeof run->failure.path - 1);
	run->foreign_size = 0;
	return -1;
}

int fail_status(struct run *run, int status, const char *call, const char *path)
{
	fail(run, 0, call, path);
	run->failure.detail = status;
	return -1;
}

int slot_fd(struct run *run, uint16_t slot)
{
	if (slot < SLOT_COUNT && run->slot[slot] >= 0)
		return run->slot[slot];
	errno = EBADF;
	return -1;
}

int slot_set(struct run *run, uint16_t slot, int fd)
{
	if (slot < SLOT_COUNT)
		run->slot[slot] = fd;
	else
		close(fd);
	return 0;
}

void answer(struct run *run, uint8_t type, const void *content, size_t size)
{
	uint8_t head[2 * MESSAGE_HEAD + 4], *own = head;
	if (run->execution != 0)
		own = put32(put_head(head, ANSWER, 4 + MESSAGE_HEAD + size), run->execution);
	uint8_t *end = put8(put32(own, (uint32_t)size + 1), type);
	if (run->caller >= 0 && write_all(run->caller, head, (size_t)(end - head)) == 0 && size > 0)
		write_all(run->caller, content, size);
	struct iovec record[] = { { own, (size_t)(end - own) }, { (void *)(uintptr_t)content, size } };
	if (run->observer >= 0 && (type == CREATED || type == FAILED))
		RETRY(writev(run->observer, record, 2));
}

/* The content of answer 4 and of a record on exec-status. */
static size_t failure_content(const struct run *run, uint8_t *to)
{
	uint8_t *at = to;
	const char *texts[] = { run->failure.call, run->failure.path };
	at = put32(put8(at, run->list), run->index);
	at = put32(put32(at, (uint32_t)run->failure.error), (uint32_t)run->failure.detail);
	for (int i = 0; i < 2; i++) {
		size_t size = strlen(texts[i]);
		at = put32(at, (uint32_t)size);
		at = (uint8_t *)memcpy(at, texts[i], size) + size;
	}
	return (size_t)(at - to);
}

void report(struct run *run)
{
	uint8_t record[sizeof run->foreign];
	size_t size = failure_content(run, record + 4);
	put32(record, (uint32_t)size);
	/* write, not send: this also happens under the container's system call filter. */
	if (run->status >= 0)
		RETRY(write(run->status, record, size + 4));
	else if (run->stage >= 0 || run->sync >= 0)
		sync_send(run->stage >= 0 ? run->stage : run->sync, SYNC_FAILED, record + 4, size);
}

static int dispatch(struct run *run, const struct op *op)
{
	switch ((enum op_code)op->code) {
#define CASE(name) \
	case OP_##name: \
		return verb_##name(run, op->fields);
	OP_LIST(CASE)
#undef CASE
	case OP_COUNT:
		break;
	}
	return fail(run, ENOSYS, "op", NULL);
}

static bool is_ignored(const struct op *op, const struct run *run)
{
	for (unsigned i = 0; i < op->ignored; i++)
		if (run->failure.error != 0 && get16(op->ignore + 2 * i) == run->failure.error)
			return true;
	return false;
}

/* Init keeps a descriptor of the host no longer than its last reader: less for an intruder to reach for. */
static void drop_slots(struct run *run, const struct op *op)
{
	const struct op_info *info = &op_table[op->code];
	for (const struct field_info *field = &op_fields[info->first]; field < &op_fields[info->first + info->fields]; field++) {
		const void *value = (const char *)op->fields + field->offset;
		struct slots one = { value, 1 };
		const struct slots *slots = field->type == FIELD_IN ? &one : field->type == FIELD_INS ? value : NULL;
		for (uint32_t i = 0; slots && i < slots->count; i++) {
			uint16_t slot = slots->item[i];
			if (slot != NO_SLOT && run->plan.keep_until[slot] == run->index + 1)
				close_owned(&run->slot[slot]), run->slot[slot] = -1;
		}
	}
}

int run_list(struct run *run, uint8_t list)
{
	for (uint32_t i = 0; i < run->plan.count[list]; i++) {
		const struct op *op = &run->plan.list[list][i];
		run->list = list;
		run->index = i;
		if (dispatch(run, op) < 0 && !is_ignored(op, run))
			return -1;
		if (list == LIST_INIT)
			drop_slots(run, op);
	}
	return 0;
}

static void digest(struct run *run)
{
	if (!run->digested)
		sha256(run->plan.section, run->plan.section_size, run->digest);
	run->digested = true;
}

void answer_created(struct run *run)
{
	uint8_t content[12];
	put64(put32(content, (uint32_t)run->init), run->init_start);
	answer(run, CREATED, content, sizeof content);
	/* Init works by now: the time that this takes is not missing anywhere. */
	digest(run);
}

/* Reads the message; NULL when the caller has gone or sends more than a plan may hold. */
static uint8_t *receive(int fd, uint32_t *size)
{
	uint8_t length[4];
	if (read_all(fd, length, sizeof length) != sizeof length)
		return NULL;
	*size = get32(length);
	uint8_t *wire = *size > PLAN_MAX ? NULL : malloc(*size + 1);
	if (wire && read_all(fd, wire, *size) == (ssize_t)*size)
		return wire;
	free(wire);
	return NULL;
}

/* Descriptors, signals and umask of a process that must leak none of them and lose none of the caller's. */
static int prepare(struct run *run, int fd)
{
	struct statfs fs;
	memset(run, 0, sizeof *run);
	memset(run->slot, -1, sizeof run->slot);
	run->sync = run->far = run->stage = run->status = run->null = run->empty = run->init_fd = run->proc = -1;
	run->caller = fd;
	run->umask = umask(0);
	run->ordinary = geteuid() != 0;
	run->inherited = inherited_descriptors();
	if (fd >= 3 && run->inherited > (unsigned)fd - 3)
		run->inherited = (unsigned)fd - 3;
	if (guard_descriptors() < 0)
		return -1;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* a caller that ignores it would take every wait status away */
	run->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (run->proc < 0 || fstatfs(run->proc, &fs) < 0)
		return -1;
	errno = ENODEV;
	return fs.f_type == PROC_SUPER_MAGIC ? 0 : -1;
}

/* Signals for the container that come before anybody can pass them on wait for waitExit. */
static void hold_signals(struct run *run)
{
	sigset_t set;
	for (uint32_t i = 0; i < run->plan.count[LIST_HOST]; i++) {
		const struct op *op = &run->plan.list[LIST_HOST][i];
		if (op->code != OP_wait_exit || !((const struct op_wait_exit *)op->fields)->forward)
			continue;
		signals_to_forward(&set);
		sigprocmask(SIG_BLOCK, &set, run->held ? NULL : &run->mask);
		run->held = true;
	}
}

/* Executes the plan and returns what to answer. */
static bool execute(struct run *run, const uint8_t *wire, uint32_t size)
{
	struct refusal refusal;
	if (decode_plan(&run->plan, wire, size, &refusal) < 0) {
		fail(run, refusal.error, refusal.call, refusal.name);
		run->list = NO_LIST;
		run->index = refusal.op;
		return false;
	}
	hold_signals(run);
	if (run_list(run, LIST_HOST) == 0)
		return true;
	abandon_init(run);
	return false;
}

/* Descriptors, signals and umask as they were: this process may execute another plan. */
static void finish(struct run *run)
{
	const struct timespec now = { 0 };
	sigset_t late;
	int *descriptors[] = { &run->sync, &run->far, &run->proc, &run->null, &run->empty, &run->init_fd };
	for (size_t i = 0; i < sizeof descriptors / sizeof *descriptors; i++)
		close_owned(descriptors[i]);
	for (size_t i = 0; i < SLOT_COUNT; i++)
		close_owned(&run->slot[i]);
	free(run->plan.memory);
	umask(run->umask);
	if (!run->held)
		return;
	/* What was meant for the container and came after its end is nobody's. */
	signals_to_forward(&late);
	while (sigtimedwait(&late, NULL, &now) > 0)
		;
	sigprocmask(SIG_SETMASK, &run->mask, NULL);
}

/* With an error, the process is no fit place for a plan: the caller is told so. */
static int converse(struct run *run, int error)
{
	uint8_t content[sizeof run->foreign], hash[] = TUG_TABLE_HASH_BYTES;
	uint32_t size;
	memcpy(content, hash, sizeof hash);
	put32(content + sizeof hash, PROTOCOL_VERSION);
	answer(run, GREETING, content, sizeof hash + 4);
	owned_memory uint8_t *wire = receive(run->caller, &size);
	if (!wire)
		return NO_PLAN;
	if (error != 0) {
		fail(run, error, "prepare", "/proc");
		run->list = NO_LIST;
	}
	bool done = error == 0 && execute(run, wire, size);
	if (done) {
		digest(run);
		memcpy(content, run->digest, sizeof run->digest);
		put32(put8(content + sizeof run->digest, run->waited), (uint32_t)run->wait_status);
		answer(run, DONE, content, sizeof run->digest + 5);
	} else if (run->foreign_size > 0) {
		answer(run, FAILED, run->foreign, run->foreign_size);
	} else {
		answer(run, FAILED, content, failure_content(run, content));
	}
	return done ? PLAN_EXECUTED : PLAN_FAILED;
}

static int run_one(int fd, const struct plan_execution *execution, int error)
{
	static struct run run;
	if (prepare(&run, fd) < 0)
		error = errno;
	run.observer = execution->observer;
	run.execution = execution->number;
	int result = converse(&run, error);
	if (execution->status)
		*execution->status = run.waited ? run.wait_status : 0;
	finish(&run);
	return result;
}

int run_plan(int fd, const struct plan_execution *execution)
{
	return run_one(fd, execution, 0);
}

/*
 * Runs as: the caller, with all its privileges. Namespaces: the caller's. Open fds: 0 to 2, the socket, what the
 * caller leaves open for `inherit` and for the program. Must not: print, enter a namespace, trust a path twice.
 */
int run_main(int argc, char **argv)
{
	char *end, *again[] = { "tug:[run]", "run", argc == 3 ? argv[2] : NULL, NULL };
	/* Nothing here reads the environment; the room is for longer process titles. */
	char *room[] = { "TITLE=                                                                                ", NULL };
	if (argc != 3)
		return 2;
	long fd = strtol(argv[2], &end, 10);
	if (*end || fd < 0 || fcntl((int)fd, F_GETFD) < 0)
		return 2;
	int error = seal(again, room) < 0 ? errno : 0;
	title_set("tug:[run]", NULL);
	return run_one((int)fd, &(struct plan_execution){ .observer = -1 }, error);
}
