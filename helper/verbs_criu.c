/*
 * criu, which dumps processes and restores them, is spoken to in its own protocol: messages of protocol buffers, one record
 * each. Whoever made the plan has encoded what criu is asked for; here its answers are read and its notices acknowledged.
 * Source: https://github.com/checkpoint-restore/criu/blob/v4.1/images/rpc.proto
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "run.h"

/* The numbers of rpc.proto: fields of criu_resp and criu_notify, and the type of a notice. */
enum { RESP_TYPE = 1, RESP_SUCCESS = 2, RESP_NOTIFY = 5, RESP_ERRNO = 7, NOTIFY_SCRIPT = 1, NOTIFY_PID = 2, NOTIFY = 6 };
/* Kinds of values: https://protobuf.dev/programming-guides/encoding/#structure */
enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };
enum { CRIU_STREAMS = 1, CHANNEL = 3, FIRST_PASSED = 4, HIGH = 512, PASSED_MAX = 64, ANSWER_MAX = 65536 };

struct wire {
	const uint8_t *at, *end;
	uint64_t number, value; /* of the field that was read last */
	const uint8_t *bytes;
	size_t size;
};

struct criu_answer {
	uint64_t type, success, error, pid;
	char script[32];
};

static bool read_varint(struct wire *wire, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; shift < 64 && wire->at < wire->end; shift += 7) {
		uint8_t byte = *wire->at++;
		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return true;
	}
	return false;
}

/* The next field; false at the end, and with `at` before the end where the message is damaged. */
static bool read_field(struct wire *wire)
{
	const uint8_t *begin = wire->at;
	uint64_t tag, size;
	if (wire->at == wire->end || !read_varint(wire, &tag))
		return false;
	wire->number = tag >> 3;
	wire->bytes = NULL;
	wire->size = 0;
	unsigned kind = tag & 7;
	if (kind == WIRE_VARINT && read_varint(wire, &wire->value))
		return true;
	size = kind == WIRE_64 ? 8 : 4;
	bool sized = kind == WIRE_64 || kind == WIRE_32 || (kind == WIRE_BYTES && read_varint(wire, &size));
	if (!sized || size > (uint64_t)(wire->end - wire->at)) {
		wire->at = begin;
		return false;
	}
	wire->bytes = wire->at;
	wire->size = (size_t)size;
	wire->at += size;
	return true;
}

static int read_notice(const struct wire *outer, struct criu_answer *answer)
{
	struct wire wire = { .at = outer->bytes, .end = outer->bytes + outer->size };
	while (read_field(&wire)) {
		if (wire.number == NOTIFY_PID && !wire.bytes)
			answer->pid = wire.value;
		if (wire.number == NOTIFY_SCRIPT && wire.bytes && wire.size < sizeof answer->script)
			memcpy(answer->script, wire.bytes, wire.size);
	}
	return wire.at == wire.end ? 0 : -1;
}

static int read_answer(const uint8_t *message, size_t size, struct criu_answer *answer)
{
	struct wire wire = { .at = message, .end = message + size };
	memset(answer, 0, sizeof *answer);
	while (read_field(&wire)) {
		if (wire.number == RESP_NOTIFY && wire.bytes && read_notice(&wire, answer) < 0)
			return -1;
		if (wire.bytes)
			continue;
		if (wire.number == RESP_TYPE)
			answer->type = wire.value;
		else if (wire.number == RESP_SUCCESS)
			answer->success = wire.value;
		else if (wire.number == RESP_ERRNO)
			answer->error = wire.value;
	}
	return wire.at == wire.end ? 0 : -1;
}

/*
 * Everything but the numbers that criu is to find them at is close-on-exec. The directories are opened in the mount namespace
 * that criu works in, because it makes mounts below them.
 */
