// SPDX-License-Identifier: MIT
#ifndef XL_DOC_BLOCK_H
#define XL_DOC_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

/*
 * The syntax that all text files share: lines "Key: value", "name {" and "}",
 * LF or CRLF, blank lines and indentation free (xl-protocol(7), Files).  A
 * document is a table of fields, which one reader and one writer share.  The
 * reader takes the fields of a block in any order; what it refuses, it names:
 * a missing, repeated or unknown key or block, a bad value, a control
 * character, a line too long.  A file cannot nest deeper than its table.
 */

#define BLOCK_LINE_MAX 1024 /* bytes of a line without its end */
#define BLOCK_VALUE_MAX 768 /* bytes of a value that is written, and a NUL */
#define BLOCK_FIELDS_MAX 32 /* rows of a table */
#define BLOCK_KEY_MAX 12    /* characters of a key, and a NUL */

/* Where a text is wrong, for "FILE:LINE: what". */
struct block_fault {
	unsigned line;
	char what[80];
};

/* How a kind of value is read and written. */
struct block_type {
	const char *bad; /* the fault of a value that read refuses */
	bool (*read)(void *dst, const char *value);
	/* Leaves "" where an optional field is absent. */
	void (*write)(char dst[static BLOCK_VALUE_MAX], const void *src);
};

enum {
	BLOCK_OPTIONAL = 1, /* may be missing */
	BLOCK_CRLF = 2,     /* of a file's outermost block: written with CRLF */
	BLOCK_LF = 4,       /* this line ends with a bare LF all the same */
	BLOCK_WIDE = 8,     /* this line has one blank more in front */
};

/* One row of a table, which ends with a row whose key is empty. */
struct block_field {
	char key[BLOCK_KEY_MAX]; /* in place: a pointer costs a relocation */
	uint8_t flags;
	uint8_t list_max;  /* places of the array at that offset; 0: no list */
	uint8_t list_min;  /* least entries of a list */
	uint16_t at;       /* offset in the enclosing block's structure */
	uint16_t stride;   /* bytes of an entry */
	uint16_t count_at; /* offset of the number of entries, a size_t */
	const struct block_type *type;   /* NULL: a block */
	const struct block_field *inner; /* the fields of a block */
};

/* The offsets of a list: struct type's array, counted in array_len. */
#define BLOCK_LIST(type, array)                         \
	.at = offsetof(struct type, array),             \
	.count_at = offsetof(struct type, array##_len), \
	.stride = sizeof((struct type *)0)->array[0],   \
	.list_max = sizeof((struct type *)0)->array /   \
		    sizeof((struct type *)0)->array[0]

/*
 * Reads len bytes as the document that top describes (a table of one row, the
 * outermost block) into dst, whose counts of lists are 0 and whose optional
 * fields hold their defaults.  ERR_MALFORMED, and fault says where and what.
 */
enum err
block_parse(const struct block_field *top, void *dst, const char *text,
	    size_t len, struct block_fault *fault);

/*
 * Writes src as the document that top describes into dst, which holds cap
 * bytes, and returns the length; 0 when it does not fit.
 */
size_t
block_format(const struct block_field *top, char *dst, size_t cap,
	     const void *src);

/*
 * For faults that are found after reading: sets fault to what, at the line
 * that holds the nth (from 0) key or block of that name.
 */
void
block_blame(struct block_fault *fault, const char *what, const char *text,
	    size_t len, const char *key, size_t nth);

#endif
