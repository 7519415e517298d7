/* Control groups of both versions: cgroups(7). Directories are walked by descriptor and never through a link. */
#include <dirent.h>
#include <linux/bpf.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include "run.h"

enum { PAUSE_MIN_MS = 1, PAUSE_MAX_MS = 20, PROGRAMS_MAX = 64, DEPTH_MAX = 64, TURNS_MAX = 1000 };

static int open_group(int parent, const char *path)
{
	struct statfs fs;
	owned int fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return -1;
	if (fs.f_type == CGROUP_SUPER_MAGIC || fs.f_type == CGROUP2_SUPER_MAGIC)
		return take(&fd);
	errno = EINVAL;
	return -1;
}

/* A fresh v1 cpuset holds nothing and takes no process: give it what its parent has. Source: cgroup-v1/cpusets.rst */
static int inherit_cpuset(int parent, int group)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	for (size_t i = 0; i < 2; i++) {
		char value[4096];
		ssize_t size = read_file(group, files[i], value, sizeof value);
		if (size == 0 && read_file(parent, files[i], value, sizeof value) >= 0)
			size = write_file(group, files[i], value) < 0 ? -1 : 1;
		if (size < 0)
			return -1;
	}
	return 0;
}

/*
 * One by one, because the kernel takes all or nothing: a controller may be missing here, or busy in a group that has
 * processes of its own.
 */
static void enable_controllers(int group, const struct strings *controllers)
{
	for (uint32_t i = 0; i < controllers->count; i++) {
		char command[64];
		if (snprintf(command, sizeof command, "+%s", controllers->item[i]) < (int)sizeof command)
			write_file(group, "cgroup.subtree_control", command);
	}
}

/* Goes down from a hierarchy's root to a group, making what is not there. */
static int make_groups(int *group, const struct op_cgroup_create *op)
{
	char name[NAME_MAX + 1];
	for (const char *at = op->path; *(at += strspn(at, "/"));) {
		size_t size = strcspn(at, "/");
		if (size >= sizeof name || (size <= 2 && strncmp(at, "..", size) == 0)) {
			errno = EINVAL;
			return -1;
		}
		memcpy(name, at, size);
		name[size] = '\0';
		at += size;
		enable_controllers(*group, &op->controllers);
		if (mkdirat(*group, name, 0755) < 0 && errno != EEXIST)
			return -1;
		owned int below = open_group(*group, name);
		if (below < 0 || (op->cpuset && inherit_cpuset(*group, below) < 0))
			return -1;
		close_owned(group);
		*group = take(&below);
	}
	return 0;
}

int verb_cgroup_create(struct run *run, const struct op_cgroup_create *op)
{
	/* Whoever tidies up may take a group away that is above and still empty. */
	for (int tries = 8;; tries--) {
		owned int group = open_group(AT_FDCWD, op->mount);
		if (group < 0)
			return fail(run, errno, "open", op->mount);
		if (make_groups(&group, op) == 0)
			return slot_set(run, op->out, take(&group));
		if (errno != ENOENT || tries == 0)
			return fail(run, errno, "mkdirat", op->path);
	}
}

int verb_cgroup_open(struct run *run, const struct op_cgroup_open *op)
{
	int group = open_group(AT_FDCWD, op->path);
	return group < 0 ? fail(run, errno, "open", op->path) : slot_set(run, op->out, group);
}

int verb_cgroup_set(struct run *run, const struct op_cgroup_set *op)
{
	int group = slot_fd(run, op->group);
	if (strchr(op->file, '/') || strchr(op->else_file, '/'))
		return fail(run, EINVAL, "openat", op->file);
	if (write_file(group, op->file, op->value) == 0)
		return 0;
	if (errno != ENOENT || !*op->else_file)
		return fail(run, errno, "write", op->file);
	return write_file(group, op->else_file, op->else_value) < 0 ? fail(run, errno, "write", op->else_file) : 0;
}

