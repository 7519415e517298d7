/*
 * The program of the image tug/hello: says what a container looks like from inside, one `key: value` per line, or as a
 * JSON object with --json. It uses no libc at all, so that the image is a few kilobytes.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/utsname.h>
#include "bare.h"

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall begin\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n\tmov x29, #0\n\tmov x30, #0\n\tmov x0, sp\n\tbl begin\n");
#endif

enum { VALUE_SIZE = 160, FACTS_MAX = 24, FILE_SIZE = 4096, OUTPUT_SIZE = 8192 };

struct fact {
	const char *key;
	char value[VALUE_SIZE];
};

struct facts {
	struct fact list[FACTS_MAX];
	size_t count;
};

struct output {
	char text[OUTPUT_SIZE];
	size_t length;
};

/* The compiler calls it for structures. */
void *memset(void *to, int byte, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((volatile char *)to)[i] = (char)byte;
	return to;
}

/* Adds as much of a text as there is room for. */
static void add(char *to, size_t room, const char *text)
{
	size_t at = length_of(to);
	for (; *text != '\0' && at + 1 < room; text++)
		to[at++] = *text;
	to[at] = '\0';
}

static void add_number(char *to, size_t room, uint64_t number)
{
	char digits[21];
	size_t at = sizeof digits - 1;
	digits[at] = '\0';
	do
		digits[--at] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	add(to, room, digits + at);
}

static char *new_fact(struct facts *facts, const char *key)
{
	struct fact *fact = &facts->list[facts->count++];
	fact->key = key;
	fact->value[0] = '\0';
	return fact->value;
}

/* The first bytes of a file as a string; false when it cannot be read. */
static bool read_file(const char *path, char text[FILE_SIZE])
{
	long fd = call(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0);
	long size = fd < 0 ? -1 : call(SYS_read, fd, (long)text, FILE_SIZE - 1, 0);
	if (fd >= 0)
		call(SYS_close, fd, 0, 0, 0);
	text[size < 0 ? 0 : size] = '\0';
	return size >= 0;
}

/* The number at the beginning of a text; UINT64_MAX for anything else, such as "max". */
static uint64_t number_in(const char *text)
{
	uint64_t number = 0;
	if (*text < '0' || *text > '9')
		return UINT64_MAX;
	for (; *text >= '0' && *text <= '9'; text++)
		number = number * 10 + (uint64_t)(*text - '0');
	return number;
}

static void add_identity(struct facts *facts)
{
	struct utsname names;
	char *pid = new_fact(facts, "pid"), *host = new_fact(facts, "hostname"), *user = new_fact(facts, "user");
	add_number(pid, VALUE_SIZE, (uint64_t)call(SYS_getpid, 0, 0, 0, 0));
	if (call(SYS_uname, (long)&names, 0, 0, 0) == 0)
		add(host, VALUE_SIZE, names.nodename);
	add_number(user, VALUE_SIZE, (uint64_t)call(SYS_geteuid, 0, 0, 0, 0));
	add(user, VALUE_SIZE, ":");
	add_number(user, VALUE_SIZE, (uint64_t)call(SYS_getegid, 0, 0, 0, 0));
}

static void add_namespaces(struct facts *facts)
{
	static const char *const keys[] = {
		"cgroup namespace", "ipc namespace", "mnt namespace", "net namespace", "pid namespace", "user namespace",
		"uts namespace",
	};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		char path[64] = "/proc/self/ns/", *value = new_fact(facts, keys[i]);
		size_t at = length_of(path);
		for (const char *c = keys[i]; *c != ' '; c++)
			path[at++] = *c;
		long length = call(SYS_readlinkat, AT_FDCWD, (long)path, (long)value, VALUE_SIZE - 1);
		value[length < 0 ? 0 : length] = '\0';
		if (length < 0)
			add(value, VALUE_SIZE, "unknown");
	}
}

/* Sources: cgroup-v2.rst memory.max, cpu.max; cgroup-v1/memory.rst, sched-bwc.rst */
static void add_limits(struct facts *facts)
{
	enum { HUNDREDTHS = 100, V1_UNLIMITED_BITS = 62 };
	char text[FILE_SIZE], *memory = new_fact(facts, "memory limit"), *cpu = new_fact(facts, "cpu limit");
	uint64_t bytes = UINT64_MAX, quota = UINT64_MAX, period = UINT64_MAX;
	if (read_file("/sys/fs/cgroup/memory.max", text) || read_file("/sys/fs/cgroup/memory/memory.limit_in_bytes", text))
		bytes = number_in(text);
	if (bytes >> V1_UNLIMITED_BITS)
		add(memory, VALUE_SIZE, "none");
	else
		add_number(memory, VALUE_SIZE, bytes);
	if (read_file("/sys/fs/cgroup/cpu.max", text)) {
		const char *space = text;
		while (*space != '\0' && *space != ' ')
			space++;
		quota = number_in(text);
		period = *space == ' ' ? number_in(space + 1) : period;
	} else if (read_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", text)) {
		quota = number_in(text);
		period = read_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us", text) ? number_in(text) : period;
	}
	if (quota == UINT64_MAX || period == UINT64_MAX || period == 0) {
		add(cpu, VALUE_SIZE, "none");
		return;
	}
	uint64_t share = quota * HUNDREDTHS / period;
	add_number(cpu, VALUE_SIZE, share / HUNDREDTHS);
	if (share % HUNDREDTHS != 0) {
		add(cpu, VALUE_SIZE, share % HUNDREDTHS < 10 ? ".0" : ".");
		add_number(cpu, VALUE_SIZE, share % HUNDREDTHS);
	}
}

