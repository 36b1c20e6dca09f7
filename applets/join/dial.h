// SPDX-License-Identifier: MIT
#ifndef XL_JOIN_DIAL_H
#define XL_JOIN_DIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/run/net.h"
#include "core/run/resolver.h"

/*
 * Connects to a registry: each of its end points in turn, each address of
 * each name, again after a pause that grows.  Every step has a time limit.
 */

struct regcred;
struct rng;

#define DIAL_WHY_MAX 192
#define DIAL_STEP_MS 5000 /* for a name, and for a connection */

struct dial {
	const struct regcred *registry;
	struct rng *rng;
	int64_t deadline;  /* of the run, or LOOP_NEVER */
	unsigned pause_ms; /* the next pause, before jitter */
	size_t end;        /* the end point that is tried next */
	size_t addr, addrs_len;
	struct net_addr addrs[RESOLVER_ADDRS_MAX];
	char at[NET_TEXT_MAX];  /* the address last connected to */
	char why[DIAL_WHY_MAX]; /* why the last address was no good */
};

/* Prepares to dial; registry and rng outlive it. */
void
dial_init(struct dial *d, const struct regcred *registry, struct rng *rng,
	  int64_t deadline);

/*
 * Connects to the next address that takes it.  ERR_UNREACHABLE when all end
 * points have been tried or time is up: the next call starts with the first.
 * ERR_SYSTEM (errno).
 */
enum err
dial_next(struct dial *d, int *fd);

/* The next call starts with the first end point, the pauses are short again. */
void
dial_reset(struct dial *d);

/* Waits, longer each time.  False if time is up. */
bool
dial_pause(struct dial *d);

/* The end of a step of ms that begins now, or deadline when that is sooner. */
int64_t
dial_within(int64_t ms, int64_t deadline);

/*
 * Waits for about *ms, jitter off, or until deadline, and doubles *ms up to
 * max_ms for the next time.  False if time is up.
 */
bool
dial_sleep(struct rng *rng, unsigned *ms, unsigned max_ms, int64_t deadline);

/*
 * Waits until fd has one of events (poll(2)).  False when deadline passes
 * first.
 */
bool
dial_wait(int fd, short events, int64_t deadline);

#endif
