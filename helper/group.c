#include "group.h"

#include <limits.h>

/* Others may remove the group again before it has been joined. */
enum { TRIES = 20, LEVELS = 2 };

/* A v1 cpuset takes nobody in before it has processors and memory nodes; elsewhere there are no such files. */
static void fill_cpuset(int group)
{
	static const char *const files[][2] = { { "../cpuset.cpus", "cpuset.cpus" }, { "../cpuset.mems", "cpuset.mems" } };
	char text[1024];
	for (size_t i = 0; i < 2; i++)
		if (read_file(group, files[i][0], text, sizeof text) > 0)
			write_file(group, files[i][1], text);
}

/* Makes the directory that a path lies in, and where that one's is missing, it too. */
static void make_above(const char *path, int levels)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	if (levels == 0 || slash == NULL || slash == path || slash - path >= PATH_MAX)
		return;
	memcpy(directory, path, (size_t)(slash - path));
	directory[slash - path] = '\0';
	if (mkdir(directory, 0755) < 0 && errno == ENOENT) {
		make_above(directory, levels - 1);
		mkdir(directory, 0755);
	}
	owned int group = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (group >= 0)
		fill_cpuset(group);
}

int group_join(const char *file)
{
	for (int tries = 0; tries < TRIES; tries++) {
		if (write_file(AT_FDCWD, file, "0") == 0)
			return 0;
		/* ENODEV: it was removed between opening and writing. */
		if (errno != ENOENT && errno != ENODEV)
			return -1;
		make_above(file, LEVELS);
	}
	return -1;
}
