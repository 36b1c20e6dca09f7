// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_TARGET_H
#define XL_MEMBER_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/run/loop.h"
#include "core/run/net.h"
#include "core/run/resolver.h"

/* What --service names, and joining a client to it. */

enum target_kind {
	TARGET_COMMAND, /* through /bin/sh -c, one a client */
	TARGET_TCP,     /* tcp:HOST:PORT */
	TARGET_UNIX,    /* unix:PATH */
};

struct target {
	enum target_kind kind;
	const char *text; /* command, HOST:PORT or path */
	struct net_addr addrs[RESOLVER_ADDRS_MAX]; /* of a server */
	size_t addrs_len;
	/* Of a HOST that is a name: set before target_look. */
	struct loop *loop;
	void (*looked)(struct target *t); /* a look is over */
	/* The rest is target.c's own, but look_at: not again before. */
	bool named;
	struct resolver resolver;
	struct loop_watch watch;
	int64_t look_at;
};

/* What a command is told of its client, in its environment (UCSPI). */
struct target_client {
	struct net_addr remote;
	int fd;                /* of its connection */
	const char *name, *id; /* XL_CLIENT, XL_CLIENT_ID; NULL: unknown */
	const char *self_name, *self_id, *cluster;
};

/* What a client is joined to. */
struct target_ends {
	int from, to;    /* non-blocking; the same one for a server */
	pid_t pid;       /* of the command, leader of its group; 0: none */
	bool connecting; /* a connection is under way */
};

/* Takes the text of --service, which outlives it.  ERR_MALFORMED. */
enum err
target_parse(struct target *t, const char *text);

/*
 * Has the name of a server looked up, unless that was done just now.  Without
 * an answer its addresses stay as they were.  Returns whether a look is under
 * way: then looked is called.
 */
bool
target_look(struct target *t);

/* Ends a look that is under way. */
void
target_stop(struct target *t);

/*
 * Starts a command or a connection, of a server's addresses to the first from
 * *addr on, which becomes the next.  ERR_SYSTEM, ERR_UNREACHABLE (errno, as it
 * was when all had been tried before).
 */
enum err
target_open(const struct target *t, const struct target_client *client,
	    size_t *addr, struct target_ends *ends);

#endif
