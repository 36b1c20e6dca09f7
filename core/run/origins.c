// SPDX-License-Identifier: MIT
#include "core/run/origins.h"

#include <stdlib.h>
#include <string.h>

#include "core/run/net.h"

/* Never 0, and of the two families never the same, but for what is reserved. */
static uint64_t
origin_of(const struct net_addr *addr)
{
	uint64_t prefix;
	if (addr->any.sa_family == AF_INET)
		return (uint64_t)1 << 32 | addr->v4.sin_addr.s_addr;
	memcpy(&prefix, &addr->v6.sin6_addr, sizeof prefix);
	return prefix > 0 ? prefix : 1; /* [::1] */
}

enum err
origins_init(struct origins *o, size_t max)
{
	*o = (struct origins){ .max = max };
	o->of = calloc(max, sizeof *o->of);
	return o->of ? ERR_OK : ERR_SYSTEM;
}

void
origins_free(struct origins *o)
{
	free(o->of);
	*o = (struct origins){ .of = NULL };
}

void
origins_set(struct origins *o, size_t slot, const struct net_addr *addr)
{
	o->of[slot] = addr ? origin_of(addr) : 0;
	if (slot >= o->made)
		o->made = slot + 1;
}

bool
origins_is(const struct origins *o, size_t slot, const struct net_addr *addr)
{
	return o->of[slot] == origin_of(addr);
}

size_t
origins_count(const struct origins *o, const struct net_addr *addr)
{
	uint64_t origin = origin_of(addr);
	size_t count = 0;
	for (size_t i = 0; i < o->made; i++)
		count += o->of[i] == origin;
	return count;
}
