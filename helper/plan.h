/* The form of a decoded plan. ops.gen.h, made from src/plan/ops.ts, fills in the ops. */
#ifndef TUG_PLAN_H
#define TUG_PLAN_H

#include <stddef.h>
#include <stdint.h>

/* A list of strings, NULL-terminated like argv. */
struct strings {
	const char **item;
	uint32_t count;
};

struct bytes {
	const uint8_t *data;
	uint32_t size;
};

struct numbers {
	const uint32_t *item;
	uint32_t count;
};

/* Descriptor slots. */
struct slots {
	const uint16_t *item;
	uint32_t count;
};

#define NO_SLOT 0xffff

enum field_type {
	FIELD_U32,
	FIELD_U64,
	FIELD_TEXT,
	FIELD_TEXTS,
	FIELD_BYTES,
	FIELD_NUMBERS,
	FIELD_IN,
	FIELD_OUT,
	FIELD_INS,
};

/* How one field of an op is read and where in the op's structure it goes. */
struct field_info {
	uint8_t type, optional;
	uint16_t offset;
};

/* One verb: the phases it may stand in, a bit each, per list; its fields in op_fields; the size of its structure. */
struct op_info {
	const char *name;
	uint8_t legal[3];
	uint8_t fields;
	uint16_t first, size;
};

#endif
