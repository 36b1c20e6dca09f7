// SPDX-License-Identifier: MIT
#ifndef XL_RUN_LOOKUP_H
#define XL_RUN_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

#include "core/run/net.h"

/*
 * Names to addresses: what /etc/hosts says, else the name servers of
 * /etc/resolv.conf (nameserver, search, domain, and of options ndots, timeout
 * and attempts, as in resolv.conf(5)), all asked at once over UDP.  It waits
 * for them, so it is for the resolver's process.  In place of the C library's
 * getaddrinfo, which is 20 KB.
 */

struct lookup_files {
	const char *hosts;
	const char *resolv;
	uint16_t port; /* of the name servers */
};

extern const struct lookup_files lookup_system;

/*
 * Puts at most cap addresses of host (a name or a numeric address) into addrs,
 * with port; those that this machine has a route to come first, and of these
 * IPv6.  Returns how many.
 */
size_t
lookup_host(struct net_addr *addrs, size_t cap, const char *host, uint16_t port,
	    const struct lookup_files *files);

#endif
