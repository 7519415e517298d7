/* Reads the request that a monitor is started with; see docs/monitor-protocol.md. */
#include "monitor.h"

#include <stdlib.h>

enum { REQUEST_MAX = 64 * 1024, FIELD_HEAD = 6 };

enum kind { TEXT, U32, U64 };

struct field {
	enum kind kind;
	size_t offset;
};

#define FIELD(kind, member) { kind, offsetof(struct monitor_request, member) }

/* By number; 0 is none. Numbers are never reused. */
static const struct field fields[] = {
	[1] = FIELD(TEXT, id),
	[2] = FIELD(TEXT, directory),
	[3] = FIELD(U32, flags),
	[4] = FIELD(U32, rows),
	[5] = FIELD(U32, columns),
	[6] = FIELD(U32, owner),
	[7] = FIELD(U32, log.format),
	[8] = FIELD(TEXT, log.path),
	[9] = FIELD(TEXT, log.attributes),
	[10] = FIELD(U64, log.max_size),
	[11] = FIELD(U32, log.max_files),
	[12] = FIELD(U32, log.max_age),
	[13] = FIELD(TEXT, oom_file),
	[14] = FIELD(TEXT, oom_control),
	[15] = FIELD(TEXT, start),
	[16] = FIELD(TEXT, log.forward.socket),
	[17] = FIELD(TEXT, log.forward.prefixes[0]),
	[18] = FIELD(TEXT, log.forward.prefixes[1]),
	[19] = FIELD(TEXT, log.forward.suffix),
	[20] = FIELD(TEXT, log.forward.more),
};

static bool take_field(struct monitor_request *request, uint16_t id, char *value, uint32_t length)
{
	if (id == 0 || id >= sizeof fields / sizeof fields[0])
		return false;
	char *member = (char *)request + fields[id].offset;
	if (fields[id].kind == TEXT) {
		/* Moved onto the field's head, which has been read, so that a NUL fits behind it. */
		char *text = memmove(value - 1, value, length);
		text[length] = '\0';
		memcpy(member, &text, sizeof text);
		return strlen(text) == length;
	}
	if (length != (fields[id].kind == U32 ? sizeof(uint32_t) : sizeof(uint64_t)))
		return false;
	memcpy(member, value, length);
	return true;
}

static bool legal(const struct monitor_request *request)
{
	return request->directory[0] == '/' && request->log.format <= LOG_CRI && request->rows <= UINT16_MAX
		&& request->columns <= UINT16_MAX && request->log.max_files <= LOG_FILES_MAX
		&& strlen(request->log.attributes) <= ATTRIBUTES_MAX
		&& (request->start[0] == '/' || request->start[0] == '\0')
		&& (request->log.forward.socket[0] == '/' || request->log.forward.socket[0] == '\0')
		&& (request->log.format == LOG_NONE || request->log.path[0] == '/');
}

int monitor_request_read(int fd, struct monitor_request *request)
{
	uint32_t head[2];
	*request = (struct monitor_request){
		.id = "", .directory = "", .oom_file = "", .oom_control = "", .start = "", .owner = UINT32_MAX,
		.log = { .path = "", .attributes = "", .forward = { "", { "", "" }, "", "" } },
	};
	ssize_t got = read_all(fd, head, sizeof head);
	if (got < 0)
		return -1;
	if (got < (ssize_t)sizeof head || head[1] != MONITOR_VERSION || head[0] < sizeof(head[1]) || head[0] > REQUEST_MAX)
		goto refuse;
	size_t length = head[0] - sizeof(head[1]);
	request->memory = malloc(length + 1);
	if (request->memory == NULL || read_all(fd, request->memory, length) != (ssize_t)length)
		goto refuse;
	for (char *at = request->memory, *end = at + length; at < end;) {
		if (end - at < FIELD_HEAD)
			goto refuse;
		uint16_t id = get16(at);
		uint32_t size = get32(at + sizeof id);
		at += FIELD_HEAD;
		if (size > (size_t)(end - at) || !take_field(request, id, at, size))
			goto refuse;
		at += size;
	}
	if (legal(request))
		return 0;
refuse:
	errno = EINVAL;
	return -1;
}