static void add_rest(struct facts *facts)
{
	static const char key[] = "CapEff:\t";
	uint64_t mask[16] = { 0 }, cpus = 0, mounts = 0;
	long size = call(SYS_sched_getaffinity, 0, sizeof mask, (long)mask, 0);
	char text[FILE_SIZE], *value = new_fact(facts, "cpus");
	for (size_t i = 0; size > 0 && i < (size_t)size / sizeof *mask; i++)
		for (uint64_t bits = mask[i]; bits != 0; bits &= bits - 1)
			cpus++;
	add_number(value, VALUE_SIZE, cpus);

	long fd = call(SYS_openat, AT_FDCWD, (long)"/proc/self/mountinfo", O_RDONLY | O_CLOEXEC, 0);
	while (fd >= 0 && (size = call(SYS_read, fd, (long)text, FILE_SIZE, 0)) > 0)
		for (long i = 0; i < size; i++)
			mounts += text[i] == '\n';
	add_number(new_fact(facts, "mounts"), VALUE_SIZE, mounts);

	value = new_fact(facts, "capabilities");
	const char *line = read_file("/proc/self/status", text) ? text : "";
	while (*line != '\0' && !after(line, key))
		line++;
	if (*line == '\0')
		add(value, VALUE_SIZE, "unknown");
	else
		add(value, sizeof "0000000000000000", line + sizeof key - 1);
}

static void put(struct output *out, const char *text)
{
	size_t room = sizeof out->text - out->length;
	add(out->text + out->length, room, text);
	out->length += length_of(out->text + out->length);
}

/* Values hold no control characters: they are numbers, names of namespaces and a host name. */
static void put_json(struct output *out, const struct facts *facts)
{
	for (size_t i = 0; i < facts->count; i++) {
		put(out, i == 0 ? "{\"" : ",\"");
		put(out, facts->list[i].key);
		put(out, "\":\"");
		for (const char *c = facts->list[i].value; *c != '\0'; c++) {
			const char one[] = { *c, '\0' };
			put(out, *c == '"' ? "\\\"" : *c == '\\' ? "\\\\" : one);
		}
		put(out, "\"");
	}
	put(out, "}\n");
}

static void put_text(struct output *out, const struct facts *facts)
{
	enum { COLUMN = 19 };

	put(out, "Hello from a container made by tug. This is what it looks like from inside:\n\n");
	for (size_t i = 0; i < facts->count; i++) {
		put(out, "  ");
		put(out, facts->list[i].key);
		put(out, ":");
		for (size_t column = length_of(facts->list[i].key); column < COLUMN; column++)
			put(out, " ");
		put(out, facts->list[i].value);
		put(out, "\n");
	}
	put(out, "\nTry next:\n\n"
		"  tug run --memory 100m --hostname box tug/hello   the same with a limit and a name\n"
		"  tug run -it @host sh                             a shell on a copy of this machine's files\n"
		"  tug explain run tug/hello                        every step that makes this container\n");
}

/* Where the kernel enters: `stack` holds the number of arguments, then the arguments. */
_Noreturn __attribute__((used)) void begin(long *stack)
{
	static struct facts facts;
	static struct output out;
	char **arguments = (char **)(stack + 1);
	bool json = stack[0] == 2 && is_same(arguments[1], "--json");
	int code = stack[0] > 1 && !json ? 2 : 0;
	add_identity(&facts);
	add_namespaces(&facts);
	add_limits(&facts);
	add_rest(&facts);
	if (code != 0)
		put(&out, "hello: the only option is --json\n");
	else if (json)
		put_json(&out, &facts);
	else
		put_text(&out, &facts);
	for (size_t done = 0; done < out.length;) {
		long n = call(SYS_write, code == 0 ? 1 : 2, (long)(out.text + done), (long)(out.length - done), 0);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	for (;;)
		call(SYS_exit_group, code, 0, 0, 0);
}
