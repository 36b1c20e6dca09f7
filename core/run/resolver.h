// SPDX-License-Identifier: MIT
#ifndef XL_RUN_RESOLVER_H
#define XL_RUN_RESOLVER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/run/net.h"

/*
 * Names to addresses in a process of its own, because a lookup waits for
 * seconds: start it, wait for POLLIN on fd (no longer than patience
 * allows), finish it.  One name at a time a structure.
 */

#define RESOLVER_ADDRS_MAX 8

struct resolver {
	pid_t pid;
	int fd; /* -1 while nothing is under way */
};

/* Starts to resolve host (a name or a numeric address).  ERR_SYSTEM. */
enum err
resolver_start(struct resolver *r, const char *host, uint16_t port);

/*
 * Takes the answer once fd is readable: *len addresses, with the port given
 * at the start.  ERR_UNREACHABLE if there is none.
 */
enum err
resolver_finish(struct resolver *r,
		struct net_addr addrs[static RESOLVER_ADDRS_MAX], size_t *len);

/* Ends a process that takes too long. */
void
resolver_stop(struct resolver *r);

#endif
