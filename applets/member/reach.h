// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_REACH_H
#define XL_MEMBER_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/doc/roster.h"
#include "core/run/channel.h"
#include "core/run/net.h"
#include "core/run/resolver.h"
#include "xlcluster.pb.h"

struct reach;

/*
 * A client's way to a service: members of a cluster are tried until the client
 * port of one answers, and a signed Hello says who the client is
 * (xl-protocol(7), The client port).  One that is silent holds up the others
 * for a second at most, and for another one while its name is looked up; it
 * gets more time when all have had their turn.
 */

/* What a member says whose command or server cannot be had. */
#define REACH_UNAVAILABLE "service unavailable"
#define REACH_WHY_MAX 192
#define REACH_WATCHES 2 /* of the loop, each */

/* What all of a process have in common; outlives them. */
struct reach_config {
	struct channel_kind kind;        /* reach_set_kind sets it */
	const struct roster *roster;     /* may be replaced: see reach_start */
	const char *name;                /* of a member; NULL: any */
	const struct rsakey_private *sk; /* NULL: no Hello */
	int64_t wait_ms;                 /* until the stream has to begin */
	bool verbose;                    /* each try that fails is said */

	/* The stream may begin. */
	void (*opened)(struct reach *r);
	/* As those of channels; before opened, a message is held back. */
	bool (*message)(struct reach *r, uint8_t *bytes, size_t len);
	void (*sent)(struct reach *r);
	/*
	 * It is over, its memory the owner's again.  Before opened: no member
	 * answered, why says the last reason, and r->why is a text of it,
	 * which is said already when verbose is set.
	 */
	void (*ended)(struct reach *r, enum err why);
};

struct reach {
	struct channel channel; /* first */
	const struct reach_config *config;
	const struct roster *roster; /* config's, when it began */
	struct loop_watch waiting;   /* for a resolver, or an Ack */
	struct resolver resolver;
	uint8_t *buffers;
	bool open;
	bool greeted; /* Hello is sent, and no Ack there yet */
	bool heard;   /* something came on the stream */
	bool silent;  /* the member that is tried, at one of its addresses */
	int64_t limit, patience;           /* of all tries, and for one */
	size_t at, order_len;              /* those who may yet answer */
	uint8_t order[ROSTER_MEMBERS_MAX]; /* indexes into the roster */
	size_t addr, addrs_len;
	struct net_addr addrs[RESOLVER_ADDRS_MAX];
	enum err error;
	char why[REACH_WHY_MAX];
};

/* Fills kind, for loop and rng; the other fields are set. */
void
reach_set_kind(struct reach_config *config, struct loop *loop, struct rng *rng);

/*
 * Starts; buffers: CHANNEL_BUFFERS_LEN bytes.  ended may be called at once.
 * Until the stream begins it needs the roster: when that is replaced, drop it
 * and start it again.  ERR_BUSY: the loop is full.
 */
enum err
reach_start(struct reach *r, const struct reach_config *config,
	    uint8_t *buffers);

/* Ends it at once; ended is not called. */
void
reach_drop(struct reach *r);

/*
 * Says what a message of the member means that is no part of the stream; NULL
 * is one that is malformed.  Returns the exit status, 0 to go on.
 */
int
reach_say_message(const struct reach *r, const cluster_XLClusterMsg *msg);

/* Says that the stream broke off, and returns the exit status. */
int
reach_say_broken(const struct reach *r, enum err why);

/* The member that is tried, or that has answered. */
const struct member *
reach_member(const struct reach *r);

#endif
