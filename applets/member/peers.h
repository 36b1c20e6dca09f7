// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_PEERS_H
#define XL_MEMBER_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applets/member/link.h"
#include "applets/member/liveness.h"
#include "applets/member/post.h"
#include "core/base/err.h"
#include "core/doc/roster.h"
#include "core/run/loop.h"
#include "core/run/net.h"
#include "core/run/resolver.h"
#include "core/run/slots.h"

/*
 * The other members of the cluster: one session with each, who is up, and
 * messages to and from them (xl-protocol(7), Member to member).
 */

#define PEER_ERROR_MAX 96

struct peers;

/* What is known of one member, for those who ask. */
struct peer_status {
	bool self, up;
	int64_t since;  /* of loop_now: up or down */
	int64_t rtt_us; /* of the last KeepAlive, -1 before there was one */
	uint64_t messages_in, messages_out; /* that were acknowledged */
	uint64_t bytes_in, bytes_out;       /* on the wire */
	char error[PEER_ERROR_MAX];         /* the last one, or "" */
};

/* What the owner wants, and is told; outlives the peers. */
struct peers_config {
	struct liveness_config times; /* the times alone */
	struct loop *loop;
	struct rsapool *pool;
	struct rng *rng;
	size_t hello_len;     /* bytes of a Hello to us */
	bool any_address;     /* connections from everywhere */
	struct net_addr from; /* what dials come from, port 0 */

	/* The member with index is up or down from now on. */
	void (*changed)(struct peers *p, unsigned index, bool up);
	/* A message.  ERR_BUSY: no room for it; ERR_REFUSED: unwanted. */
	enum err (*message)(struct peers *p, unsigned index,
			    const uint8_t *bytes, size_t len);
	/* Somebody came from an address or with an ID that is no member's. */
	void (*stranger)(struct peers *p);
};

/* One of the others. */
struct peer {
	struct peers *all;
	const struct member *member; /* NULL: there is none, or it is us */
	struct link *link;           /* the session */
	struct link *rival;   /* a later one, until the first proves itself */
	int64_t rival_until;  /* by then */
	struct link *dialled; /* one of ours that is not open yet */
	struct peer_posts waiting;
	struct peer_status status; /* without the link's own figures */

	int64_t dial_at;        /* the next time, or LOOP_NEVER */
	unsigned pause_ms;      /* the pause that follows when it fails */
	int64_t lost_at;        /* when there was a session, or a try, last */
	int64_t reset_at;       /* when the pause was made short by a knock */
	bool wants_addrs;       /* its host has to be resolved (again), */
	bool stale;             /* or will when it is dialled next */
	size_t addrs_len, addr; /* known addresses, and the one to try next */
	struct net_addr addrs[RESOLVER_ADDRS_MAX];
	struct loop_watch knock; /* a connection to say that we are there */
};

/* For reading only. */
struct peers {
	const struct peers_config *config;
	const struct roster *roster;
	struct link_kind kind;
	struct liveness_config times;
	struct liveness liveness;
	struct slots links;
	bool ended; /* some links have; their slots are free from next turn */
	struct loop_watch timer;
	struct resolver resolver;
	struct loop_watch resolving;
	unsigned resolved; /* the member whose host is being resolved */
	int64_t swept;     /* when links that came to nothing were closed */
	bool stopping;
	struct peer peers[ROSTER_MEMBERS_MAX];
};

/*
 * Starts to dial the members in roster, which outlives it, as config does.
 * ERR_SYSTEM, ERR_BUSY when the loop is full.
 */
enum err
peers_init(struct peers *all, const struct peers_config *config,
	   const struct roster *roster);

/* How many watches it has in the loop at the most. */
size_t
peers_watches(void);

/*
 * The members have changed: roster takes the old one's place.  Who was
 * replaced is down; who stayed keeps the session.
 */
void
peers_set_roster(struct peers *all, const struct roster *roster);

/* Before each turn of the loop: sets when the timer is due. */
void
peers_turn(struct peers *all);

/*
 * For the cluster port's listen: a connection, whose fd is the peers' from now
 * on; whether there is room for one; and an end to the oldest that has not
 * sent its Hello.
 */
void
peers_accept(void *peers, int fd, const struct net_addr *from);
bool
peers_has_room(void *peers);
bool
peers_drop_one(void *peers);

/* Fills status of the member with index, this node included. */
void
peers_status(const struct peers *all, unsigned index,
	     struct peer_status *status);

/* How many members are up, this node included; whether it is a majority. */
unsigned
peers_up(const struct peers *all);
bool
peers_have_quorum(const struct peers *all);

/*
 * Sends post, of at most PEERMSG_CONTENTS_MAX bytes, to the member with index;
 * answered may be called at once.
 */
void
peers_send(struct peers *all, unsigned index, struct peer_post *post);

/* Takes post back; answered will not be called.  It may have been sent. */
void
peers_forget(struct peers *all, struct peer_post *post);

/* Says Bye to all. */
void
peers_stop(struct peers *all);

/* Whether there is still a link; after peers_stop. */
bool
peers_are_busy(const struct peers *all);

#endif
