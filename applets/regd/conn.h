// SPDX-License-Identifier: MIT
#ifndef XL_REGD_CONN_H
#define XL_REGD_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applets/regd/serve.h"
#include "core/base/err.h"
#include "core/run/channel.h"
#include "core/run/listen.h"
#include "core/run/origins.h"
#include "core/run/slots.h"

/*
 * Who may connect, and messages from channels to serve.h and back.
 */

struct conns;

struct conn {
	struct channel channel; /* first */
	struct conns *all;
	size_t slot;
	struct client client;
	int64_t began; /* when it was accepted, or opened */
};

struct conns {
	struct channel_kind kind;
	struct serve *serve;
	size_t max_per_address;

	struct slots slots;
	struct origins origins; /* of the slots */
	int64_t quiet_until;    /* before, no more refusals are told */
	unsigned long count;    /* sessions so far */
	bool stopping;
};

/*
 * Makes room for max sessions; the first fields are set.  serve's resume
 * and the kind's functions are set here.  ERR_SYSTEM.
 */
enum err
conns_init(struct conns *all, size_t max);

void
conns_free(struct conns *all);

/*
 * Begins to accept connections.  When there is no slot for one, the session
 * makes room that has for the longest time, and at least for a second, not
 * sent its Hello, or not said behind it who it is.  ERR_BUSY: the loop is full.
 */
enum err
conns_listen(struct conns *all, struct listen *listen);

/* From now on sessions end as soon as nothing is left to be answered. */
void
conns_stop(struct conns *all);

#endif
