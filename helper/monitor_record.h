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
	const char *text;
	size_t length;
	bool ends_line;
};

/* What records of one stream and one moment have in common, so that it is written once for many lines. */
struct frame {
	char *text; /* FRAME_MAX and the attributes */
	size_t length;
};

enum { FRAME_MAX = 128 };

/*
 * Docker's json-file: {"log":"...\n","stream":"stdout","attrs":{...},"time":"..."}; a piece that does not end its
 * line has no \n. `attributes` is a JSON object or "". Returns the end of the record.
 */
void frame_json(struct frame *frame, struct stamp *stamp, const char *stream, const char *attributes);
char *record_json(char *to, const struct piece *piece, const struct frame *frame);

/*
 * The CRI format: time, stream, F (the line ends here) or P, text.
 * Source: https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
 */
void frame_cri(struct frame *frame, struct stamp *stamp, const char *stream);
char *record_cri(char *to, const struct piece *piece, const struct frame *frame);

/* The most bytes of text, at most `limit`, that can be cut off without cutting a UTF-8 sequence in two. */
size_t record_cut(const char *text, size_t limit);

#endif
