/*
 * Brings an engine back for containers whose restart policies need one: docs/monitor-protocol.md, "Coming back".
 *
 * The file that describes the start holds words, each with a NUL behind it: the engine's lock file, then what the role
 * `launch` takes.
 */
#include "launch.h"
#include "monitor.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	START_MAX = 128 * 1024,
	STARTS_MAX = 3,
	FIRST_PAUSE_MS = 20,
	LONGEST_PAUSE_MS = 1000,
	PATIENCE_MS = 5 * 60 * 1000, /* what an engine that is there may take to look at the exit record */
};

struct start {
	int lock; /* -1: none */
	char *text;
	char **words; /* of launch, in the text; NULL behind them */
	int count;
};

static void free_start(struct start *start)
{
	close_owned(&start->lock);
	free(start->words);
	free(start->text);
}

/* What waits for an engine. */
struct need {
	const char *start; /* path of the file that describes the start */
	const char *id;    /* of the container, or "" */
	int fd;
	bool is_directory; /* of a container; else the file with which an engine says that it is wanted */
};

/* Whoever takes it up removes a container's exit record, with the directory or without it, or that file. */
static bool is_taken_up(const struct need *need)
{
	struct stat st;
	if (need->is_directory)
		return faccessat(need->fd, "exit", F_OK, 0) < 0 && errno == ENOENT;
	return fstat(need->fd, &st) < 0 || st.st_nlink == 0;
}

/* Takes the file apart into words; false when there is none, or an engine wants nobody to start it. */
static bool read_start(const char *path, struct start *start)
{
	owned int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	start->text = malloc(START_MAX);
	ssize_t size = fd < 0 || start->text == NULL ? -1 : read_all(fd, start->text, START_MAX);
	int count = 0;
	for (ssize_t i = 0; i < size; i++)
		count += start->text[i] == '\0';
	if (count < 2 || size == START_MAX || start->text[size - 1] != '\0')
		return false;
	start->lock = open(start->text, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	start->words = calloc((size_t)count, sizeof *start->words);
	if (start->words == NULL)
		return false;
	start->count = count - 1;
	char *word = start->text;
	for (int i = 0; i < start->count; i++) {
		word += strlen(word) + 1;
		start->words[i] = word;
	}
	return start->lock >= 0;
}

static void pause_ms(int ms)
{
	poll(NULL, 0, ms);
}

/* A line in the engine's log, in its form: nobody else is there to say why a container stays down. */
static void complain(const struct need *need, const struct start *start, enum launch_code code)
{
	for (int i = 0; i + 1 < start->count; i++) {
		if (strcmp(start->words[i], "--log") != 0)
			continue;
		char line[256];
		int size = snprintf(line, sizeof line,
			"{\"level\":\"error\",\"event\":\"engine.revive\",\"container\":\"%.64s\",\"code\":%d}\n", need->id, (int)code);
		owned int log = open(start->words[i + 1], O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (log >= 0)
			write_all(log, line, (size_t)size);
		return;
	}
}

/* An engine that is there may be about to end without having seen the record: it is waited for until it has. */
static void bring_back(const struct need *need)
{
	__attribute__((cleanup(free_start))) struct start start = { .lock = -1 };
	int64_t end = clock_ms() + PATIENCE_MS;
	int pause = FIRST_PAUSE_MS;
	if (!read_start(need->start, &start))
		return;
	for (int starts = 0; !is_taken_up(need) && clock_ms() < end;) {
		if (!launch_is_locked(start.lock)) {
			pid_t engine;
			enum launch_code code =
				starts < STARTS_MAX ? launch_once(start.lock, start.count, start.words, &engine) : CANNOT_EXECUTE;
			if (code != LAUNCHED) {
				complain(need, &start, code);
				return;
			}
			starts++;
		}
		pause_ms(pause);
		pause = pause * 2 < LONGEST_PAUSE_MS ? pause * 2 : LONGEST_PAUSE_MS;
	}
}

/* Has a child see to it, which keeps nothing else open: nobody is to wait for it by mistake. */
static void see_to(struct need need)
{
	if (fork() != 0)
		return;
	int fd = fcntl(need.fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0 || dup2(fd, 3) < 0 || kernel_close_range(4, ~0U, 0) < 0)
		_exit(1);
	need.fd = 3;
	/* Its own children are to be waited for. */
	signal(SIGCHLD, SIG_DFL);
	title_set("tug:[revive]", need.id);
	bring_back(&need);
	_exit(0);
}

void revive(const struct monitor *m)
{
	if (m->revives && m->created && m->request.start[0] != '\0')
		see_to((struct need){ m->request.start, m->request.id, m->directory, true });
}

void revive_wanted(const char *start, const char *wanted)
{
	owned int fd = open(wanted, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		see_to((struct need){ start, "", fd, false });
}
