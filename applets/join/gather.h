// SPDX-License-Identifier: MIT
#ifndef XL_JOIN_GATHER_H
#define XL_JOIN_GATHER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/doc/roster.h"
#include "core/wire/msg.h"

/*
 * Collects the members of a cluster from one ClusterMembers after another
 * (xl-protocol(7), GetCluster) and checks each.  No I/O.
 */

#define GATHER_AGAIN_MAX 3 /* times that it starts anew */

/* The caller's struct; the fields are gather.c's own but for roster. */
struct gather {
	struct roster *roster;     /* name, ID and size are set by the caller */
	const struct member *self; /* whose entry has to be ours, or NULL */
	unsigned min_bits;
	bool stale;     /* part of what is held was fetched before a pause */
	unsigned again; /* times that it started anew */
	uint64_t have;  /* a bit for each member held */
	uint64_t asked; /* the bits of the last request */
	char why[80];
};

/* What a reply leads to. */
enum gather_next {
	GATHER_MORE,     /* ask again at once */
	GATHER_PART,     /* all who are there are held; some are missing */
	GATHER_COMPLETE, /* all members up to the cluster's size are held */
};

/* Forgets all members. */
void
gather_start(struct gather *g);

/*
 * Fills msg with the request for the members that are missing.  The cluster's
 * name is left to the caller where its ID is not known yet.
 */
void
gather_ask(struct gather *g, reg_XLRegMsg *msg);

/*
 * Keeps what a reply says of the cluster: ID, name, size, number of members.
 * Returns NULL, or what does not fit what is known of it.
 */
const char *
gather_take_cluster(struct roster *r, const reg_XLRegMsg *msg);

/* Takes the reply.  Returns NULL, or what does not fit. */
const char *
gather_take(struct gather *g, const reg_XLRegMsg *msg, enum gather_next *next);

#endif
