// SPDX-License-Identifier: MIT
#ifndef XL_REGD_REPLAY_H
#define XL_REGD_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

struct journal;

/*
 * Reads a journal back.  A power loss can only have torn the last frame, since
 * each is synced before the next is begun: the last frame runs past the end,
 * or its payload's checksum is wrong, or its header is damaged and no other
 * header follows.  Such a tail is kept in registry.log.torn and cut off.
 * Anything else is damage, and told with its place; or, when recovering, what
 * is damaged is left out and the whole file kept in registry.log.damaged (or
 * .damaged.1 and so on).
 */
struct replay {
	/* What each record goes to.  ERR_MALFORMED: it makes no sense. */
	enum err (*record)(void *context, const uint8_t *record, size_t len,
			   uint64_t where);
	void *context;
	bool recover;

	uint64_t fault_at;     /* ERR_MALFORMED: where */
	const char *fault;     /* and what is wrong */
	uint64_t torn_at;      /* where the file was cut, */
	uint64_t torn_len;     /* and how much; 0 if it was not */
	unsigned long records; /* that were taken */
	unsigned long lost;    /* damaged places, when recovering, */
	char kept[16];         /* and what the copy's name ends in */
};

/*
 * Gives every record to r->record and leaves the journal ready for more.
 * ERR_MALFORMED; ERR_READ, ERR_CREATE, ERR_WRITE (errno); and what r->record
 * returned.
 */
enum err
replay_journal(struct replay *r, struct journal *j);

#endif
