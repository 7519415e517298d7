/*
 * What the guards of guard.h would be if they guarded nothing, each as careless as the runtime that was broken out of.
 * A helper that is linked with --wrap=NAME calls __wrap_NAME in place of NAME; the released one knows nothing of these.
 */
#include "guard.h"

#include <stdio.h>
#include "path.h"

/* By this a test tells such a helper from the released one. */
extern const char unguarded_mark[];
const char unguarded_mark[] = "tug-helper without guards";

int __wrap_seal(char *const argv[], char *const env[]);
int __wrap_guard_open(int root, const char *path, int flags, int resolve);
int __wrap_guard_open_proc(int proc, const char *path);
int __wrap_guard_resolve(const char *type);
bool __wrap_guard_target(int target, const char *path);
int __wrap_guard_null(struct run *run);
int __wrap_guard_master(struct run *run, int root);
int __wrap_guard_console(int root, int terminal, int number);
bool __wrap_guard_directory(void);
int __wrap_guard_descriptors(void);

/* Runs from the file that lies on the host. */
int __wrap_seal(char *const argv[], char *const env[])
{
	(void)argv, (void)env;
	return 0;
}

/* Links lead wherever they lead for a process of the host, magic ones too. */
int __wrap_guard_open(int root, const char *path, int flags, int resolve)
{
	path += strspn(path, "/");
	return kernel_openat2(root, *path ? path : ".", (uint64_t)flags, 0, (uint64_t)resolve & ~(uint64_t)RESOLVE_BENEATH);
}

/* Whatever the container calls /proc. */
int __wrap_guard_open_proc(int proc, const char *path)
{
	char name[PATH_MAX];
	(void)proc;
	snprintf(name, sizeof name, "/proc/%s", path);
	return open(name, O_WRONLY | O_CLOEXEC);
}

int __wrap_guard_resolve(const char *type)
{
	(void)type;
	return 0;
}

bool __wrap_guard_target(int target, const char *path)
{
	(void)target, (void)path;
	return true;
}

/* Whatever the container calls /dev/null: nothing is taken the first time, which is before the pivot. */
int __wrap_guard_null(struct run *run)
{
	static bool inside;
	if (inside && run->null < 0)
		run->null = kernel_open_tree(AT_FDCWD, "/dev/null", OPEN_TREE_CLONE);
	if (inside && run->null < 0)
		return fail(run, errno, "open_tree", "/dev/null");
	inside = true;
	return 0;
}

int __wrap_guard_master(struct run *run, int root)
{
	owned int ptmx = path_open(root, "/dev/pts/ptmx", O_PATH, 0);
	return ptmx < 0 ? -1 : path_reopen(run->proc, ptmx, O_RDWR | O_NOCTTY);
}

int __wrap_guard_console(int root, int terminal, int number)
{
	char name[32];
	(void)terminal;
	snprintf(name, sizeof name, "/dev/pts/%d", number);
	owned int named = path_open(root, name, O_PATH, 0);
	return named < 0 ? -1 : kernel_open_tree(named, "", AT_EMPTY_PATH | OPEN_TREE_CLONE);
}

bool __wrap_guard_directory(void)
{
	return true;
}

/* Those that the caller left open stay open across exec. */
int __wrap_guard_descriptors(void)
{
	return 0;
}
