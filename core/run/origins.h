// SPDX-License-Identifier: MIT
#ifndef XL_RUN_ORIGINS_H
#define XL_RUN_ORIGINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

struct net_addr;

/*
 * Where the connections in a fixed number of slots come from, so that no one
 * address takes them all.  An IPv6 address counts as its /64: a host has that
 * many to come from.
 */
struct origins {
	uint64_t *of; /* each slot; 0: it is free */
	size_t max;
	size_t made; /* were ever used */
};

/* Makes room for max slots.  ERR_SYSTEM. */
enum err
origins_init(struct origins *o, size_t max);

void
origins_free(struct origins *o);

/* Slot (below max) is a connection from addr; NULL: it is free. */
void
origins_set(struct origins *o, size_t slot, const struct net_addr *addr);

/* How many connections come from where addr does. */
size_t
origins_count(const struct origins *o, const struct net_addr *addr);

/* Whether that of slot does; it is below max. */
bool
origins_is(const struct origins *o, size_t slot, const struct net_addr *addr);

#endif
