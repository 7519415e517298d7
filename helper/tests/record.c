/* Records of texts that are full of what has to be escaped, compared with a byte for byte rendering. */
#include "../monitor_record.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXTS = 200000, LONGEST = 100 };

/* Well-formed sequences by the table of RFC 3629 section 4, written out. */
static size_t sequence(const unsigned char *s, size_t n)
{
	static const unsigned char table[][8] = {
		{ 0xc2, 0xdf, 0x80, 0xbf }, { 0xe0, 0xe0, 0xa0, 0xbf, 0x80, 0xbf }, { 0xe1, 0xec, 0x80, 0xbf, 0x80, 0xbf },
		{ 0xed, 0xed, 0x80, 0x9f, 0x80, 0xbf }, { 0xee, 0xef, 0x80, 0xbf, 0x80, 0xbf },
		{ 0xf0, 0xf0, 0x90, 0xbf, 0x80, 0xbf, 0x80, 0xbf }, { 0xf1, 0xf3, 0x80, 0xbf, 0x80, 0xbf, 0x80, 0xbf },
		{ 0xf4, 0xf4, 0x80, 0x8f, 0x80, 0xbf, 0x80, 0xbf },
	};
	for (size_t row = 0; row < sizeof table / sizeof *table; row++) {
		size_t length = 0;
		while (length < 4 && length < n && table[row][2 * length + 1] != 0 && s[length] >= table[row][2 * length]
		       && s[length] <= table[row][2 * length + 1])
			length++;
		if (length > 0 && (length == 4 || table[row][2 * length + 1] == 0))
			return length;
	}
	return 0;
}

static size_t expect(char *to, const unsigned char *s, size_t n)
{
	char *begin = to;
	for (size_t at = 0; at < n;) {
		size_t length = s[at] < 0x80 ? 1 : sequence(s + at, n - at);
		static const char names[] = "\bb\tt\nn\ff\rr\"\"\\\\";
		const char *name = NULL;
		for (size_t i = 0; length == 1 && i + 1 < sizeof names; i += 2)
			if (names[i] == (char)s[at])
				name = names + i + 1;
		if (name != NULL)
			to += sprintf(to, "\\%c", *name);
		else if (length == 0)
			to += sprintf(to, "\\ufffd");
		else if (s[at] < 0x20)
			to += sprintf(to, "\\u%04x", s[at]);
		else
			for (size_t i = 0; i < length; i++)
				*to++ = (char)s[at + i];
		at += length == 0 ? 1 : length;
	}
	return (size_t)(to - begin);
}

int main(void)
{
	char begin[] = "\",\"stream\":\"stdout\",\"attrs\":{\"a\":\"b\"},\"time\":\"", text[FRAME_MAX + 16];
	struct stamp stamp = { 0 };
	struct frame frame = { .text = text };
	frame_json(&frame, &stamp, "stdout", "{\"a\":\"b\"}");
	assert(frame.length == strlen(begin) + 30 + 3 && memcmp(text, begin, strlen(begin)) == 0);
	srand(1);
	for (int round = 0; round < TEXTS; round++) {
		size_t n = (size_t)rand() % LONGEST, plain = (size_t)rand() % 20 + 1;
		/* Of exactly the size that is promised to be enough, so that the sanitizer sees a byte too many. */
		unsigned char *s = malloc(n + 1);
		char *found = malloc(8 + 6 * n + 2 + frame.length), *wanted = malloc(6 * n + 1);
		for (size_t i = 0; i < n; i++)
			s[i] = (unsigned char)((size_t)rand() % plain ? 'a' + rand() % 26 : rand() % 4 ? rand() % 256 : 0xe0 + rand() % 32);
		struct piece piece = { (const char *)s, n, round % 2 == 0 };
		size_t size = (size_t)(record_json(found, &piece, &frame) - found), length = expect(wanted, s, n);
		assert(size == 8 + length + (piece.ends_line ? 2 : 0) + frame.length);
		assert(memcmp(found, "{\"log\":\"", 8) == 0 && memcmp(found + 8, wanted, length) == 0);
		assert(memcmp(found + size - frame.length, frame.text, frame.length) == 0);
		free(s);
		free(found);
		free(wanted);
	}
	return 0;
}
