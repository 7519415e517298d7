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

static char *escape(char *to, const char *text, size_t n)
{
	const uint8_t *s = (const uint8_t *)text;
	size_t done = 0, at = 0;
	while (at < n) {
		if (plain(s[at])) {
			at++;
			continue;
		}
		size_t sequence = s[at] < 0x80 ? 0 : utf8_length(s + at, n - at);
		if (sequence > 0) {
			at += sequence;
			continue;
		}
		memcpy(to, s + done, at - done);
		to = escape_byte(to + (at - done), s[at]);
		done = ++at;
	}
	memcpy(to, s + done, n - done);
	return to + (n - done);
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

char *record_json(char *to, struct stamp *stamp, const struct piece *piece, const char *attributes)
{
	to = escape(put(to, "{\"log\":\""), piece->text, piece->length);
	to = put(put(put(to, piece->ends_line ? "\\n\",\"stream\":\"" : "\",\"stream\":\""), piece->stream), "\",");
	if (attributes[0] != '\0')
		to = put(put(put(to, "\"attrs\":"), attributes), ",");
	return put(put_time(put(to, "\"time\":\""), stamp), "\"}\n");
}

char *record_cri(char *to, struct stamp *stamp, const struct piece *piece)
{
	to = put_time(to, stamp);
	*to++ = ' ';
	to = put(put(to, piece->stream), piece->ends_line ? " F " : " P ");
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
