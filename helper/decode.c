/*
 * The decoder: two passes of the same walk. The first checks everything and measures, the second fills the one
 * allocation. Texts and byte strings without bindings stay where they are on the wire.
 */
#include "decode.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base.h"

enum { HEADER_SIZE = 32, RECORD_HEAD = 8, BINDING_MAX = 4096 };
static const uint32_t TEMPLATE = 0x80000000;

/* Who wrote a slot: what the host list writes after runStage is unknown to the processes made there. */
enum writer { NOBODY, HOST_EARLY, HOST_LATE, STAGE, INIT };

struct decoder {
	struct plan *plan;
	struct refusal *refusal;
	const uint8_t *at, *end; /* of the record being read */
	struct bytes binding[BINDINGS_MAX];
	unsigned bindings, slots;
	uint8_t writer[SLOTS_MAX];
	uint8_t list, phase;
	uint32_t index, stages, spawns;
	uint8_t *memory; /* NULL in the first pass */
	size_t used;
};

static int refuse(struct decoder *d, int error, const char *call)
{
	d->refusal->error = error;
	d->refusal->call = call;
	return -1;
}

/* Room in the allocation, 8-aligned; NULL in the first pass. The sum is checked once per op. */
static void *reserve(struct decoder *d, size_t size)
{
	size_t at = (d->used + 7) & ~(size_t)7;
	d->used = at + size;
	return d->memory ? d->memory + at : NULL;
}

static bool has(const struct decoder *d, size_t size)
{
	return (size_t)(d->end - d->at) >= size;
}

static int read_u32(struct decoder *d, uint32_t *value)
{
	if (!has(d, 4))
		return refuse(d, EINVAL, "length");
	*value = get32(d->at);
	d->at += 4;
	return 0;
}

static int read_bytes(struct decoder *d, struct bytes *value)
{
	if (read_u32(d, &value->size) < 0)
		return -1;
	if (!has(d, value->size))
		return refuse(d, EINVAL, "length");
	value->data = d->at;
	d->at += value->size;
	return 0;
}

static bool holds_nul(struct bytes text)
{
	return text.size > 0 && memchr(text.data, 0, text.size) != NULL;
}

/* One piece of a text with bindings: a literal or the number of a binding. */
static int read_piece(struct decoder *d, struct bytes *piece)
{
	if (!has(d, 3))
		return refuse(d, EINVAL, "piece");
	uint8_t kind = *d->at++;
	if (kind == 0)
		return read_bytes(d, piece) < 0 ? -1 : holds_nul(*piece) ? refuse(d, EINVAL, "text") : 0;
	unsigned number = get16(d->at);
	d->at += 2;
	if (kind != 1 || number >= d->bindings)
		return refuse(d, EINVAL, "piece");
	*piece = d->binding[number];
	return 0;
}

/* The pieces of a text are walked twice: for their sum, then to copy them. */
static int read_template(struct decoder *d, uint32_t size, const char **text)
{
	if (!has(d, size))
		return refuse(d, EINVAL, "length");
	const uint8_t *begin = d->at, *record_end = d->end;
	d->end = begin + size;
	size_t sum = 0;
	for (struct bytes piece; d->at < d->end; sum += piece.size)
		if (read_piece(d, &piece) < 0)
			return -1;
	if (sum > PLAN_MEMORY)
		return refuse(d, E2BIG, "memory");
	char *to = reserve(d, sum + 1);
	*text = to;
	if (to) {
		d->at = begin;
		for (struct bytes piece; d->at < d->end && read_piece(d, &piece) == 0; to += piece.size)
			memcpy(to, piece.data, piece.size);
		*to = '\0';
	}
	d->end = record_end;
	return 0;
}

static int read_text(struct decoder *d, const char **text)
{
	uint32_t size;
	if (read_u32(d, &size) < 0)
		return -1;
	if (size & TEMPLATE)
		return read_template(d, size & ~TEMPLATE, text);
	if (!has(d, (size_t)size + 1) || d->at[size] != 0 || holds_nul((struct bytes){ d->at, size }))
		return refuse(d, EINVAL, "text");
	*text = (const char *)d->at;
	d->at += (size_t)size + 1;
	return 0;
}

/* A count, refused where the rest of the record cannot hold so many items of at least `least` bytes. */
static int read_count(struct decoder *d, size_t least, uint32_t *count)
{
	if (read_u32(d, count) < 0)
		return -1;
	return has(d, least * *count) ? 0 : refuse(d, EINVAL, "count");
}

