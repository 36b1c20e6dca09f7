// SPDX-License-Identifier: MIT
#ifndef XL_REGD_TABLE_H
#define XL_REGD_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

/*
 * A hash table of item numbers: open addressing, grown by doubling.  Peers
 * choose the IDs and names that are looked up, so the hash has a secret key
 * (SipHash-2-4) and nobody can make entries collide.  What an item is, and
 * whether it is the one looked for, is the owner's matter.
 */

#define TABLE_NONE UINT32_MAX

struct table_slot {
	uint64_t hash;
	uint32_t item; /* TABLE_NONE: free */
};

struct table {
	struct table_slot *slots;
	uint32_t cap; /* a power of two, or 0 */
	uint32_t len;
};

/* SipHash-2-4 of len bytes. */
uint64_t
table_hash(const uint8_t key[static 16], const void *data, size_t len);

/* Makes sure that one more fits.  ERR_SYSTEM; the table is then as it was. */
enum err
table_reserve(struct table *t);

/* Adds an item, for which there is room. */
void
table_put(struct table *t, uint64_t hash, uint32_t item);

/* Takes an item out that was put in with this hash. */
void
table_drop(struct table *t, uint64_t hash, uint32_t item);

/*
 * The items that were put in with this hash, one after the other, then
 * TABLE_NONE.  *at is the search's own.
 */
uint32_t
table_first(const struct table *t, uint64_t hash, uint32_t *at);
uint32_t
table_next(const struct table *t, uint64_t hash, uint32_t *at);

void
table_free(struct table *t);

#endif