static int pass_descriptors(struct run *run, const struct strings *directories, const struct slots *slots)
{
	int high[PASSED_MAX];
	uint32_t first = directories->count, count = first + slots->count;
	if (first > PASSED_MAX || slots->count > PASSED_MAX - first) {
		errno = E2BIG;
		return -1;
	}
	for (uint32_t i = 0; i < count; i++) {
		owned int opened = i < first ? open(directories->item[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
		high[i] = fcntl(i < first ? opened : slot_fd(run, slots->item[i - first]), F_DUPFD_CLOEXEC, HIGH);
		if (high[i] < 0)
			return -1;
	}
	for (uint32_t i = 0; i < count; i++)
		if (dup2(high[i], FIRST_PASSED + (int)i) < 0)
			return -1;
	return 0;
}

/*
 * The pair is made here, because criu opens descriptors that a request names in the process that made it.
 */
static int make_channel(int link, int *own)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0 || send_fd(link, "c", pair[0]) < 0)
		return -1;
	close(pair[0]);
	*own = fcntl(pair[1], F_DUPFD_CLOEXEC, HIGH);
	return *own < 0 ? -1 : 0;
}

static int join_groups(struct run *run, const struct slots *groups)
{
	for (uint32_t i = 0; i < groups->count; i++)
		if (write_file(slot_fd(run, groups->item[i]), "cgroup.procs", "0") < 0)
			return -1;
	return 0;
}

static int use_streams(const struct op_call_criu *op)
{
	owned int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd < 3 && !(op->flags & CRIU_STREAMS); fd++)
		if (null < 0 || dup2(null, fd) < 0)
			return -1;
	return 0;
}

/*
 * Runs as: child of the process that executes the list, in the container's groups. Namespaces: its, but for the mounts.
 * Open fds: 0 to 2, `link`. Must not: return, keep anything of the helper's own signals, umask or descriptors.
 */
static _Noreturn void criu_main(struct run *run, const struct op_call_criu *op, int link)
{
	int channel = -1, far = fcntl(link, F_DUPFD_CLOEXEC, HIGH);
	bool ready = far >= 0 && make_channel(far, &channel) == 0 && join_groups(run, &op->groups) == 0 &&
		     mount_view(run, &op->mounts, &op->places) == 0 && use_streams(op) == 0 &&
		     pass_descriptors(run, &op->directories, &op->descriptors) == 0 && dup2(channel, CHANNEL) == CHANNEL;
	signals_default();
	umask(022);
	if (ready)
		execve(op->path, (char **)op->args.item, (char **)op->env.item);
	int error = errno;
	write_all(far, &error, sizeof error);
	_exit(127);
}

int verb_call_criu(struct run *run, const struct op_call_criu *op)
{
	int link[2], error;
	/* Before any process of the container could look at this one or its children. */
	prctl(PR_SET_DUMPABLE, 0);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, link) < 0)
		return fail(run, errno, "socketpair", op->path);
	owned int near = link[0], far = link[1];
	pid_t pid = fork();
	if (pid == 0)
		criu_main(run, op, far);
	close_owned(&far);
	far = -1;
	owned int process = pid < 0 ? -1 : kernel_pidfd_open(pid);
	if (process < 0)
		return fail(run, errno, "fork", op->path);
	owned int channel = receive_fd(near, NULL, 0);
	bool failed = read_all(near, &error, sizeof error) == sizeof error;
	if (failed || channel < 0) {
		RETRY(waitpid(pid, NULL, 0));
		return fail(run, failed ? error : EPIPE, "execve", op->path);
	}
	/* One that is dead already is found when it is waited for. */
	if (RETRY(send(channel, op->request.data, op->request.size, MSG_NOSIGNAL)) < 0 && errno != EPIPE)
		return fail(run, errno, "send", op->path);
	slot_set(run, op->channel, take(&channel));
	return slot_set(run, op->process, take(&process));
}

/* The next record, and the descriptor that comes with it; 0 at the end, -1 on failure. */
static ssize_t receive_record(int channel, uint8_t *to, size_t room, int *passed)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec data = { to, room };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space,
	};
	ssize_t size = RETRY(recvmsg(channel, &message, MSG_CMSG_CLOEXEC));
	struct cmsghdr *head = size < 0 ? NULL : CMSG_FIRSTHDR(&message);
	if (head && head->cmsg_type == SCM_RIGHTS && head->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(passed, CMSG_DATA(head), sizeof *passed);
	if (message.msg_flags & MSG_TRUNC) {
		errno = EMSGSIZE;
		return -1;
	}
	return size;
}

