/* Becoming the user: limits, labels, ids, capabilities, filter. */
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include "guard.h"
#include "listener.h"
#include "path.h"

enum { FILES_FOR_HELPER = 1024, IOPRIO_PROCESS = 1, PASSWD_MAX = 1 << 20 };

int verb_host_name(struct run *run, const struct op_host_name *op)
{
	return sethostname(op->name, strlen(op->name)) < 0 ? fail(run, errno, "sethostname", NULL) : 0;
}

int verb_domain_name(struct run *run, const struct op_domain_name *op)
{
	return setdomainname(op->name, strlen(op->name)) < 0 ? fail(run, errno, "setdomainname", NULL) : 0;
}

/* The sixth field of a user's line in passwd(5), in place; NULL where there is none. */
static const char *home_in(char *passwd, uint32_t uid)
{
	for (char *line; (line = strsep(&passwd, "\n"));) {
		char *field[6] = { 0 };
		for (int i = 0; i < 6; i++)
			field[i] = strsep(&line, ":");
		char *end = field[2];
		if (field[5] && *field[2] && strtoul(field[2], &end, 10) == uid && !*end)
			return field[5];
	}
	return NULL;
}

int verb_home_variable(struct run *run, const struct op_home_variable *op)
{
	size_t size;
	owned int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	owned_memory uint8_t *passwd = root < 0 ? NULL : path_content(run->proc, root, "/etc/passwd", PASSWD_MAX, 0, &size);
	const char *home = passwd ? home_in((char *)passwd, op->uid) : NULL;
	snprintf(run->home, sizeof run->home, "HOME=%s", home && *home ? home : "/");
	return 0;
}

int verb_session(struct run *run, const struct op_session *op)
{
	(void)op;
	return setsid() < 0 ? fail(run, errno, "setsid", NULL) : 0;
}

int verb_rlimit(struct run *run, const struct op_rlimit *op)
{
	struct rlimit limit = { op->soft, op->hard };
	/* The helper itself needs descriptors until exec; lowering a limit is possible then too. */
	if (op->resource == RLIMIT_NOFILE && op->hard > 0 && op->soft < FILES_FOR_HELPER) {
		run->files_soft = op->soft;
		run->files_hard = op->hard;
		limit.rlim_cur = FILES_FOR_HELPER;
		limit.rlim_max = op->hard < FILES_FOR_HELPER ? FILES_FOR_HELPER : op->hard;
	}
	if (prlimit(0, (int)op->resource, &limit, NULL) == 0)
		return 0;
	limit = (struct rlimit){ op->soft, op->hard };
	if (run->files_hard && prlimit(0, (int)op->resource, &limit, NULL) == 0)
		return 0;
	return fail(run, errno, "prlimit", NULL);
}

int write_proc(struct run *run, const char *path, const char *text)
{
	owned int fd = guard_open_proc(run->proc, path);
	if (fd < 0)
		return fail(run, errno, "openat2", path);
	if (RETRY(write(fd, text, strlen(text))) < 0)
		return fail(run, errno, "write", path);
	return 0;
}

int write_own(struct run *run, const char *path, const char *text)
{
	int result = write_proc(run, path, text);
	if (result == 0 || run->failure.error != EACCES)
		return result;
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	result = write_proc(run, path, text);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return result;
}

int verb_oom_score(struct run *run, const struct op_oom_score *op)
{
	return write_own(run, "self/oom_score_adj", op->value);
}

int verb_sysctl(struct run *run, const struct op_sysctl *op)
{
	/* Which network, IPC and host name a file of /proc/sys is about depends on who opens it, not on the mount. */
	char path[PATH_MAX] = "sys/";
	if (strlen(op->key) >= sizeof path - 4)
		return fail(run, ENAMETOOLONG, "openat2", op->key);
	strcpy(path + 4, op->key);
	return write_proc(run, path, op->value);
}

int verb_exec_label(struct run *run, const struct op_exec_label *op)
{
	/* Linux 5.8 gave each module its own directory; the old file belongs to whichever module came first. */
	if (strcmp(op->module, "apparmor") == 0 && write_proc(run, "self/attr/apparmor/exec", op->label) == 0)
		return 0;
	if (strcmp(op->module, "apparmor") == 0 && run->failure.error != ENOENT)
		return -1;
	return write_proc(run, "self/attr/exec", op->label);
}

int verb_keyring(struct run *run, const struct op_keyring *op)
{
	if (*op->label && write_proc(run, "self/attr/keycreate", op->label) < 0)
		return -1;
	long keyring = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, op->name, 0, 0, 0);
	int error = errno;
	/* An empty text leaves it to the policy again. */
	if (*op->label && write_proc(run, "self/attr/keycreate", "\n") < 0)
		return -1;
	errno = error;
	if (keyring < 0)
		return fail(run, errno, "keyctl", op->name);
	/* The default and search for the owner: a process that changes its user must still find its keys, as in runc. */
	syscall(SYS_keyctl, KEYCTL_SETPERM, keyring, 0x3f1b0000, 0, 0);
	return 0;
}

int verb_personality(struct run *run, const struct op_personality *op)
{
	return personality(op->persona) < 0 ? fail(run, errno, "personality", NULL) : 0;
}