static int read_texts(struct decoder *d, struct strings *texts)
{
	if (read_count(d, 4, &texts->count) < 0)
		return -1;
	texts->item = reserve(d, (texts->count + (size_t)1) * sizeof *texts->item);
	for (uint32_t i = 0; i < texts->count; i++) {
		const char *text;
		if (read_text(d, &text) < 0)
			return -1;
		if (texts->item)
			texts->item[i] = text;
	}
	if (texts->item)
		texts->item[texts->count] = NULL;
	return 0;
}

static int read_slot(struct decoder *d, const struct field_info *field, uint16_t *slot)
{
	static const uint8_t visible[LIST_COUNT] = {
		[LIST_HOST] = 1 << HOST_EARLY | 1 << HOST_LATE,
		[LIST_STAGE] = 1 << HOST_EARLY | 1 << STAGE,
		[LIST_INIT] = 1 << HOST_EARLY | 1 << STAGE | 1 << INIT,
	};
	static const uint8_t writers[LIST_COUNT] = { HOST_EARLY, STAGE, INIT };
	if (!has(d, 2))
		return refuse(d, EINVAL, "length");
	*slot = get16(d->at);
	d->at += 2;
	if (*slot == NO_SLOT)
		return field->optional ? 0 : refuse(d, EINVAL, "slot");
	if (*slot >= d->slots)
		return refuse(d, EINVAL, "slot");
	if (d->memory)
		return 0;
	uint8_t *writer = &d->writer[*slot];
	if (field->type == FIELD_OUT) {
		if (*writer != NOBODY)
			return refuse(d, EINVAL, "slot");
		*writer = d->list == LIST_HOST && d->stages > 0 ? HOST_LATE : writers[d->list];
		return 0;
	}
	if (!(visible[d->list] >> *writer & 1))
		return refuse(d, EINVAL, "slot");
	if (d->list == LIST_INIT)
		d->plan->keep_until[*slot] = d->index + 1;
	return 0;
}

static int read_numbers(struct decoder *d, struct numbers *numbers)
{
	if (read_count(d, 4, &numbers->count) < 0)
		return -1;
	uint32_t *item = reserve(d, numbers->count * sizeof *item);
	if (item)
		memcpy(item, d->at, numbers->count * sizeof *item);
	numbers->item = item;
	d->at += numbers->count * sizeof *item;
	return 0;
}

static int read_slots(struct decoder *d, struct slots *slots)
{
	static const struct field_info each = { FIELD_IN, 0, 0 };
	uint16_t slot;
	if (read_count(d, 2, &slots->count) < 0)
		return -1;
	uint16_t *item = reserve(d, slots->count * sizeof *item);
	slots->item = item;
	for (uint32_t i = 0; i < slots->count; i++) {
		if (read_slot(d, &each, &slot) < 0)
			return -1;
		if (item)
			item[i] = slot;
	}
	return 0;
}

/* `to` is the place in the op's structure; in the first pass, any place that is large enough. */
static int read_field(struct decoder *d, const struct field_info *field, void *to)
{
	switch ((enum field_type)field->type) {
	case FIELD_U32:
		return read_u32(d, to);
	case FIELD_U64:
		if (!has(d, 8))
			return refuse(d, EINVAL, "length");
		memcpy(to, d->at, 8);
		d->at += 8;
		return 0;
	case FIELD_TEXT:
		return read_text(d, to);
	case FIELD_TEXTS:
		return read_texts(d, to);
	case FIELD_BYTES:
		return read_bytes(d, to);
	case FIELD_NUMBERS:
		return read_numbers(d, to);
	case FIELD_IN:
	case FIELD_OUT:
		return read_slot(d, field, to);
	case FIELD_INS:
		return read_slots(d, to);
	}
	return refuse(d, EINVAL, "field");
}

/* Legality and phase: phases of a list only go forward. */
static int check_place(struct decoder *d, unsigned code)
{
	unsigned legal = op_table[code].legal[d->list] >> d->phase << d->phase;
	if (!legal)
		return refuse(d, EINVAL, "phase");
	d->phase = (uint8_t)__builtin_ctz(legal);
	if (code == OP_run_stage && d->stages++ > 0)
		return refuse(d, EINVAL, "stage");
	if (code == OP_spawn && d->spawns++ > 0)
		return refuse(d, EINVAL, "stage");
	return 0;
}

