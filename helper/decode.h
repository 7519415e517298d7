/* Reads a plan and refuses it as a whole where anything in it is wrong. */
#ifndef TUG_DECODE_H
#define TUG_DECODE_H

#include "ops.gen.h"

enum {
	PLAN_MAX = 16 * 1024 * 1024,  /* bytes on the wire */
	PLAN_MEMORY = 64 * 1024 * 1024, /* bytes decoded */
	SLOTS_MAX = 1024,
	BINDINGS_MAX = 16,
};

struct op {
	uint16_t code;
	uint8_t phase, ignored;
	const uint8_t *ignore; /* `ignored` errnos, u16 each, unaligned */
	const void *fields;    /* struct op_NAME of the code */
};

struct plan {
	const struct op *list[LIST_COUNT];
	uint32_t count[LIST_COUNT];
	uint32_t keep_until[SLOTS_MAX]; /* per slot, index + 1 of the last op of the init list that reads it; 0: none */
	const uint8_t *section; /* what the digest covers */
	size_t section_size;
	void *memory; /* the one allocation; the wire is the caller's */
};

struct refusal {
	uint32_t op; /* ordinal of the op, counted through all lists */
	int error;
	const char *call; /* which check */
	const char *name; /* the op's, or "" */
};

/*
 * Decodes the message that follows the length word. `wire` must outlive the plan. Returns 0, or -1 with the reason;
 * no op has been executed and no privilege used by then.
 */
int decode_plan(struct plan *plan, const uint8_t *wire, size_t size, struct refusal *refusal);

#endif
