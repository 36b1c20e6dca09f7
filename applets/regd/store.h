// SPDX-License-Identifier: MIT
#ifndef XL_REGD_STORE_H
#define XL_REGD_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

/*
 * Where the registry's changes go, and when they are safe.  Records are
 * appended as they come and committed together; the store then says whether
 * all records of that ticket are durable.  Tickets are settled in the order
 * in which they were given out.  The journal is such a store.
 */
/*
 * Called once a ticket, with reason 0 when its records are durable, or with
 * the errno for which none of them is.
 */
typedef void
store_durable(void *context, uint64_t ticket, int reason);

struct store {
	void *self;

	/* Has durable called from now on. */
	void (*tell)(void *self, store_durable *durable, void *context);

	/* Bytes of a record that append takes now. */
	size_t (*room)(void *self);

	/*
	 * Takes a record of len bytes.  *ticket is what durable will be called
	 * with for it, *where the place of its first byte, from which it can
	 * be read at once.  ERR_BUSY when there is no room: commit first.
	 */
	enum err (*append)(void *self, const uint8_t *record, size_t len,
			   uint64_t *ticket, uint64_t *where);

	/* Makes what was appended durable; once a turn of the loop. */
	void (*commit)(void *self);

	/*
	 * Reads len bytes at where, a place within a record that was appended.
	 * ERR_READ (errno).
	 */
	enum err (*read)(void *self, uint64_t where, uint8_t *dst, size_t len);
};

#endif
