// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_PLACE_H
#define XL_MEMBER_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"
#include "core/run/loop.h"
#include "core/run/net.h"
#include "core/run/resolver.h"

struct daemon;

/*
 * Where this node is: at its own end points, which may move, or be names that
 * lead elsewhere, while it runs.
 */

#define PLACE_WATCHES 1 /* in the loop */

/* The fields are place.c's own. */
struct place {
	struct resolver resolver;
	struct loop_watch watch; /* the resolver's answer, or the next look */
	unsigned end;            /* the end point that is looked at */
	unsigned told; /* bits of those whose trouble has been logged */
};

/*
 * Finds the address of one of the node's end points, and waits for that.
 * Returns 0, or the exit status when there is none; that has been said.
 */
int
place_find(const struct daemon *d, size_t which, struct net_addr *addr);

/* Listens at the cluster port, and sets what dials come from; as place_find. */
int
place_listen(struct daemon *d);

/* Once there is a loop.  ERR_BUSY: it is full. */
enum err
place_init(struct daemon *d);

/*
 * Goes where the roster in force says that this node is, and where its names
 * lead by now, as soon as they are resolved; stays where it is while that
 * cannot be.
 */
void
place_move(struct daemon *d);

/* Ends to listen at the cluster port. */
void
place_stop(struct daemon *d);

#endif
