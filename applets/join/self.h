// SPDX-License-Identifier: MIT
#ifndef XL_JOIN_SELF_H
#define XL_JOIN_SELF_H

#include <stdbool.h>

#include "core/doc/identity.h"
#include "core/doc/roster.h"

struct joinopt;
struct rng;

/*
 * The node that xl-join acts for: the one in a folder, made if need be, or
 * one that lives for this run only.  Says what goes wrong.
 */

#define SELF_EPHEMERAL 1 /* attributes (xl-protocol(7), Terms) */
#define SELF_SOLO 4

/* About 5 KiB; holds secrets until self_wipe. */
struct self {
	struct identity identity; /* with the end points of this run */
	uint64_t attrs;
	bool moved; /* the end points are not those of node.dat */
};

/*
 * Loads or makes the node that o asks for.  Returns 0 or an exit status.
 */
int
self_load(struct self *s, const struct joinopt *o, struct rng *rng);

/* What others may know of it. */
void
self_describe(struct member *m, const struct self *s);

/* Keeps end points that have changed.  Returns 0 or an exit status. */
int
self_store(struct self *s, const char *folder);

void
self_wipe(struct self *s);

#endif
