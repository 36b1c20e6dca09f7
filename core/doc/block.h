// SPDX-License-Identifier: MIT
#ifndef XL_DOC_BLOCK_H
#define XL_DOC_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/doc/field.h"

/*
 * The syntax that all text files share: lines "Key: value", "name {" and "}",
 * LF or CRLF, blank lines and indentation free (xl-protocol(7), Files).  A
 * document is a table of its lines, which one reader and one writer share.  The
 * reader takes the fields of a block in any order; what it refuses, it names:
 * a missing, repeated or unknown key or block, a bad value, a control
 * character, a line too long.  A file cannot nest deeper than its table.
 */

#define BLOCK_LINE_MAX 1024 /* bytes of a line without its end */
#define BLOCK_ROWS_MAX 32   /* of a table */
#define BLOCK_KEY_MAX 12    /* characters of a key, and a NUL */

/* Where a text is wrong, for "FILE:LINE: what". */
struct block_fault {
	unsigned line;
	char what[80];
};

enum {
	BLOCK_OPTIONAL = 1, /* may be missing */
	BLOCK_CRLF = 2,     /* of a file's outermost block: written with CRLF */
	BLOCK_LF = 4,       /* this line ends with a bare LF all the same */
	BLOCK_WIDE = 8,     /* this line has one blank more in front */
};

/* What a row of a table stands for. */
enum block_row {
	BLOCK_CLOSE, /* "}"; one more behind the outermost block's */
	BLOCK_OPEN,  /* "key {"; the rows up to its BLOCK_CLOSE are inside */
	BLOCK_VALUE, /* "key: value" */
};

/*
 * One row of a table, which has no pointers: nothing to relocate at start.
 * Offsets are those in the structure of the nearest list that it lies in.
 */
struct block_field {
	char key[BLOCK_KEY_MAX];
	uint8_t row;  /* enum block_row */
	uint8_t kind; /* enum field_kind, of a value */
	uint8_t flags;
	uint8_t list_max;  /* places of the array at that offset; 0: no list */
	uint8_t list_min;  /* least entries of a list */
	uint16_t at;       /* offset of the value, block or list */
	uint16_t stride;   /* bytes of an entry */
	uint16_t count_at; /* offset of the number of entries, a size_t */
};

/* The offset of a value in struct type. */
#define BLOCK_AT(type, member) .at = offsetof(struct type, member)

/* The offsets of a list: struct type's array, counted in array_len. */
#define BLOCK_LIST(type, array)                         \
	.at = offsetof(struct type, array),             \
	.count_at = offsetof(struct type, array##_len), \
	.stride = sizeof((struct type *)0)->array[0],   \
	.list_max = sizeof((struct type *)0)->array /   \
		    sizeof((struct type *)0)->array[0]

/*
 * Reads len bytes as the document that a table describes (its outermost block)
 * into dst, whose counts of lists are 0 and whose optional fields hold their
 * defaults.  ERR_MALFORMED, and fault says where and what.
 */
enum err
block_parse(const struct block_field *table, void *dst, const char *text,
	    size_t len, struct block_fault *fault);

/*
 * Writes src as the document that a table describes into dst, which holds cap
 * bytes, and returns the length; 0 when it does not fit.
 */
size_t
block_format(const struct block_field *table, char *dst, size_t cap,
	     const void *src);

/*
 * For faults that are found after reading: sets fault to what, at the line
 * that holds the nth (from 0) key or block of that name.
 */
void
block_blame(struct block_fault *fault, const char *what, const char *text,
	    size_t len, const char *key, size_t nth);

#endif