/* Whether something has come, or can no more: processes that criu has made hold the channel open when it is dead. */
static bool has_come(int channel, int process)
{
	struct pollfd wait[] = { { channel, POLLIN, 0 }, { process, POLLIN, 0 } };
	if (RETRY(poll(wait, 2, -1)) < 0)
		return false;
	/* What it said last came before its end. */
	return wait[0].revents != 0 || RETRY(poll(wait, 1, 0)) > 0;
}

/* Waits for criu's own end: its wait status as waitpid(2) has it, or -1. */
static int criu_end(int process)
{
	siginfo_t info = { 0 };
	if (RETRY(waitid((idtype_t)P_PIDFD, (id_t)process, &info, WEXITED)) < 0)
		return -1;
	return info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
}

static int criu_failed(struct run *run, const struct op_await_criu *op, const struct criu_answer *answer)
{
	int status = criu_end(slot_fd(run, op->process));
	if (answer && answer->error > 0 && answer->error < 4096)
		return fail(run, (int)answer->error, "criu", NULL);
	return status > 0 ? fail_status(run, status, "criu", NULL) : fail(run, ECANCELED, "criu", NULL);
}

/* What criu restores first is the container's init: a child of this process, because criu makes it its own sibling. */
static int adopt(struct run *run, const struct criu_answer *answer)
{
	if (answer->pid <= 1 || answer->pid > INT32_MAX)
		return fail(run, EPROTO, "criu", NULL);
	if (run->init == (pid_t)answer->pid)
		return 0;
	run->init_fd = kernel_pidfd_open((pid_t)answer->pid);
	run->init_start = run->init_fd < 0 ? 0 : start_time_of(run->proc, (pid_t)answer->pid);
	if (run->init_start == 0)
		return fail(run, ESRCH, "pidfd_open", NULL);
	run->init = (pid_t)answer->pid;
	return 0;
}

/* Says "go on", which a notice waits for: a criu_req of type NOTIFY with notify_success. */
static int acknowledge(struct run *run, int channel)
{
	static const uint8_t request[] = { 0x08, NOTIFY, 0x18, 1 };
	if (RETRY(send(channel, request, sizeof request, MSG_NOSIGNAL)) < 0 && errno != EPIPE)
		return fail(run, errno, "send", NULL);
	return 0;
}

int verb_await_criu(struct run *run, const struct op_await_criu *op)
{
	int channel = slot_fd(run, op->channel);
	owned_memory uint8_t *message = malloc(ANSWER_MAX);
	struct criu_answer answer;
	if (!message || (op->go && acknowledge(run, channel) < 0))
		return message ? -1 : fail(run, ENOMEM, "malloc", NULL);
	for (;;) {
		owned int passed = -1;
		bool come = has_come(channel, slot_fd(run, op->process));
		ssize_t size = come ? receive_record(channel, message, ANSWER_MAX, &passed) : 0;
		if (size <= 0)
			return criu_failed(run, op, NULL);
		if (read_answer(message, (size_t)size, &answer) < 0)
			return fail(run, EPROTO, "criu", NULL);
		if (!answer.success)
			return criu_failed(run, op, &answer);
		if (answer.type != NOTIFY)
			break;
		if (passed >= 0 && op->console != NO_SLOT && send_fd(slot_fd(run, op->console), "console", passed) < 0)
			return fail(run, errno, "sendmsg", "console");
		if (answer.pid != 0 && adopt(run, &answer) < 0)
			return -1;
		if (*op->until && strcmp(op->until, answer.script) == 0)
			return 0;
		if (acknowledge(run, channel) < 0)
			return -1;
	}
	int status = criu_end(slot_fd(run, op->process));
	if (status != 0)
		return status < 0 ? fail(run, errno, "waitid", NULL) : fail_status(run, status, "criu", NULL);
	if (*op->until)
		return fail(run, EPROTO, "criu", NULL);
	if (run->init > 0)
		answer_created(run);
	return 0;
}
