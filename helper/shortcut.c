/*
 * The shortcut keeps programs of the kernel that lead connections to loopback straight to containers: their maps and
 * their links to a control group, which go with it. docs/front-protocol.md, "The shortcut".
 *
 * Runs as: child of the spawner, in the control group of the monitors, sealed; in the engine's network namespace. Open
 * fds: 0 to 2 /dev/null, 3 the connection to the engine, two maps, one link per program. Must not: outlive the
 * connection, read a packet.
 */
#include "base.h"

#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/vfs.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

enum { CHANNEL = 3, OPEN = 1, ATTACH = 2, PUT = 3, REMOVE = 4, REQUEST_MAX = 1 << 16, ANSWER_SIZE = 20 };
/* A place is an address and a port. How many ports there can be, and of how many sockets is remembered where they are. */
enum { PLACE_SIZE = 20, PORTS_MAX = 1 << 16, PEERS_MAX = 1 << 13 };

struct shortcut {
	int group, ports, peers;
	uint64_t namespace;
};

static int make_map(uint32_t type, uint32_t flags, uint32_t key_size, uint32_t value_size, uint32_t entries)
{
	union bpf_attr attr = { 0 };
	attr.map_type = type;
	attr.map_flags = flags;
	attr.key_size = key_size;
	attr.value_size = value_size;
	attr.max_entries = entries;
	return kernel_bpf(BPF_MAP_CREATE, &attr, sizeof attr);
}

static int cookie_of_namespace(uint64_t *cookie)
{
	socklen_t size = sizeof *cookie;
	owned int any = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return any < 0 ? -1 : getsockopt(any, SOL_SOCKET, SO_NETNS_COOKIE, cookie, &size);
}

/*
 * The top group where nothing of the hierarchy is mounted here. To mount it is to set its options, for everybody: they
 * are those that it has.
 */
static int mount_hierarchy(char *options)
{
	char *rest = NULL;
	owned int fs = kernel_fsopen("cgroup2");
	if (fs < 0)
		return -1;
	for (char *option = strtok_r(options, ",", &rest); option; option = strtok_r(NULL, ",", &rest))
		if (kernel_fsconfig(fs, KERNEL_FSCONFIG_SET_FLAG, option, NULL) < 0)
			return -1;
	if (kernel_fsconfig(fs, KERNEL_FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
		return -1;
	owned int mount = kernel_fsmount(fs, 0);
	return mount < 0 ? -1 : openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Takes the path of the control group whose processes are meant, or the options of the hierarchy that it is the top of. */
static int open_parts(struct shortcut *shortcut, char *text)
{
	struct statfs fs;
	shortcut->group = *text == '/' ? open(text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : mount_hierarchy(text);
	if (shortcut->group < 0 || fstatfs(shortcut->group, &fs) < 0)
		return -1;
	if (fs.f_type != CGROUP2_SUPER_MAGIC) {
		errno = EINVAL;
		return -1;
	}
	shortcut->ports = make_map(BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC, PLACE_SIZE, PLACE_SIZE, PORTS_MAX);
	shortcut->peers = shortcut->ports < 0 ? -1 :
		make_map(BPF_MAP_TYPE_LRU_HASH, 0, sizeof(uint64_t), 2 * PLACE_SIZE, PEERS_MAX);
	return shortcut->peers < 0 ? -1 : cookie_of_namespace(&shortcut->namespace);
}

/* A link goes with its last descriptor, so nothing is left when this process has ended. Takes a type and a program. */
static int attach(const struct shortcut *shortcut, const uint8_t *request, uint32_t size)
{
	union bpf_attr load = { 0 }, link = { 0 };
	uint32_t type = get32(request), head = sizeof type;
	load.prog_type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR;
	load.expected_attach_type = type;
	load.insns = (uint64_t)(uintptr_t)(request + head);
	load.insn_cnt = size < head ? 0 : (size - head) / sizeof(struct bpf_insn);
	load.license = (uint64_t)(uintptr_t)"Apache-2.0";
	owned int program = kernel_bpf(BPF_PROG_LOAD, &load, sizeof load);
	if (program < 0)
		return -1;
	link.link_create.prog_fd = (uint32_t)program;
	link.link_create.target_fd = (uint32_t)shortcut->group;
	link.link_create.attach_type = type;
	/* The descriptor is kept by not being closed. */
	return kernel_bpf(BPF_LINK_CREATE, &link, sizeof link);
}

/* Pairs of places: what leads from the first leads to the second from now on. */
static int put(int map, uint8_t *pairs, uint32_t size)
{
	for (; size >= 2 * PLACE_SIZE; pairs += 2 * PLACE_SIZE, size -= 2 * PLACE_SIZE) {
		union bpf_attr attr = { 0 };
		attr.map_fd = (uint32_t)map;
		attr.key = (uint64_t)(uintptr_t)pairs;
		attr.value = (uint64_t)(uintptr_t)(pairs + PLACE_SIZE);
		if (kernel_bpf(BPF_MAP_UPDATE_ELEM, &attr, sizeof attr) < 0)
			return -1;
	}
	return 0;
}

/* Places that lead nowhere from now on; one that leads nowhere already is no failure. */
static int remove_places(int map, uint8_t *places, uint32_t size)
{
	for (; size >= PLACE_SIZE; places += PLACE_SIZE, size -= PLACE_SIZE) {
		union bpf_attr attr = { 0 };
		attr.map_fd = (uint32_t)map;
		attr.key = (uint64_t)(uintptr_t)places;
		if (kernel_bpf(BPF_MAP_DELETE_ELEM, &attr, sizeof attr) < 0 && errno != ENOENT)
			return -1;
	}
	return 0;
}

static int obey(struct shortcut *shortcut, uint32_t command, uint8_t *request, uint32_t size)
{
	if (command == OPEN)
		return open_parts(shortcut, (char *)request);
	if (command == ATTACH)
		return attach(shortcut, request, size);
	if (command == PUT)
		return put(shortcut->ports, request, size);
	if (command == REMOVE)
		return remove_places(shortcut->ports, request, size);
	errno = EINVAL;
	return -1;
}

/* One request; false at the end of the connection. The text of a path ends with a NUL of ours. */
static bool serve(struct shortcut *shortcut, uint8_t *request)
{
	uint8_t head[8], answer[ANSWER_SIZE];
	if (read_all(CHANNEL, head, sizeof head) != sizeof head)
		return false;
	uint32_t size = get32(head + 4);
	if (size > REQUEST_MAX || read_all(CHANNEL, request, size) != (ssize_t)size)
		return false;
	request[size] = 0;
	int error = obey(shortcut, get32(head), request, size) < 0 ? errno : 0;
	uint8_t *at = put32(put32(answer, (uint32_t)error), (uint32_t)shortcut->ports);
	put64(put32(at, (uint32_t)shortcut->peers), shortcut->namespace);
	return write_all(CHANNEL, answer, sizeof answer) == 0;
}

_Noreturn void shortcut_serve(void)
{
	struct shortcut shortcut = { -1, -1, -1, 0 };
	uint8_t *request = malloc(REQUEST_MAX + 1);
	title_set("tug:[shortcut]", NULL);
	while (request && serve(&shortcut, request))
		;
	_exit(0);
}
