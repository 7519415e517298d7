/* The way for kernels before 6.8, which newer ones never take by themselves. Needs root. */
#include "../mount.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { LAYERS = 300 };

int main(void)
{
	static struct run run;
	static char names[LAYERS][64], upper[64], work[64];
	const char *lowers[LAYERS + 1] = { NULL };
	char directory[] = "/tmp/tug-overlay-XXXXXX", path[80], text[16], command[64];
	if (geteuid() != 0) {
		puts("overlay: skipped, needs root");
		return 0;
	}
	assert(mkdtemp(directory));
	for (int i = 0; i < LAYERS; i++) {
		snprintf(names[i], sizeof names[i], "%s/%d", directory, i);
		snprintf(path, sizeof path, "%s/name", names[i]);
		assert(mkdir(names[i], 0755) == 0);
		owned int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		assert(dprintf(fd, "%d\n", i) > 0);
		lowers[i] = names[i];
	}
	snprintf(upper, sizeof upper, "%s/upper", directory);
	snprintf(work, sizeof work, "%s/work", directory);
	assert(mkdir(upper, 0755) == 0 && mkdir(work, 0755) == 0);
	struct op_overlay op = { .lowers = { lowers, LAYERS }, .upper = upper, .work = work, .options = { NULL, 0 } };
	int mount = overlay_by_mount(&run, &op);
	int failure = run.failure.error;
	bool read = mount >= 0 && read_file(mount, "name", text, sizeof text) == 1 && *text == '0';
	bool written = mount >= 0 && mkdirat(mount, "made", 0755) == 0;
	close_owned(&mount);
	op.upper = "/does/not/exist";
	bool refused = overlay_by_mount(&run, &op) < 0 && run.failure.error == ENOENT;
	snprintf(path, sizeof path, "%s/made", upper);
	written = written && access(path, F_OK) == 0;
	snprintf(command, sizeof command, "rm -rf %s", directory);
	assert(system(command) == 0);
	if (mount < 0)
		fprintf(stderr, "overlay: errno %d\n", failure);
	assert(read && written && refused);
	return 0;
}
