/* The text of one log record. */
#ifndef TUG_MONITOR_RECORD_H
#define TUG_MONITOR_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Formats the current time; the part up to the second is kept between calls. */
struct stamp {
	int64_t second;
	char text[32];
};

/* A piece of a line of output. */
struct piece {
	const char *stream;
	const char *text;
	size_t length;
	bool ends_line;
};

/*
 * Docker's json-file: {"log":"...\n","stream":"stdout","attrs":{...},"time":"..."}; a piece that does not end its
 * line has no \n. `attributes` is a JSON object or "". Returns the end of the record.
 */
char *record_json(char *to, struct stamp *stamp, const struct piece *piece, const char *attributes);

/*
 * The CRI format: time, stream, F (the line ends here) or P, text.
 * Source: https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
 */
char *record_cri(char *to, struct stamp *stamp, const struct piece *piece);

/* The most bytes of text, at most `limit`, that can be cut off without cutting a UTF-8 sequence in two. */
size_t record_cut(const char *text, size_t limit);

#endif