/* Reads the record that begins at `*at` and moves it on. */
static int read_record(struct decoder *d, const uint8_t **at, const uint8_t *end, struct op *op)
{
	size_t room = (size_t)(end - *at);
	uint32_t size = room < RECORD_HEAD ? 0 : get32(*at);
	if (size < RECORD_HEAD || size > room)
		return refuse(d, EINVAL, "length");
	unsigned code = get16(*at + 4), ignored = (*at)[6];
	if (code >= OP_COUNT)
		return refuse(d, EINVAL, "op");
	const struct op_info *info = &op_table[code];
	d->refusal->name = info->name;
	d->at = *at + RECORD_HEAD;
	d->end = *at + size;
	if (check_place(d, code) < 0)
		return -1;
	if ((*at)[7] != 0 || !has(d, ignored * 2))
		return refuse(d, EINVAL, "ignore");
	uint8_t *fields = reserve(d, info->size);
	if (op)
		*op = (struct op){ (uint16_t)code, d->phase, (uint8_t)ignored, d->at, fields };
	d->at += ignored * 2;
	for (unsigned i = 0; i < info->fields; i++) {
		const struct field_info *field = &op_fields[info->first + i];
		uint64_t elsewhere[2];
		if (read_field(d, field, fields ? (void *)(fields + field->offset) : elsewhere) < 0)
			return -1;
	}
	if (d->used > PLAN_MEMORY)
		return refuse(d, E2BIG, "memory");
	*at += size;
	return d->at == d->end ? 0 : refuse(d, EINVAL, "length");
}

static int read_lists(struct decoder *d)
{
	const uint8_t *at = d->plan->section + HEADER_SIZE, *end = d->plan->section + d->plan->section_size;
	d->used = 0;
	d->stages = d->spawns = 0;
	d->refusal->op = 0;
	for (d->list = 0; d->list < LIST_COUNT; d->list++) {
		uint32_t count = d->plan->count[d->list];
		struct op *ops = reserve(d, count * sizeof *ops);
		d->plan->list[d->list] = ops;
		d->phase = 0;
		for (d->index = 0; d->index < count; d->index++, d->refusal->op++)
			if (read_record(d, &at, end, ops ? &ops[d->index] : NULL) < 0)
				return -1;
	}
	d->refusal->name = "";
	uint32_t inside = d->plan->count[LIST_STAGE] + d->plan->count[LIST_INIT];
	if (d->stages != d->spawns || (inside > 0 && d->stages == 0))
		return refuse(d, EINVAL, "stage");
	return at == end ? 0 : refuse(d, EINVAL, "length");
}

static int read_header(struct decoder *d, const uint8_t *wire, size_t size)
{
	static const uint8_t hash[] = TUG_TABLE_HASH_BYTES;
	struct plan *plan = d->plan;
	if (size < HEADER_SIZE || memcmp(wire, "tugP", 4) != 0)
		return refuse(d, EINVAL, "magic");
	if (memcmp(wire + 4, hash, sizeof hash) != 0)
		return refuse(d, EPROTO, "table");
	plan->section = wire;
	plan->section_size = get32(wire + 12);
	if (plan->section_size < HEADER_SIZE || plan->section_size > size)
		return refuse(d, EINVAL, "length");
	d->slots = get16(wire + 16);
	d->bindings = get16(wire + 18);
	if (d->slots > SLOTS_MAX || d->bindings > BINDINGS_MAX)
		return refuse(d, EINVAL, "count");
	uint64_t total = 0;
	for (unsigned list = 0; list < LIST_COUNT; list++)
		total += plan->count[list] = get32(wire + 20 + 4 * list);
	if (total > (plan->section_size - HEADER_SIZE) / RECORD_HEAD)
		return refuse(d, EINVAL, "count");
	d->at = wire + plan->section_size;
	d->end = wire + size;
	for (unsigned i = 0; i < d->bindings; i++)
		if (read_bytes(d, &d->binding[i]) < 0 || d->binding[i].size > BINDING_MAX || holds_nul(d->binding[i]))
			return refuse(d, EINVAL, "binding");
	return d->at == d->end ? 0 : refuse(d, EINVAL, "length");
}

int decode_plan(struct plan *plan, const uint8_t *wire, size_t size, struct refusal *refusal)
{
	memset(plan, 0, sizeof *plan);
	*refusal = (struct refusal){ 0, 0, "", "" };
	struct decoder d = { .plan = plan, .refusal = refusal };
	if (read_header(&d, wire, size) < 0 || read_lists(&d) < 0)
		return -1;
	d.memory = plan->memory = calloc(1, d.used + 1);
	if (!d.memory)
		return refuse(&d, ENOMEM, "memory");
	return read_lists(&d);
}
