/*
 * Replays the corpus through the decoder, then throws mutated plans at it: seeds from the corpus, and plans that are
 * made from the table itself, so that they stay valid when the table changes. Every plan that is accepted is read
 * completely. Deterministic; the sanitizers do the judging, and the claims below.
 */
#include "../decode.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../base.h"

enum { SIZE_MAX_SEED = 1 << 16, SEEDS_MAX = 64, ROUNDS = 200000, HEADER = 32 };

struct seed {
	uint8_t data[SIZE_MAX_SEED];
	size_t size;
};

static struct seed seeds[SEEDS_MAX];
static size_t seed_count;
static uint64_t state = 88172645463325252ULL;
static volatile size_t sink;

static uint32_t any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return below ? (uint32_t)(state >> 32) % below : 0;
}

static void read_field(const struct field_info *field, const void *at)
{
	const struct strings *texts = at;
	const struct bytes *bytes = at;
	const struct numbers *numbers = at;
	const struct slots *slots = at;
	switch ((enum field_type)field->type) {
	case FIELD_TEXT:
		sink += strlen(*(const char *const *)at);
		break;
	case FIELD_TEXTS:
		for (uint32_t i = 0; i < texts->count; i++)
			sink += strlen(texts->item[i]);
		assert(texts->item[texts->count] == NULL);
		break;
	case FIELD_BYTES:
		for (uint32_t i = 0; i < bytes->size; i++)
			sink += bytes->data[i];
		break;
	case FIELD_NUMBERS:
		for (uint32_t i = 0; i < numbers->count; i++)
			sink += numbers->item[i];
		break;
	case FIELD_INS:
		for (uint32_t i = 0; i < slots->count; i++)
			assert(slots->item[i] < SLOTS_MAX);
		break;
	case FIELD_IN:
	case FIELD_OUT:
		assert(*(const uint16_t *)at < SLOTS_MAX || (*(const uint16_t *)at == NO_SLOT && field->optional));
		break;
	case FIELD_U32:
	case FIELD_U64:
		sink += *(const uint32_t *)at;
	}
}

/* Decodes an exact copy, so that one byte too far is seen; true if the plan was accepted. */
static bool decode(const uint8_t *data, size_t size)
{
	struct plan plan;
	struct refusal refusal;
	uint8_t *exact = malloc(size ? size : 1);
	memcpy(exact, data, size);
	bool accepted = decode_plan(&plan, exact, size, &refusal) == 0;
	assert(accepted || (refusal.error != 0 && *refusal.call && refusal.name));
	for (int list = 0; accepted && list < LIST_COUNT; list++)
		for (uint32_t i = 0; i < plan.count[list]; i++) {
			const struct op *op = &plan.list[list][i];
			const struct op_info *info = &op_table[op->code];
			assert(info->legal[list] >> op->phase & 1);
			assert(i == 0 || op->phase >= op[-1].phase);
			for (int n = 0; n < op->ignored; n++)
				sink += get16(op->ignore + 2 * n);
			for (int n = 0; n < info->fields; n++) {
				const struct field_info *field = &op_fields[info->first + n];
				read_field(field, (const char *)op->fields + field->offset);
			}
		}
	free(plan.memory);
	free(exact);
	return accepted;
}

static uint8_t *put_text(uint8_t *at)
{
	uint32_t size = any(8);
	if (any(4) == 0) { /* one literal piece, one binding */
		at = put8(put32(put8(put32(at, 0x80000000 | (8 + size)), 0), size), 'a');
		memset(at - 1, 'a', size);
		return put16(put8(at - 1 + size, 1), 0);
	}
	at = put32(at, size);
	memset(at, 'a', size);
	return put8(at + size, 0);
}

/* One valid value of a field. `slot` is the next that nothing has written; `written` were written where all may read. */
static uint8_t *put_field(uint8_t *at, const struct field_info *field, uint16_t *slot, uint16_t written)
{
	uint32_t count = any(3);
	switch ((enum field_type)field->type) {
	case FIELD_U32:
		return put32(at, any(0));
	case FIELD_U64:
		return put64(at, state);
	case FIELD_TEXT:
		return put_text(at);
	case FIELD_TEXTS:
		for (at = put32(at, count); count > 0; count--)
			at = put_text(at);
		return at;
	case FIELD_BYTES:
		memset(at + 4, 7, count);
		return put32(at, count) + count;
	case FIELD_NUMBERS:
		for (at = put32(at, count); count > 0; count--)
			at = put32(at, any(0));
		return at;
	case FIELD_INS:
		for (at = put32(at, count); count > 0; count--)
			at = put16(at, (uint16_t)any(written));
		return at;
	case FIELD_IN:
		return put16(at, field->optional && any(2) ? NO_SLOT : (uint16_t)any(written));
	case FIELD_OUT:
		return put16(at, field->optional ? NO_SLOT : (*slot)++);
	}
	return at;
}