/* Moves the processes that a group has at the moment; how many there were, or -1. One that has ended is none. */
static int move_processes(int group, int leaf)
{
	char line[32];
	int count = 0, fd = openat(group, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	FILE *stream = fd < 0 ? NULL : fdopen(fd, "r");
	if (!stream) {
		close_owned(&fd);
		return -1;
	}
	for (; count >= 0 && fgets(line, sizeof line, stream); count++)
		if (write_file(leaf, "cgroup.procs", line) < 0 && errno != ESRCH)
			count = -2;
	int error = errno;
	fclose(stream);
	errno = error;
	return count;
}

int verb_cgroup_vacate(struct run *run, const struct op_cgroup_vacate *op)
{
	owned int group = open_group(AT_FDCWD, op->path);
	if (group < 0)
		return fail(run, errno, "open", op->path);
	if (strchr(op->leaf, '/') || (mkdirat(group, op->leaf, 0755) < 0 && errno != EEXIST))
		return fail(run, strchr(op->leaf, '/') ? EINVAL : errno, "mkdirat", op->path);
	owned int leaf = open_group(group, op->leaf);
	if (leaf < 0)
		return fail(run, errno, "openat", op->path);
	/* Again while there are any: one that was just born was not listed. */
	for (int turn = 0; turn < TURNS_MAX; turn++) {
		int moved = move_processes(group, leaf);
		if (moved <= 0)
			return moved < 0 ? fail(run, errno, "write", op->path) : 0;
	}
	return fail(run, EBUSY, "write", op->path);
}

int verb_cgroup_join(struct run *run, const struct op_cgroup_join *op)
{
	const char *file = op->version == 1 ? "tasks" : "cgroup.procs";
	return write_file(slot_fd(run, op->group), file, "0") < 0 ? fail(run, errno, "write", file) : 0;
}

static int load_program(const struct op_cgroup_devices *op)
{
	union bpf_attr attr = { 0 };
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uint64_t)(uintptr_t)op->program.data;
	attr.insn_cnt = op->program.size / sizeof(struct bpf_insn);
	attr.license = (uint64_t)(uintptr_t)"Apache-2.0";
	return kernel_bpf(BPF_PROG_LOAD, &attr, sizeof attr);
}

static int attach_program(int group, int program, int replaced)
{
	union bpf_attr attr = { 0 };
	attr.target_fd = (uint32_t)group;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI | (replaced >= 0 ? BPF_F_REPLACE : 0);
	attr.replace_bpf_fd = replaced >= 0 ? (uint32_t)replaced : 0;
	return kernel_bpf(BPF_PROG_ATTACH, &attr, sizeof attr);
}

static int program_by_id(uint32_t id)
{
	union bpf_attr attr = { 0 };
	attr.prog_id = id;
	return kernel_bpf(BPF_PROG_GET_FD_BY_ID, &attr, sizeof attr);
}

/* All attached programs must allow an access, so the new one comes first and then the old ones go. */
int verb_cgroup_devices(struct run *run, const struct op_cgroup_devices *op)
{
	uint32_t ids[PROGRAMS_MAX];
	union bpf_attr query = { 0 };
	int group = slot_fd(run, op->group);
	owned int program = load_program(op);
	if (program < 0)
		return fail(run, errno, "bpf", "BPF_PROG_LOAD");
	query.query.target_fd = (uint32_t)group;
	query.query.attach_type = BPF_CGROUP_DEVICE;
	query.query.prog_ids = (uint64_t)(uintptr_t)ids;
	query.query.prog_cnt = PROGRAMS_MAX;
	if (kernel_bpf(BPF_PROG_QUERY, &query, sizeof query) < 0)
		return fail(run, errno, "bpf", "BPF_PROG_QUERY");
	uint32_t count = query.query.prog_cnt;
	owned int single = count == 1 ? program_by_id(ids[0]) : -1;
	if (single >= 0 && attach_program(group, program, single) == 0)
		return 0;
	if (attach_program(group, program, -1) < 0)
		return fail(run, errno, "bpf", "BPF_PROG_ATTACH");
	for (uint32_t i = 0; i < count; i++) {
		union bpf_attr attr = { 0 };
		owned int old = program_by_id(ids[i]);
		attr.target_fd = (uint32_t)group;
		attr.attach_bpf_fd = (uint32_t)old;
		attr.attach_type = BPF_CGROUP_DEVICE;
		if (old < 0 || kernel_bpf(BPF_PROG_DETACH, &attr, sizeof attr) < 0)
			return fail(run, errno, "bpf", "BPF_PROG_DETACH");
	}
	return 0;
}

/* Calls `visit` for a group after the groups below it; its sum, or -1 for the first that says so. */
static int walk(int group, int depth, int (*visit)(int parent, const char *name, int group, int value), int value)
{
	int sum = 0, fd = fcntl(group, F_DUPFD_CLOEXEC, 3);
	DIR *stream = fd < 0 || depth == DEPTH_MAX ? NULL : fdopendir(fd);
	if (!stream) {
		close_owned(&fd);
		return -1;
	}
	rewinddir(stream);
	for (struct dirent *entry; sum >= 0 && (entry = readdir(stream));) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		owned int below = open_group(group, entry->d_name);
		if (below < 0)
			continue; /* It was removed meanwhile. */
		int under = walk(below, depth + 1, visit, value);
		int own = under < 0 ? -1 : visit(group, entry->d_name, below, value);
		sum = own < 0 ? -1 : sum + under + own;
	}
	int error = errno;
	closedir(stream);
	errno = error;
	return sum;
}

