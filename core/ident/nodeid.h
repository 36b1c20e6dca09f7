// SPDX-License-Identifier: MIT
#ifndef XL_IDENT_NODEID_H
#define XL_IDENT_NODEID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

struct rng;

/*
 * Node and cluster IDs: 20 or 32 bytes, shown as lower-case hex
 * (xl-protocol(7), Terms).
 */

#define NODEID_SHORT 20 /* bytes of a 160-bit ID */
#define NODEID_LONG 32  /* bytes of a 256-bit ID */
#define NODEID_HEX_MAX 65

struct nodeid {
	uint8_t len; /* 20 or 32; 0 is no ID */
	uint8_t bytes[NODEID_LONG];
};

/* A random ID of len bytes, 20 or 32. */
void
nodeid_random(struct nodeid *id, size_t len, struct rng *rng);

/* Takes raw bytes.  ERR_MALFORMED unless len is 20 or 32. */
enum err
nodeid_from_bytes(struct nodeid *id, const void *src, size_t len);

/* Reads 40 or 64 characters of hex.  ERR_MALFORMED. */
enum err
nodeid_parse(struct nodeid *id, const char *text, size_t len);

/* Writes id in hex with a NUL. */
void
nodeid_format(char dst[static NODEID_HEX_MAX], const struct nodeid *id);

/* Whether both are the same ID. */
bool
nodeid_equal(const struct nodeid *a, const struct nodeid *b);

#endif
