// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_LINK_PART_H
#define XL_MEMBER_LINK_PART_H

#include "applets/member/link.h"

/* What the files that make up link.h share. */

#define LINK_OF(pointer, member)                                         \
	((struct link *)(void *)((char *)(pointer)-offsetof(struct link, \
							    member)))

void
part_set_state(struct link *l, enum link_state state);

/*
 * The other side does not belong, or breaks the rules: ends the link without a
 * word to it.
 */
void
part_reject(struct link *l, const char *why);

#endif
