// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_FOLLOW_H
#define XL_MEMBER_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "applets/member/look.h"
#include "core/base/err.h"
#include "core/run/loop.h"

struct rng;
struct roster;

/*
 * Keeps an eye on the cluster's entry in the registry: looks at it at long
 * intervals and when a stranger knocks.  Nothing changes on account of a
 * registry that cannot be had.
 */

#define FOLLOW_INTERVAL_MS 300000
#define FOLLOW_AGAIN_MS 10000 /* between looks that are asked for */
#define FOLLOW_LIMIT_MS 30000 /* of a look */
#define FOLLOW_WATCHES 2      /* in the loop, at most */

struct follow;

/* What it needs to know; outlives. */
struct follow_config {
	struct loop *loop;
	struct rng *rng;      /* so that members do not ask all at once */
	const char *registry; /* its regCred.dat */
	const char *folder;   /* the node's */
	int64_t interval_ms;
	int64_t limit_ms;
	unsigned min_bits; /* of all keys */
	/*
	 * The registry has another roster than the one in force, or than the
	 * one that was kept last: of the same cluster, with this node and its
	 * keys in it, maybe at another index.  fresh is gone when it returns.
	 */
	void (*taken)(struct follow *f, const struct roster *fresh);
};

/* The owner's struct; the fields are follow.c's own. */
struct follow {
	const struct follow_config *config;
	const struct roster *roster;
	struct loop_watch timer;
	struct look look;
	bool soon;         /* again as soon as may be */
	bool unkept;       /* the owner's: could not write the last one */
	int64_t began;     /* of loop_now: the last look */
	unsigned failures; /* in a row */
	int condition;     /* that was logged last */
};

/*
 * Begins to look, for the first time within ten seconds.  roster is the one in
 * force and outlives it; the owner changes what it holds as it likes.
 * ERR_BUSY when the loop is full.
 */
enum err
follow_init(struct follow *f, const struct follow_config *config,
	    const struct roster *roster);

/*
 * Somebody knocked whom the roster does not have: looks at once, but not
 * before ten seconds are over since the last look began.
 */
void
follow_soon(struct follow *f);

/* After SIGCHLD. */
void
follow_reap(struct follow *f);

/* Ends it, and a look that is under way. */
void
follow_stop(struct follow *f);

#endif
