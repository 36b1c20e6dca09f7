// SPDX-License-Identifier: MIT
#ifndef XL_IDENT_VERSION_H
#define XL_IDENT_VERSION_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

/*
 * Version numbers a.b.c.d, held most significant field first
 * (xl-protocol(7), Version numbers).  Their order on the wire is the
 * dialect's matter.
 */
struct version {
	uint8_t field[4]; /* a, b, c, d */
};

#define VERSION_TEXT_MAX 16

/* Reads one to four fields of 0..255.  ERR_MALFORMED. */
enum err
version_parse(struct version *v, const char *text, size_t len);

/* Writes v without trailing zero fields, at least two: "1.0". */
void
version_format(char dst[static VERSION_TEXT_MAX], const struct version *v);

/* The documented wire form: d first. */
void
version_put_documented(uint8_t dst[static 4], const struct version *v);
struct version
version_get_documented(const uint8_t src[static 4]);

/* The wire form of the prefixed dialect: a first. */
void
version_put_prefixed(uint8_t dst[static 4], const struct version *v);
struct version
version_get_prefixed(const uint8_t src[static 4]);

#endif