int verb_io_priority(struct run *run, const struct op_io_priority *op)
{
	return syscall(SYS_ioprio_set, IOPRIO_PROCESS, 0, op->value) < 0 ? fail(run, errno, "ioprio_set", NULL) : 0;
}

int verb_umask(struct run *run, const struct op_umask *op)
{
	(void)run;
	umask(op->mask & 0777);
	run->umask = NO_UMASK;
	return 0;
}

int verb_no_new_privileges(struct run *run, const struct op_no_new_privileges *op)
{
	(void)op;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? fail(run, errno, "prctl", NULL) : 0;
}

int verb_bounding_set(struct run *run, const struct op_bounding_set *op)
{
	for (unsigned capability = 0; capability < 64; capability++) {
		int held = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
		if (held < 0)
			break; /* Beyond the last one that this kernel knows. */
		if (held && !(op->mask >> capability & 1) && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
			return fail(run, errno, "prctl", NULL);
	}
	return 0;
}

/*
 * The standard streams become the user's, so that /dev/stdout can be opened again, as in runc and crun. The caller's
 * null device is exchanged for the container's: its owner and mode are not the container's to change.
 */
static void adopt_streams(uid_t uid)
{
	struct stat stream;
	for (int fd = 0; fd < 3; fd++) {
		if (fstat(fd, &stream) < 0)
			continue;
		if (!S_ISCHR(stream.st_mode) || stream.st_rdev != makedev(1, 3)) {
			if (stream.st_uid != uid && fchown(fd, uid, (gid_t)-1) < 0)
				continue; /* An owner that is not mapped here, or a read-only file system: it stays. */
			continue;
		}
		owned int null = open("/dev/null", O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (null >= 0 && fstat(null, &stream) == 0 && S_ISCHR(stream.st_mode) && stream.st_rdev == makedev(1, 3))
			dup2(null, fd);
	}
}

/* A change of the user clears the effective set: the filter of a process without no_new_privs needs CAP_SYS_ADMIN in it. */
static int regain_effective(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct sets[2];
	if (syscall(SYS_capget, &head, sets) < 0)
		return -1;
	for (int half = 0; half < 2; half++)
		sets[half].effective = sets[half].permitted;
	return (int)syscall(SYS_capset, &head, sets);
}

int verb_id_switch(struct run *run, const struct op_id_switch *op)
{
	adopt_streams(op->uid);
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return fail(run, errno, "prctl", NULL);
	/* A user namespace that denies setgroups(2) gave none that could be kept out. */
	if (!op->keep_groups && setgroups(op->groups.count, op->groups.item) < 0 && (errno != EPERM || op->groups.count > 0))
		return fail(run, errno, "setgroups", NULL);
	if (setresgid(op->gid, op->gid, op->gid) < 0)
		return fail(run, errno, "setresgid", NULL);
	if (setresuid(op->uid, op->uid, op->uid) < 0)
		return fail(run, errno, "setresuid", NULL);
	if (regain_effective() < 0)
		return fail(run, errno, "capset", NULL);
	/* The kernel may have made the process dumpable again: credentials(7). */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return 0;
}

int verb_capabilities(struct run *run, const struct op_capabilities *op)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct sets[2];
	for (int half = 0; half < 2; half++) {
		sets[half].effective = (uint32_t)(op->effective >> 32 * half);
		sets[half].permitted = (uint32_t)(op->permitted >> 32 * half);
		sets[half].inheritable = (uint32_t)(op->inheritable >> 32 * half);
	}
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return fail(run, errno, "prctl", NULL);
	if (syscall(SYS_capset, &head, sets) < 0)
		return fail(run, errno, "capset", NULL);
	for (unsigned capability = 0; capability < 64; capability++)
		if (op->ambient >> capability & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0)
			return fail(run, errno, "prctl", NULL);
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	return 0;
}

int verb_seccomp(struct run *run, const struct op_seccomp *op)
{
	struct sock_fprog program = { (unsigned short)(op->filter.size / sizeof(struct sock_filter)), (void *)op->filter.data };
	if (op->filter.size % sizeof(struct sock_filter) || op->filter.size / sizeof(struct sock_filter) > BPF_MAXINSNS)
		return fail(run, EINVAL, "seccomp", NULL);
	if (op->listener != NO_SLOT)
		return listener_load(run, op, &program);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, op->flags, &program) != 0)
		return fail(run, errno, "seccomp", NULL);
	return 0;
}

/* A filter from before openat2(2) may be in place by now; then the check of where chdir(2) led to has to suffice. */
static int enter(const char *path)
{
	owned int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	owned int directory = path_open(root, path, O_PATH | O_DIRECTORY, 0);
	if (directory >= 0)
		return fchdir(directory);
	return errno == EPERM || errno == ENOSYS ? chdir(path) : -1;
}

int verb_work_directory(struct run *run, const struct op_work_directory *op)
{
	/* Entered with the privileges of the first try: images with a /root of mode 0700 and another user rely on it. */
	if (run->in_directory)
		return 0;
	if (enter(op->path) < 0)
		return op->optional ? 0 : fail(run, errno, "chdir", op->path);
	if (!guard_directory())
		return fail(run, ENOENT, "getcwd", op->path);
	run->in_directory = true;
	return 0;
}
