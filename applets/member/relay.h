// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_RELAY_H
#define XL_MEMBER_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/run/loop.h"
#include "xlcluster.pb.h"

struct channel;

/*
 * Joins the Data and Eof of a channel to descriptors, both ways at once, each
 * way ending by itself.  What is on its way is in the channel's buffers and in
 * the kernel's: a slow reader stops who writes, and nothing grows.
 */

/* What an owner is told. */
enum relay_event {
	RELAY_CONNECTED,    /* what relay_wait_connected waits for */
	RELAY_SOURCE_ENDED, /* the end of what is read; Eof is posted */
	RELAY_SOURCE_BROKE, /* connecting or reading failed (errno) */
	RELAY_SINK_ENDED,   /* Eof came, and what is written has its end */
	RELAY_SINK_BROKE,   /* writing failed (errno); the rest is dropped */
};

struct relay {
	struct loop_watch from, to;
	struct loop *loop;
	struct channel *channel;
	/* Called from a turn; may call relay_end. */
	void (*tell)(struct relay *r, enum relay_event event);
	bool running;
	bool connecting; /* the descriptor, a socket, is not there yet */
	bool from_slow, to_slow; /* may block: only as much as poll allows */
	bool from_done, to_done; /* ended or broken */
	bool eof_due;            /* an Eof that found no room */
	bool eof_came;
	bool reset;     /* writing told of it, so that reading will not */
	bool to_ready;  /* poll says that a slow one takes something */
	size_t written; /* of the Data that is held back */
	int64_t active; /* when bytes were last moved */
};

/* What became of a message. */
enum relay_answer {
	RELAY_TAKEN,
	RELAY_LATER, /* hold it back: channel_resume is called */
	RELAY_OTHER, /* well-formed, but neither Data nor Eof: *msg */
	RELAY_WRONG, /* not decodable, or Data behind Eof */
};

/*
 * Starts to read from and to write to descriptors, which may be the same one
 * (a socket) and are the relay's from now on.  They are best non-blocking.
 * SIGPIPE has to be ignored.  ERR_BUSY: the loop is full, they are closed.
 */
enum err
relay_start(struct relay *r, struct loop *loop, struct channel *channel,
	    int from, int to, void (*tell)(struct relay *, enum relay_event));

/* Its socket is still connecting: nothing is moved until it is. */
void
relay_wait_connected(struct relay *r);

/* A message of the channel. */
enum relay_answer
relay_message(struct relay *r, const uint8_t *bytes, size_t len,
	      const cluster_XLClusterMsg **msg);

/* The channel has room again. */
void
relay_sent(struct relay *r);

/* Stops and closes the descriptors; nothing happens if it does not run. */
void
relay_end(struct relay *r);

#endif
