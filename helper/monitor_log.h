/* The log file of a container: output in, records out. */
#ifndef TUG_MONITOR_LOG_H
#define TUG_MONITOR_LOG_H

#include "base.h"
#include "monitor_record.h"
#include "monitor_forward.h"

enum log_format { LOG_NONE, LOG_JSON, LOG_CRI };

enum {
	PIECE_MAX = 16 * 1024, /* longer lines are cut into pieces of this size, as Docker does */
	BATCH_SIZE = 192 * 1024, /* what is read at once is written at once, unless it is full of escapes */
	ATTRIBUTES_MAX = 16 * 1024,
	FRAME_SIZE = FRAME_MAX + ATTRIBUTES_MAX,
	RECORD_SIZE = 6 * PIECE_MAX + ATTRIBUTES_MAX + 256, /* every byte as \u00XX, attributes, the frame */
	LOG_FILES_MAX = 1000,
};

struct log_settings {
	uint32_t format;
	const char *path;
	const char *attributes; /* a JSON object or "" */
	uint64_t max_size;      /* bytes, 0: no limit */
	uint32_t max_files;     /* with the current one */
	uint32_t max_age;       /* seconds, 0: no limit */
	struct forward_settings forward;
};

struct log {
	const struct log_settings *settings;
	int fd;           /* -1: none, or it could not be opened */
	uint64_t size;    /* of the current file */
	int64_t born;     /* seconds since 1970: when the current file was begun */
	int64_t retry;    /* seconds: not before then a file that could not be opened is tried again */
	uint64_t dropped; /* bytes of records that could not be written */
	bool stopped;
	char *batch; /* BATCH_SIZE + RECORD_SIZE */
	size_t fill;
	struct stamp stamp;
	struct frame frame; /* of the output that is being taken */
	bool is_error;      /* whether that is standard error */
	struct forward forward;
};

/* The begin of a line whose end has not come yet. */
struct line {
	const char *stream;
	char *text; /* PIECE_MAX */
	size_t length;
};

/* Opens the file for appending; -1 and errno on failure. */
int log_open(struct log *log);

/* Takes output of one stream and writes the lines that are complete. */
void log_output(struct log *log, struct line *line, const char *data, size_t length);

/* Writes what is left of a line at the end of its stream. */
void log_end(struct log *log, struct line *line);

#endif
