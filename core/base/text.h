// SPDX-License-Identifier: MIT
#ifndef XL_BASE_TEXT_H
#define XL_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

/* Hex, base64 (RFC 4648), decimal numbers, names, and text made harmless. */

#define TEXT_NAME_MAX 64 /* bytes of a node, cluster or registry name */

/* The characters of len bytes in base64, padding included. */
#define TEXT_BASE64_LEN(len) (((len) + 2) / 3 * 4)

/* Writes len bytes as lower-case hex, 2 * len characters and a NUL. */
void
text_hex(char *dst, const uint8_t *src, size_t len);

/*
 * Reads len characters of hex, either case.  *out_len is the bytes written.
 * ERR_MALFORMED: odd length or another character.  ERR_TOO_LONG: over cap.
 */
enum err
text_unhex(uint8_t *dst, size_t cap, size_t *out_len, const char *src,
	   size_t len);

/*
 * Writes len bytes as base64, TEXT_BASE64_LEN(len) characters and a NUL, in
 * time that depends on len alone.
 */
void
text_base64(char *dst, const uint8_t *src, size_t len);

/*
 * Reads len characters of base64, which must be whole groups of four, padded
 * and canonical (unused bits zero).  dst may be src.  Errors as text_unhex.
 */
enum err
text_unbase64(uint8_t *dst, size_t cap, size_t *out_len, const char *src,
	      size_t len);

/*
 * Reads a decimal number, digits only, min..max.  ERR_MALFORMED otherwise.
 */
enum err
text_number(uint64_t *out, const char *src, uint64_t min, uint64_t max);

/*
 * Whether len bytes are a name: 1..64 bytes, first [A-Za-z0-9_], then
 * [A-Za-z0-9_.-] (xl-protocol(7), Terms).
 */
bool
text_is_name(const void *src, size_t len);

/* Whether len bytes are those of want, a C string. */
bool
text_is(const void *src, size_t len, const char *want);

/* The most that text_quote makes of len bytes, NUL included. */
#define TEXT_QUOTED_MAX(len) (6 * (len) + 3)

/*
 * Writes s in the double quotes of JSON (RFC 8259), bytes beyond ASCII as the
 * code points they name; in single quotes, which POSIX shells take as it
 * stands; or, quote being 0, as printable ASCII for terminals and comments.
 * Returns the end, where a NUL is.
 */
char *
text_quote(char *dst, char quote, const char *s);

/*
 * Replaces each byte of line that is not printable ASCII by '?': what came
 * from a peer or a file may hold escape sequences.
 */
void
text_clean(char *line, size_t len);

#endif
