// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_PEERS_H
#define XL_MEMBER_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/doc/roster.h"
#include "core/run/net.h"

/*
 * The other members of the cluster: one session with each, who is up, and
 * messages to and from them (xl-protocol(7), Member to member).
 */

struct peers;

#define PEER_ERROR_MAX 96

/* What is known of one member, for `status`. */
struct peer_status {
	bool self;
	bool up;
	int64_t since;  /* of loop_now: up or down since then */
	int64_t rtt_us; /* of the last KeepAlive; -1: none yet */
	uint64_t messages_in, messages_out; /* App messages, acked */
	uint64_t bytes_in, bytes_out;       /* on the wire, all sessions */
	char error[PEER_ERROR_MAX];         /* the last one, or "" */
};

/* How a message fared. */
enum peer_answer {
	PEER_HAS_IT,
	PEER_DOWN,    /* it was not up: it has not got it */
	PEER_BUSY,    /* its queue is full: it has not got it */
	PEER_REFUSED, /* another Error: it has not got it */
	PEER_UNKNOWN, /* the session broke behind the message */
};

/* A message under way; the caller's until answered or taken back. */
struct peer_post {
	const uint8_t *bytes; /* at most PEERMSG_CONTENTS_MAX */
	size_t len;
	void (*answered)(struct peer_post *post, enum peer_answer answer);
	unsigned index; /* peers' own, like all that follows */
	uint64_t msg_n;
	struct peer_post *next;
};

/* Fills status of the member with index, this node's own included. */
void
peers_status(const struct peers *p, unsigned index, struct peer_status *status);

/* How many members are up, this node included, and whether that is a majority.
 */
unsigned
peers_up(const struct peers *p);
bool
peers_have_quorum(const struct peers *p);

/* Sends post to the member with index; answered may be called at once. */
void
peers_send(struct peers *p, unsigned index, struct peer_post *post);

/* Takes a post back; answered will not be called.  It may have been sent. */
void
peers_forget(struct peers *p, struct peer_post *post);

#endif
