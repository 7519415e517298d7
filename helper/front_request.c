/*
 * What a front asks the resident process for: docs/front-protocol.md, "Messages of front".
 *
 * Must not: use libc, see front_ask.c.
 */
#include "front_resident.h"

#include <limits.h>
#include <sys/ioctl.h>
#include "bare.h"

enum {
	REQUEST_MAX = 4 * 1024 * 1024, /* what the other side takes */
	CONFIG_MAX = 1024 * 1024,      /* larger ones it reads itself */
};

void front_size(uint8_t size[4])
{
	static const int order[] = { 1, 2, 0 };
	struct winsize window = { 0, 0, 0, 0 };
	for (size_t i = 0; i < 3 && call(SYS_ioctl, order[i], TIOCGWINSZ, (long)&window, 0) < 0; i++)
		;
	put16(put16(size, window.ws_row), window.ws_col);
}

static uint8_t terminals(void)
{
	uint8_t bits = 0;
	struct {
		unsigned flags[4];
		unsigned char characters[64];
	} settings; /* more than any architecture's */
	for (int fd = 0; fd < 3; fd++)
		if (call(SYS_ioctl, fd, TCGETS, (long)&settings, 0) == 0)
			bits |= (uint8_t)(1 << fd);
	return bits;
}

/* Callers remove a directory and call from within it: it has the name then that /proc shows, which leads nowhere. */
static size_t working_directory(char path[PATH_MAX])
{
	long length = call(SYS_getcwd, (long)path, PATH_MAX, 0, 0) - 1;
	if (length < 1 || path[0] != '/')
		length = call(SYS_readlinkat, AT_FDCWD, (long)"/proc/self/cwd", (long)path, PATH_MAX - 1);
	return length < 1 ? 0 : (size_t)length;
}

static size_t texts_size(char **texts)
{
	size_t size = 4;
	for (; *texts; texts++)
		size += 4 + length_of(*texts);
	return size;
}

static uint8_t *put_text(uint8_t *at, const char *text, size_t length)
{
	return copy(put32(at, (uint32_t)length), text, length);
}

static uint8_t *put_texts(uint8_t *at, char **texts)
{
	uint8_t *count = at;
	uint32_t number = 0;
	at += 4;
	for (; *texts; texts++, number++)
		at = put_text(at, *texts, length_of(*texts));
	put32(count, number);
	return at;
}

/* A configuration that is sent along, so that the other side need not wait for a disk. */
struct config {
	char path[PATH_MAX];
	size_t length;
	long file; /* below zero: none */
	size_t size;
};

/* The bundle that a command seems to be about, for the other side to compare with what it finds; NULL where there is none. */
static const char *find_bundle(char **arguments)
{
	const char *bundle = ".", *value;
	bool is_wanted = false;
	for (; *arguments; arguments++) {
		if (is_same(*arguments, "run") || is_same(*arguments, "create"))
			is_wanted = true;
		else if ((value = after(*arguments, "--bundle=")) || (value = after(*arguments, "-b=")))
			bundle = value;
		else if ((is_same(*arguments, "--bundle") || is_same(*arguments, "-b")) && arguments[1])
			bundle = *++arguments;
	}
	return is_wanted ? bundle : NULL;
}

static void open_config(struct config *config, char **arguments)
{
	static const char name[] = "/config.json";
	struct stat found;
	const char *bundle = find_bundle(arguments);
	size_t length = bundle ? length_of(bundle) : 0;
	if (!bundle || length + sizeof name > sizeof config->path)
		return;
	copy(copy((uint8_t *)config->path, bundle, length), name, sizeof name);
	long file = call(SYS_openat, AT_FDCWD, (long)config->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	if (file < 0)
		return;
	if (call(SYS_newfstatat, file, (long)"", (long)&found, AT_EMPTY_PATH) < 0 || !S_ISREG(found.st_mode) ||
	    found.st_size > CONFIG_MAX) {
		close_fd(file);
		return;
	}
	config->length = length + sizeof name - 1;
	config->file = file;
	config->size = (size_t)found.st_size;
}

/* Path and content; two empty texts where there is none, or it changes meanwhile. */
static uint8_t *put_config(uint8_t *at, const struct config *config)
{
	uint8_t *content = put_text(at, config->path, config->length) + 4;
	size_t done = 0;
	while (config->file >= 0 && done < config->size) {
		long got = call(SYS_read, config->file, (long)(content + done), (long)(config->size - done), 0);
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	if (config->file < 0 || done < config->size)
		return put32(put32(at, 0), 0);
	put32(content - 4, (uint32_t)done);
	return content + done;
}

uint8_t *front_request(const struct front_command *command, size_t *size)
{
	char directory[PATH_MAX];
	struct config config;
	config.length = config.size = 0;
	config.file = -1;
	size_t length = working_directory(directory);
	if (command->oci)
		open_config(&config, command->arguments);
	size_t room = MESSAGE_HEAD + 26 + length + texts_size(command->arguments) + texts_size(command->environment) +
		      config.length + config.size;
	uint8_t *message = length == 0 || room > REQUEST_MAX ? NULL : memory(room);
	if (message) {
		long mask = call(SYS_umask, 0, 0, 0, 0);
		call(SYS_umask, mask, 0, 0, 0);
		uint8_t *at = put8(message + MESSAGE_HEAD, command->oci ? 2 : 1);
		at = put_text(put32(at, (uint32_t)call(SYS_getpid, 0, 0, 0, 0)), directory, length);
		at = put8(put32(at, (uint32_t)mask), terminals());
		front_size(at);
		at = put_texts(put_texts(at + 4, command->arguments), command->environment);
		*size = (size_t)(put_config(at, &config) - message);
		put_head(message, REQUEST, *size - MESSAGE_HEAD);
	}
	close_fd(config.file);
	return message;
}
