// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_LINK_H
#define XL_MEMBER_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applets/member/post.h"
#include "core/base/err.h"
#include "core/doc/roster.h"
#include "core/run/channel.h"
#include "core/run/net.h"
#include "core/run/rsapool.h"

/*
 * One connection between two members: the signed Hello, numbers and Acks, and
 * what is asked and told on it (xl-protocol(7), Member to member).  Which
 * connections there are is the matter of peers.h.
 */

#define LINK_STRANGER ROSTER_MEMBERS_MAX /* index of who did not say yet */
#define LINK_APPS_MAX 8         /* Apps and Suspects without Ack at a time */
#define LINK_BYTES_MAX 16384    /* of Apps without Ack, unless it is one */
#define LINK_BYE_DUE UINT64_MAX /* bye_n: it waits for room */

struct link;

/* How a link came to its end. */
enum link_end {
	LINK_BYE,     /* one of both said so */
	LINK_BROKEN,  /* an open one, without */
	LINK_REFUSED, /* the connection was refused */
	LINK_FAILED,  /* for another reason it never was open */
};

/* What all links have in common, and what their owner is told. */
struct link_kind {
	struct channel_kind channel; /* all but its functions set by owner */
	const struct roster *roster; /* who we are, and who belongs */

	/* Hello and Ack are done: index says with whom. */
	void (*opened)(struct link *l);
	/* A right message has come on an open one, whatever it says. */
	void (*heard)(struct link *l);
	/* A KeepAlive was answered, after l->rtt_us. */
	void (*answered)(struct link *l);
	/* The other side suspects the member with index. */
	void (*suspects)(struct link *l, unsigned index);
	/* A message for this node.  ERR_BUSY: no room; ERR_REFUSED: unwanted.
	 */
	enum err (*message)(struct link *l, const uint8_t *bytes, size_t len);
	/* link_send may find room again. */
	void (*room)(struct link *l);
	/* Somebody said an ID that is no member's. */
	void (*stranger)(struct link *l);
	/* It is over; its memory is the owner's again. */
	void (*ended)(struct link *l, enum link_end how, const char *why);
};

enum link_state {
	LINK_STATE_HELLO, /* responder: waits for the Hello */
	LINK_STATE_ACK,   /* initiator: waits for the Ack of its Hello */
	LINK_STATE_OPEN,
	LINK_STATE_BYE, /* open, and has said Bye or heard it */
	LINK_STATES
};

/* For reading only. */
struct link {
	struct channel channel;
	const struct link_kind *kind;
	void *owner; /* the owner's own, like what follows */
	size_t slot;
	enum {
		LINK_FREE,
		LINK_USED,
		LINK_ENDED
	} life;
	struct net_addr from; /* what an accepted one comes from */

	enum link_state state;
	unsigned index; /* of the other side, or LINK_STRANGER */
	bool dialled;   /* by us */
	bool signing;
	int64_t began;          /* of loop_now; the last change of state */
	uint64_t out_n, in_n;   /* the last MsgN in each direction */
	uint64_t acked_n;       /* the last of ours that was answered */
	uint64_t ask_n;         /* the KeepAlive that is not, or 0 */
	int64_t ask_us, rtt_us; /* when it was sent; how long one took */
	uint64_t suspects;      /* whom we have still to call suspected */
	uint64_t suspect_n;     /* the last Suspect, or 0 if all have Acks */
	unsigned suspects_sent; /* since all had */
	bool ask_due;           /* a KeepAlive waits for room */
	uint64_t bye_n;         /* our Bye: 0 none, LINK_BYE_DUE */
	struct peer_posts sent; /* messages without Ack */
	unsigned sent_len;
	uint64_t apps_in, apps_out; /* messages, acknowledged */
	struct rsapool_job sign;
};

/* Sets the functions of kind's channel. */
void
link_kind_init(struct link_kind *kind);

/* Takes an accepted socket.  Errors as channel_accept. */
enum err
link_accept(struct link *l, const struct link_kind *kind, uint8_t *buffers,
	    int fd);

/* Takes a socket that is connecting to the member with index. */
enum err
link_dial(struct link *l, const struct link_kind *kind, uint8_t *buffers,
	  int fd, unsigned index, const struct rsakey_public *ck);

bool
link_is_open(const struct link *l);

/* Sends a KeepAlive, when there is room for it. */
void
link_ask(struct link *l);

/* Sends a Suspect likewise. */
void
link_suspect(struct link *l, unsigned index);

/* Sends a message.  ERR_BUSY: not now; answered and ended say when. */
enum err
link_send(struct link *l, struct peer_post *post);

/* Takes back a message that was sent. */
void
link_forget(struct link *l, struct peer_post *post);

/*
 * Says Bye; the link ends when that is answered.  One that has heard a Bye
 * ends by itself, once its messages are answered.
 */
void
link_bye(struct link *l);

/* Ends it at once and silently; ended is not called.  Posts are answered. */
void
link_drop(struct link *l);

#endif
