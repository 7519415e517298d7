/* See monitor_record.h. */
#include "monitor_record.h"

#include <string.h>
#include <time.h>

/* Length of the valid UTF-8 sequence at s, 0 if there is none. Source: RFC 3629 section 4 */
static size_t utf8_length(const uint8_t *s, size_t n)
{
	size_t length = s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
	uint8_t low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
	uint8_t high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
	if (length == 0 || n < length || s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

static bool plain(uint8_t c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Writes a byte that JSON does not take as it is; an invalid one becomes U+FFFD. */
static char *escape_byte(char *to, uint8_t c)
{
	static const char digits[] = "0123456789abcdef";
	static const char names[] = "btn?fr"; /* from U+0008 on */
	*to++ = '\\';
	if (c >= 0x80)
		return (char *)memcpy(to, "ufffd", 5) + 5;
	if (c == '"' || c == '\\') {
		*to++ = (char)c;
	} else if (c >= 8 && c <= 13 && c != 11) {
		*to++ = names[c - 8];
	} else {
		memcpy(to, "u00", 3);
		to[3] = digits[c >> 4];
		to[4] = digits[c & 15];
		to += 5;
	}
	return to;
}

/* Copies `count` bytes if all of them are plain. Of signed bytes, those from 0x80 on are less than 0x20, too. */
#define COPY_PLAIN(count) \
	static inline bool copy_plain_##count(char *to, const uint8_t *from) \
	{ \
		typedef signed char lanes __attribute__((vector_size(count))); \
		union { \
			lanes bytes; \
			uint64_t words[count / 8]; \
		} text, special; \
		memcpy(&text, from, count); \
		special.bytes = (text.bytes < 0x20) | (text.bytes == '"') | (text.bytes == '\\'); \
		memcpy(to, &text, count); \
		return (special.words[0] | special.words[count / 8 - 1]) == 0; \
	}
COPY_PLAIN(16)
COPY_PLAIN(8)

/* One character, or one byte that is part of none; returns how many bytes of the text it was. */
static inline size_t escape_one(char **to, const uint8_t *s, size_t n)
{
	size_t length = plain(*s) ? 1 : *s < 0x80 ? 0 : utf8_length(s, n);
	if (length == 0) {
		*to = escape_byte(*to, *s);
		return 1;
	}
	memcpy(*to, s, length);
	*to += length;
	return length;
}

/* What is copied in vain behind a special byte is overwritten: a text needs at least its own length. */
static char *escape(char *to, const char *text, size_t n)
{
	const uint8_t *s = (const uint8_t *)text, *end = s + n;
	while (s < end) {
		for (; end - s >= 16 && copy_plain_16(to, s); s += 16)
			to += 16;
		if (end - s >= 8 && copy_plain_8(to, s)) {
			s += 8;
			to += 8;
		}
		for (const uint8_t *stop = end - s < 8 ? end : s + 8; s < stop;)
			s += escape_one(&to, s, (size_t)(end - s));
	}
	return to;
}

static char *put(char *to, const char *text)
{
	size_t length = strlen(text);
	return (char *)memcpy(to, text, length) + length;
}

static char *put_digits(char *to, uint64_t value, int digits)
{
	for (int i = digits - 1; i >= 0; i--, value /= 10)
		to[i] = (char)('0' + value % 10);
	return to + digits;
}

/*
 * The date of a day counted from 1970; gmtime(3) would read the time zone file.
 * Source: civil_from_days in https://howardhinnant.github.io/date_algorithms.html
 */
static char *put_date(char *to, int64_t days)
{
	int64_t z = days + 719468, era = z / 146097, day_of_era = z % 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t shifted = (5 * day_of_year + 2) / 153, month = shifted < 10 ? shifted + 3 : shifted - 9;
	to = put_digits(to, (uint64_t)(year_of_era + era * 400 + (month <= 2)), 4);
	*to++ = '-';
	to = put_digits(to, (uint64_t)month, 2);
	*to++ = '-';
	return put_digits(to, (uint64_t)(day_of_year - (153 * shifted + 2) / 5 + 1), 2);
}

/* RFC 3339 in UTC, always with nine digits, so that times sort as text. */
static char *put_time(char *to, struct stamp *stamp)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec != stamp->second || stamp->text[0] == '\0') {
		uint64_t second = (uint64_t)now.tv_sec % 86400;
		char *end = put_date(stamp->text, now.tv_sec / 86400);
		*end++ = 'T';
		end = put_digits(end, second / 3600, 2);
		*end++ = ':';
		end = put_digits(end, second / 60 % 60, 2);
		*end++ = ':';
		end = put_digits(end, second % 60, 2);
		*end++ = '.';
		*end = '\0';
		stamp->second = now.tv_sec;
	}
	to = put_digits(put(to, stamp->text), (uint64_t)now.tv_nsec, 9);
	*to++ = 'Z';
	return to;
}

void frame_json(struct frame *frame, struct stamp *stamp, const char *stream, const char *attributes)
{
	char *to = put(put(put(frame->text, "\",\"stream\":\""), stream), "\",");
	if (attributes[0] != '\0')
		to = put(put(put(to, "\"attrs\":"), attributes), ",");
	to = put(put_time(put(to, "\"time\":\""), stamp), "\"}\n");
	frame->length = (size_t)(to - frame->text);
}

char *record_json(char *to, const struct piece *piece, const struct frame *frame)
{
	to = escape(put(to, "{\"log\":\""), piece->text, piece->length);
	if (piece->ends_line)
		to = put(to, "\\n");
	return (char *)memcpy(to, frame->text, frame->length) + frame->length;
}

void frame_cri(struct frame *frame, struct stamp *stamp, const char *stream)
{
	char *to = put_time(frame->text, stamp);
	*to++ = ' ';
	frame->length = (size_t)(put(to, stream) - frame->text);
}

char *record_cri(char *to, const struct piece *piece, const struct frame *frame)
{
	to = put((char *)memcpy(to, frame->text, frame->length) + frame->length, piece->ends_line ? " F " : " P ");
	memcpy(to, piece->text, piece->length);
	to += piece->length;
	*to++ = '\n';
	return to;
}

size_t record_cut(const char *text, size_t limit)
{
	for (size_t back = 1; back <= 3 && back < limit; back++) {
		uint8_t c = (uint8_t)text[limit - back];
		size_t length = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
		if (c < 0x80)
			break;
		if (c >= 0xc0)
			return length > back ? limit - back : limit;
	}
	return limit;
}
