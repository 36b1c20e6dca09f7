// SPDX-License-Identifier: MIT
#ifndef XL_REGD_SERVE_H
#define XL_REGD_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applets/regd/answer.h"
#include "applets/regd/registry.h"
#include "applets/regd/store.h"
#include "core/base/text.h"
#include "core/doc/regcred.h"
#include "core/run/net.h"

struct rng;
struct session;

/*
 * What the registry does with each message (xl-protocol(7), What the registry
 * does), without sockets: a message comes in, and an answer goes out, at once
 * or when all that it stands on is durable.
 *
 * A change is made in memory and staged in the store, and its client waits.
 * While anything is staged, whoever asks waits too, so that no answer shows
 * what might yet be taken back.
 */

enum serve_state {
	SERVE_HELLO, /* the session is not open yet */
	SERVE_ANONYMOUS,
	SERVE_KNOWN,
	SERVE_STORING, /* the answer waits for the store */
	SERVE_CLOSING, /* the answer is the last one */
	SERVE_STATES,
};

/* One session, as the registry sees it. */
struct client {
	unsigned long number;         /* for the log */
	uint64_t attrs;               /* of the node, as it said */
	char name[TEXT_NAME_MAX + 1]; /* likewise */
	char peer[NET_TEXT_MAX];      /* for the log */
	enum serve_state state;
	uint32_t node;    /* who it is, or REGISTRY_NONE */
	uint32_t cluster; /* that it created or joined last, or none */

	/* Of a client that waits for the store. */
	uint32_t op;                   /* its request; 0: to be asked again */
	enum serve_state back;         /* what state it then returns to */
	uint64_t ticket;               /* which of the store's */
	struct registry_change change; /* to be taken back if that fails */
	struct client *before, *after; /* those who wait, in order */
};

struct serve {
	struct registry *registry;
	struct store store;
	struct rng *rng;
	const struct regcred *cred; /* of this registry */
	unsigned min_bits;          /* of members' keys */
	size_t id_len;              /* of IDs that are made here */

	/*
	 * Called when a client no longer waits: its answer is there, or, when
	 * its state is not SERVE_CLOSING and answer.len is 0, its message is
	 * to be given to serve_message again at once.
	 */
	void (*resume)(struct client *c);

	struct answer answer;        /* to the message in hand */
	struct client *first, *last; /* those who wait for the store */
};

/*
 * Sets up the last fields of s, whose others are set, and has the store tell
 * it what is durable.
 */
void
serve_init(struct serve *s);

/* A session begins. */
void
serve_begin(struct client *c, unsigned long number,
	    const struct net_addr *peer);

/*
 * Takes the message that session has in place.  Then the state is
 * SERVE_STORING, and the message has to stay in place until resume is called;
 * or s->answer is to be posted, and in SERVE_CLOSING the session closed.
 */
void
serve_message(struct serve *s, struct client *c, const struct session *session);

/* A session has ended.  Not while its state is SERVE_STORING. */
void
serve_end(struct serve *s, struct client *c);

#endif
