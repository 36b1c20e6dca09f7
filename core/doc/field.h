// SPDX-License-Identifier: MIT
#ifndef XL_DOC_FIELD_H
#define XL_DOC_FIELD_H

#include <stdbool.h>

/*
 * The kinds of value that documents have: how each is kept in memory, read
 * from text and written.  For block.c.
 */

#define FIELD_VALUE_MAX 768 /* bytes of a value that is written, and a NUL */

enum field_kind {
	FIELD_NAME,    /* char[TEXT_NAME_MAX + 1] */
	FIELD_ID,      /* struct nodeid */
	FIELD_KEY,     /* struct rsakey_public */
	FIELD_END,     /* struct endpoint */
	FIELD_VERSION, /* struct version */
	FIELD_ATTRS,   /* uint64_t, as 0x and hex */
	FIELD_INDEX,   /* unsigned: of a member */
	FIELD_SELF,    /* the same, or ROSTER_NO_SELF */
	FIELD_SIZE,    /* unsigned: members of a cluster */
	FIELD_COUNT,   /* unsigned: end points of a member */
	FIELD_KINDS,
};

/* What a value of a kind is, for a message: "end point". */
const char *
field_noun(enum field_kind kind);

/* Reads a value to dst; false when it is none of this kind. */
bool
field_read(enum field_kind kind, void *dst, const char *value);

/* Writes the value at src; "" where an optional field is absent. */
void
field_write(enum field_kind kind, char dst[static FIELD_VALUE_MAX],
	    const void *src);

#endif
