// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_LINKIN_H
#define XL_MEMBER_LINKIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct channel;
struct link;
struct nodeid;

/*
 * The messages that come in on a link, and what is done about each.
 */

/* What a channel_kind has for it; the channel is a link's. */
bool
linkin_take(struct channel *c, uint8_t *bytes, size_t len);

/* What the signature of a Hello covers, from the one to the other. */
void
linkin_digest(const struct link *l, uint8_t digest[static 32],
	      const struct nodeid *from, const struct nodeid *to);

/* This node's ID. */
const struct nodeid *
linkin_self(const struct link *l);

#endif
