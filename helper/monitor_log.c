/* See monitor_log.h. Nothing here waits for anything: what cannot be written is dropped and counted. */
#include "monitor_log.h"

#include <limits.h>
#include <stdio.h>
#include <time.h>

int log_open(struct log *log)
{
	const int flags = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = open(log->settings->path, flags, 0640);
	struct statx st;
	char last;
	if (log->fd >= 0)
		close(log->fd);
	log->fd = fd;
	if (fd < 0)
		return -1;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_SIZE | STATX_BTIME, &st) < 0 || !S_ISREG(st.stx_mode)) {
		close(fd);
		log->fd = -1;
		errno = EINVAL;
		return -1;
	}
	log->size = st.stx_size;
	log->born = st.stx_size > 0 && (st.stx_mask & STATX_BTIME) ? st.stx_btime.tv_sec : time(NULL);
	/* A machine that lost power may have left half a record: the next one must not be glued to it. */
	if (log->size > 0 && pread(fd, &last, 1, (off_t)log->size - 1) == 1 && last != '\n' && write(fd, "\n", 1) == 1)
		log->size++;
	return 0;
}

/* The name of the file that is `age` rotations old. */
static bool rotated_name(char name[PATH_MAX], const char *path, uint32_t age)
{
	size_t length = strlen(path);
	if (length + sizeof ".1000" > PATH_MAX)
		return false;
	memcpy(name, path, length + 1);
	if (age > 0) {
		name[length] = '.';
		put_decimal(name + length + 1, age);
	}
	return true;
}

/*
 * Moves every file one name on and begins a new one. A single file is removed, not emptied: who follows the log
 * sees another inode in either case and reads the old one to its end.
 */
static void rotate(struct log *log)
{
	uint32_t files = log->settings->max_files;
	char from[PATH_MAX], to[PATH_MAX];
	if (files <= 1)
		unlink(log->settings->path);
	for (uint32_t age = files <= 1 ? 0 : files - 1; age > 0; age--)
		if (rotated_name(from, log->settings->path, age - 1) && rotated_name(to, log->settings->path, age))
			rename(from, to);
	log_open(log);
}

/* Removes the half record that a full disk has left behind the last whole one of the `written` bytes. */
static size_t keep_whole_records(struct log *log, size_t written)
{
	const char *end = written == 0 ? NULL : memrchr(log->batch, '\n', written);
	size_t whole = end == NULL ? 0 : (size_t)(end - log->batch) + 1;
	struct stat st;
	/* The size is asked for, not remembered: somebody may have emptied the file. */
	if (written > whole && fstat(log->fd, &st) == 0 && st.st_size >= (off_t)(written - whole)
	    && ftruncate(log->fd, st.st_size - (off_t)(written - whole)) == 0)
		return whole;
	return written;
}

static void flush(struct log *log)
{
	size_t done = 0;
	if (log->fd < 0 && log->fill > 0 && time(NULL) >= log->retry && log_open(log) < 0)
		log->retry = time(NULL) + 1;
	while (log->fd >= 0 && done < log->fill) {
		ssize_t n = write(log->fd, log->batch + done, log->fill - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			done = keep_whole_records(log, done);
			break;
		}
		done += (size_t)n;
	}
	log->size += done;
	log->dropped += log->fill - done;
	log->fill = 0;
}

static bool must_rotate(const struct log *log, size_t more)
{
	const struct log_settings *settings = log->settings;
	if (log->fd < 0 || log->size + log->fill == 0)
		return false;
	if (settings->max_size > 0 && log->size + log->fill + more > settings->max_size)
		return true;
	return settings->max_age > 0 && time(NULL) - log->born >= (int64_t)settings->max_age;
}

static void add_piece(struct log *log, const struct piece *piece)
{
	char *begin = log->batch + log->fill;
	char *end = log->settings->format == LOG_JSON
		? record_json(begin, piece, &log->frame)
		: record_cri(begin, piece, &log->frame);
	size_t length = (size_t)(end - begin);
	if (must_rotate(log, length)) {
		flush(log);
		rotate(log);
		memmove(log->batch, begin, length);
	}
	log->fill += length;
	if (log->fill >= BATCH_SIZE)
		flush(log);
	forward_send(&log->forward, piece, log->is_error);
}

/* Puts as much as fits of `data` behind the begin of the line; returns how much. */
static size_t hold(struct line *line, const char *data, size_t length)
{
	size_t room = PIECE_MAX - line->length, taken = length < room ? length : room;
	memcpy(line->text + line->length, data, taken);
	line->length += taken;
	return taken;
}

/* Writes a piece that holds no line end; what is kept back, so as not to cut a character, stays in the line. */
static void add_partial(struct log *log, struct line *line)
{
	size_t cut = record_cut(line->text, line->length);
	add_piece(log, &(struct piece){ line->text, cut, false });
	line->length -= cut;
	memmove(line->text, line->text + cut, line->length);
}

/* All lines that come at once have the same time. */
static void begin_frame(struct log *log, const struct line *line)
{
	log->is_error = strcmp(line->stream, "stderr") == 0;
	if (log->settings->format == LOG_JSON)
		frame_json(&log->frame, &log->stamp, line->stream, log->settings->attributes);
	else
		frame_cri(&log->frame, &log->stamp, line->stream);
}

void log_output(struct log *log, struct line *line, const char *data, size_t length)
{
	if (log->settings->format == LOG_NONE || log->stopped)
		return;
	begin_frame(log, line);
	while (length > 0) {
		const char *end = memchr(data, '\n', length);
		size_t content = end == NULL ? length : (size_t)(end - data);
		if (end != NULL && line->length == 0 && content <= PIECE_MAX) {
			add_piece(log, &(struct piece){ data, content, true });
		} else if (end != NULL && line->length + content <= PIECE_MAX) {
			hold(line, data, content);
			add_piece(log, &(struct piece){ line->text, line->length, true });
			line->length = 0;
		} else {
			size_t taken = hold(line, data, content);
			if (taken < content)
				add_partial(log, line);
			content = taken;
			end = NULL;
		}
		content += end != NULL;
		data += content;
		length -= content;
	}
	flush(log);
}

void log_end(struct log *log, struct line *line)
{
	/* Docker ends such a line; in the CRI format P says that no line end came. */
	if (line->length > 0 && log->settings->format != LOG_NONE && !log->stopped) {
		begin_frame(log, line);
		add_piece(log, &(struct piece){ line->text, line->length, log->settings->format == LOG_JSON });
		flush(log);
	}
	line->length = 0;
}