static uint8_t *put_op(uint8_t *at, unsigned code, uint16_t *slot, uint16_t written)
{
	const struct op_info *info = &op_table[code];
	uint8_t *begin = at, ignored = (uint8_t)any(3);
	at = put8(put8(put16(at + 4, (uint16_t)code), ignored), 0);
	while (ignored-- > 0)
		at = put16(at, 2);
	for (int n = 0; n < info->fields; n++)
		at = put_field(at, &op_fields[info->first + n], slot, written);
	put32(begin, (uint32_t)(at - begin));
	return at;
}

/* A valid plan in which every op that is legal somewhere in a list stands there, in the order of its first phase. */
static void make_plan(struct seed *seed)
{
	static const uint8_t hash[] = TUG_TABLE_HASH_BYTES;
	uint8_t *at = seed->data + HEADER;
	uint32_t count[LIST_COUNT] = { 0 };
	uint16_t slot = 0, written = 0;
	/* Two slots that everybody may read. */
	for (count[0] = 0; count[0] < 2; count[0]++)
		at = put_op(at, OP_inherit, &slot, 0);
	written = slot;
	for (int list = 0; list < LIST_COUNT; list++)
		for (int phase = 0; phase < 8; phase++)
			for (unsigned code = 0; code < OP_COUNT; code++)
				if (op_table[code].legal[list] && __builtin_ctz(op_table[code].legal[list]) == phase) {
					at = put_op(at, code, &slot, written);
					count[list]++;
				}
	uint32_t size = (uint32_t)(at - seed->data);
	memcpy(seed->data, "tugP", 4);
	memcpy(seed->data + 4, hash, sizeof hash);
	uint8_t *head = put16(put16(put32(seed->data + 12, size), slot), 1);
	for (int list = 0; list < LIST_COUNT; list++)
		head = put32(head, count[list]);
	memcpy(at, "\3\0\0\0abc", 7);
	seed->size = size + 7;
}

static void mutate(struct seed *to, const struct seed *from)
{
	static const uint32_t odd[] = { 0, 1, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff };
	memcpy(to->data, from->data, from->size);
	to->size = from->size;
	for (uint32_t left = 1 + any(4); left > 0 && to->size > 8; left--) {
		size_t at = any((uint32_t)to->size - 4);
		switch (any(5)) {
		case 0:
			to->data[at] ^= (uint8_t)(1 << any(8));
			break;
		case 1:
			put32(to->data + at, odd[any(sizeof odd / sizeof *odd)]);
			break;
		case 2:
			put32(to->data + at, get32(to->data + at) + any(9) - 4);
			break;
		case 3:
			to->size -= any((uint32_t)to->size);
			break;
		case 4:
			memmove(to->data + at, to->data + any((uint32_t)to->size - 4), 4);
			break;
		}
	}
}

/* Seeds made from an older table are still seeds; the hash is exchanged so that they come past the first check. */
static void read_corpus(const char *path)
{
	static const uint8_t hash[] = TUG_TABLE_HASH_BYTES;
	DIR *stream = opendir(path);
	assert(stream);
	for (struct dirent *entry; (entry = readdir(stream)) && seed_count < SEEDS_MAX;) {
		struct seed *seed = &seeds[seed_count];
		owned int fd = openat(dirfd(stream), entry->d_name, O_RDONLY | O_CLOEXEC);
		ssize_t size = entry->d_type == DT_REG ? read_all(fd, seed->data, sizeof seed->data) : 0;
		if (size <= 0)
			continue;
		seed->size = (size_t)size;
		decode(seed->data, seed->size);
		if (size >= 12 && memcmp(seed->data, "tugP", 4) == 0)
			memcpy(seed->data + 4, hash, sizeof hash);
		decode(seed->data, seed->size);
		seed_count++;
	}
	closedir(stream);
}

int main(int argc, char **argv)
{
	static struct seed mutated;
	assert(argc == 2);
	read_corpus(argv[1]);
	size_t files = seed_count, accepted = 0;
	while (seed_count < SEEDS_MAX) {
		make_plan(&seeds[seed_count]);
		assert(decode(seeds[seed_count].data, seeds[seed_count].size));
		seed_count++;
	}
	for (int round = 0; round < ROUNDS; round++) {
		mutate(&mutated, &seeds[any((uint32_t)seed_count)]);
		accepted += decode(mutated.data, mutated.size);
	}
	assert(files > 0 && accepted > 0 && accepted < ROUNDS);
	printf("decode: %zu files, %d mutations, %zu of them accepted\n", files, ROUNDS, accepted);
	return 0;
}
