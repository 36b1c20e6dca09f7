// SPDX-License-Identifier: MIT
#ifndef XL_BASE_BYTES_H
#define XL_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Bounded cursors over bytes, integers of either byte order at any alignment,
 * and the two operations that secrets need.
 */

/*
 * Reads a run of bytes front to back.  Once a read would pass the end, failed
 * is set, that read and all later ones give zeros or NULL: a parser reads
 * everything and asks failed once.
 */
struct bytes_reader {
	const uint8_t *at;
	size_t left;
	bool failed;
};

/* Writes into a fixed buffer; failed is set when something did not fit. */
struct bytes_writer {
	uint8_t *buf;
	size_t cap;
	size_t len;
	bool failed;
};

/* A reader over len bytes at data, which must outlive it. */
struct bytes_reader
bytes_reader(const void *data, size_t len);

/* The next len bytes, in place, or NULL. */
const uint8_t *
bytes_take(struct bytes_reader *r, size_t len);

/* The next byte, or 0. */
uint8_t
bytes_take_u8(struct bytes_reader *r);

/* The next integers, most significant byte first. */
uint16_t
bytes_take_be16(struct bytes_reader *r);
uint32_t
bytes_take_be32(struct bytes_reader *r);

/* A writer into buf, which holds cap bytes. */
struct bytes_writer
bytes_writer(void *buf, size_t cap);

/* Appends len bytes. */
void
bytes_put(struct bytes_writer *w, const void *data, size_t len);

/* Appends integers, most significant byte first. */
void
bytes_put_u8(struct bytes_writer *w, uint8_t v);
void
bytes_put_be16(struct bytes_writer *w, uint16_t v);
void
bytes_put_be32(struct bytes_writer *w, uint32_t v);

/* Integers at p, which needs no alignment. */
uint16_t
bytes_get_be16(const uint8_t p[static 2]);
uint32_t
bytes_get_le32(const uint8_t p[static 4]);
void
bytes_set_be16(uint8_t p[static 2], uint16_t v);
void
bytes_set_le32(uint8_t p[static 4], uint32_t v);
void
bytes_set_le64(uint8_t p[static 8], uint64_t v);
void
bytes_set_be64(uint8_t p[static 8], uint64_t v);

/* Whether two runs of len bytes are the same, in time that depends on len
 * alone. */
bool
bytes_equal(const void *a, const void *b, size_t len);

/* Overwrites a secret; never optimised away. */
void
bytes_wipe(void *p, size_t len);

#endif
