// SPDX-License-Identifier: MIT
#ifndef XL_RUN_LISTEN_H
#define XL_RUN_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/run/loop.h"
#include "core/run/net.h"

struct listen;

/*
 * Where connections come in.  When the owner has no room or there is no
 * descriptor for one, they wait in the kernel's queue, and it is tried again a
 * little later.
 */

#define LISTEN_MAX 16

struct listen_socket {
	struct loop_watch watch;
	struct listen *all;
};

struct listen {
	struct loop *loop;
	void *owner; /* what the functions are called with */
	/* Whether there is room for one more connection. */
	bool (*has_room)(void *owner);
	/* Ends one that is worth the least; false: none may be ended. */
	bool (*drop_one)(void *owner);
	/* Takes a connection, whose descriptor is the owner's. */
	void (*open)(void *owner, int fd, const struct net_addr *peer);
	/*
	 * Connections have to wait, told at times: ERR_BUSY: no room;
	 * ERR_SYSTEM (errno): no descriptors or memory.
	 */
	void (*waits)(void *owner, enum err why);

	int64_t quiet_until; /* before, it is not told again that some wait */
	size_t len;
	struct net_addr addrs[LISTEN_MAX]; /* with their real ports */
	struct listen_socket sockets[LISTEN_MAX];
};

/*
 * Listens at an address; nothing is accepted yet.  Errors as net_listen;
 * ERR_TOO_LONG: more than LISTEN_MAX.
 */
enum err
listen_add(struct listen *all, const struct net_addr *addr);

/* Begins to accept; the first fields are set.  ERR_BUSY: the loop is full. */
enum err
listen_start(struct listen *all);

/*
 * Listens at addr, with a port that is not 0, in place of the one other address
 * that it has.  What was accepted goes on.  Errors as net_listen: it listens
 * where it did.
 */
enum err
listen_move(struct listen *all, const struct net_addr *addr);

/* Ends to listen. */
void
listen_stop(struct listen *all);

#endif
