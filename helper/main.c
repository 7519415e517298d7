/*
 * The helper: one small static program with several roles.
 *
 * Runs as: whoever started it, with all privileges of the caller; it is never setuid and is no privilege boundary.
 * Namespaces: the caller's. Open fds: whatever the caller left open. Must not: act before its role is known.
 */
#include "front_resident.h"
#include "ops.gen.h"

static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
} roles[] = {
	{ "run", run_main },
	{ "launch", launch_main },
	{ "monitor", monitor_main },
	{ "spawner", spawner_main },
	{ "front", front_main },
	{ "notify", notify_main },
	{ FRONT_SEALED, front_sealed_main },
};

int main(int argc, char **argv)
{
	if (argc < 1)
		return 2;
	process_init(argv);
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];
	if (strcmp(name, "tug") == 0 || strcmp(name, "tug-oci") == 0)
		return front_main(argc, argv);
	if (argc < 2)
		return 2;
	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		if (strcmp(argv[1], roles[i].name) == 0)
			return roles[i].main(argc, argv);
	if (strcmp(argv[1], "version") != 0)
		return 2;
	static const char version[] = "tug-helper " TUG_TABLE_HASH "\n";
	return write_all(1, version, sizeof version - 1) < 0;
}
