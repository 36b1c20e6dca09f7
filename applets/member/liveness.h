// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_LIVENESS_H
#define XL_MEMBER_LIVENESS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/doc/roster.h"

/*
 * Who is up: the ring of KeepAlives, suspicion and probing (xl-protocol(7),
 * Member to member, Liveness).  Logic alone: what happens and the time go in,
 * what is to be done comes out through the owner's functions, which may call
 * back in.  Times are milliseconds of loop_now.
 */

struct liveness;

struct liveness_config {
	int64_t keepalive_ms; /* between two, to the next two in the ring */
	int64_t far_ms;       /* the same, to all others */
	int64_t patience_ms;  /* without an answer, until it is suspected */
	int64_t probe_ms;     /* for the answer to a probe */

	/* Send a KeepAlive to this member; there is a session. */
	void (*keepalive)(struct liveness *l, unsigned index);
	/* Dial it now: its session broke. */
	void (*dial)(struct liveness *l, unsigned index);
	/* Tell all who are up, but index itself, that it is suspected. */
	void (*suspect)(struct liveness *l, unsigned index);
	/* It is up from now on, or down: then close what is left of it. */
	void (*changed)(struct liveness *l, unsigned index, bool up);
};

struct liveness_peer {
	bool up;
	bool session;    /* one is open */
	int64_t since;   /* up or down */
	int64_t asked;   /* a KeepAlive is unanswered since, or it was heard */
	int64_t probed;  /* when the last probe was begun */
	int64_t verdict; /* when it is down unless it answers the probe */
	int64_t far_due; /* the next KeepAlive when it is not near */
};

struct liveness {
	const struct liveness_config *config;
	unsigned self;
	int64_t tick;   /* when the next KeepAlives are due */
	int64_t silent; /* when one was called down that had said nothing */
	struct liveness_peer peers[ROSTER_MEMBERS_MAX];
};

/* All are down; config outlives it.  self is this node's index. */
void
liveness_init(struct liveness *l, const struct liveness_config *config,
	      unsigned self, int64_t now);

/* There is no such member any more, or another one has its index. */
void
liveness_forget(struct liveness *l, unsigned index, int64_t now);

/* A right Hello: it is up. */
void
liveness_opened(struct liveness *l, unsigned index, int64_t now);

/* Its last session broke without Bye: it is suspected. */
void
liveness_broken(struct liveness *l, unsigned index, int64_t now);

/* It said Bye on its last session: it is down. */
void
liveness_left(struct liveness *l, unsigned index, int64_t now);

/* A dial to it was refused: it is down if it has no session. */
void
liveness_refused(struct liveness *l, unsigned index, int64_t now);

/* It answered a KeepAlive. */
void
liveness_acked(struct liveness *l, unsigned index);

/*
 * Something else came from it on its session: it lives, and where the way is
 * slow the answer to a KeepAlive is behind it.
 */
void
liveness_heard(struct liveness *l, unsigned index, int64_t now);

/* Another member suspects it, or something else makes one wonder. */
void
liveness_probe(struct liveness *l, unsigned index, int64_t now);

/* When liveness_tick wants to be called. */
int64_t
liveness_deadline(const struct liveness *l);

/*
 * Does what is due.  Called late, because this process had not run, it gives
 * everyone that much more time: their answers may wait unread.
 */
void
liveness_tick(struct liveness *l, int64_t now);

#endif