/* Sends a signal (0: none) to every process of one group; how many there were. */
static int kill_group(int parent, const char *name, int group, int signal)
{
	(void)parent, (void)name;
	char line[32];
	int count = 0, fd = openat(group, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	FILE *stream = fd < 0 ? NULL : fdopen(fd, "r");
	if (!stream) {
		close_owned(&fd);
		return errno == ENOENT || errno == ENODEV ? 0 : -1;
	}
	for (; fgets(line, sizeof line, stream); count++) {
		pid_t pid = (pid_t)strtol(line, NULL, 10);
		if (signal && pid > 0)
			kill(pid, signal);
	}
	fclose(stream);
	return count;
}

static int kill_all(int group, int signal)
{
	int under = walk(group, 0, kill_group, signal), own = under < 0 ? -1 : kill_group(-1, NULL, group, signal);
	return own < 0 ? -1 : under + own;
}

/* Sleeps for a while that grows with each call; false when the time is over. */
static bool pause_until(int64_t end, int *pause)
{
	int64_t left = end - clock_ms();
	if (left <= 0)
		return false;
	poll(NULL, 0, left < *pause ? (int)left : *pause);
	if (*pause < PAUSE_MAX_MS)
		*pause *= 2;
	return true;
}

int verb_cgroup_kill(struct run *run, const struct op_cgroup_kill *op)
{
	int64_t end = clock_ms() + op->timeout;
	int pause = PAUSE_MIN_MS;
	owned int group = open_group(AT_FDCWD, op->path);
	if (group < 0)
		return fail(run, errno, "open", op->path);
	/* Linux 5.14, v2: the kernel kills all at once and nothing can fork its way out. */
	bool at_once = op->signal == SIGKILL && write_file(group, "cgroup.kill", "1") == 0;
	for (int left = kill_all(group, at_once ? 0 : (int)op->signal);; ) {
		if (left < 0)
			return fail(run, errno, "read", op->path);
		if (left == 0 || op->timeout == 0)
			return 0;
		if (!pause_until(end, &pause))
			return fail(run, ETIMEDOUT, "cgroup.procs", op->path);
		/* SIGKILL again: on v1 a child may have been born while the list was read. Other signals are sent once. */
		left = kill_all(group, op->signal == SIGKILL && !at_once ? SIGKILL : 0);
	}
}

static int remove_group(int parent, const char *name, int group, int unused)
{
	(void)group, (void)unused;
	return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

int verb_cgroup_remove(struct run *run, const struct op_cgroup_remove *op)
{
	int64_t end = clock_ms() + op->timeout;
	int pause = PAUSE_MIN_MS;
	while (rmdir(op->path) < 0) {
		if (errno != EBUSY && errno != ENOTEMPTY)
			return fail(run, errno, "rmdir", op->path);
		owned int group = open_group(AT_FDCWD, op->path);
		if (group >= 0 && walk(group, 0, remove_group, 0) == 0 && rmdir(op->path) == 0)
			return 0;
		if (!pause_until(end, &pause))
			return fail(run, EBUSY, "rmdir", op->path);
	}
	return 0;
}

/* Whether all processes are frozen, or none: 1 or 0, and -1 when the kernel does not say. */
static int is_settled(int group, bool unified, bool frozen)
{
	char text[1024];
	if (read_file(group, unified ? "cgroup.events" : "freezer.state", text, sizeof text) < 0)
		return -1;
	if (!unified)
		return strcmp(text, frozen ? "FROZEN" : "THAWED") == 0;
	const char *line = strstr(text, "frozen ");
	return line && line[7] == (frozen ? '1' : '0');
}

static int set_frozen(int group, bool unified, bool frozen)
{
	if (unified)
		return write_file(group, "cgroup.freeze", frozen ? "1" : "0");
	return write_file(group, "freezer.state", frozen ? "FROZEN" : "THAWED");
}

int verb_cgroup_freeze(struct run *run, const struct op_cgroup_freeze *op)
{
	struct statfs fs;
	int64_t end = clock_ms() + op->timeout;
	int pause = PAUSE_MIN_MS;
	owned int group = open_group(AT_FDCWD, op->path);
	if (group < 0 || fstatfs(group, &fs) < 0)
		return fail(run, errno, "open", op->path);
	bool unified = fs.f_type == CGROUP2_SUPER_MAGIC, frozen = op->frozen != 0;
	for (;;) {
		/* Again and again: a v1 group stays half frozen when a process is born in it at the wrong moment. */
		int settled = set_frozen(group, unified, frozen) < 0 ? -1 : is_settled(group, unified, frozen);
		if (settled < 0)
			return fail(run, errno, "write", op->path);
		if (settled > 0)
			return 0;
		if (!pause_until(end, &pause))
			break;
	}
	if (frozen)
		set_frozen(group, unified, false);
	return fail(run, ETIMEDOUT, "freeze", op->path);
}
