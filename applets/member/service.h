// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_SERVICE_H
#define XL_MEMBER_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applets/member/clients.h"
#include "applets/member/target.h"
#include "core/base/err.h"
#include "core/ident/nodeid.h"
#include "core/run/channel.h"
#include "core/run/listen.h"
#include "core/run/loop.h"
#include "core/run/net.h"
#include "core/run/origins.h"
#include "core/run/rsapool.h"
#include "core/run/slots.h"

struct rng;

/*
 * The client port: sessions of clients, each joined to a command of its own
 * or to a local server (xl-protocol(7), The client port).
 */

/* What it needs to know; outlives it. */
struct service_config {
	const char *target;  /* --service; NULL: there is no client port */
	const char *clients; /* --clients: a file, or "any" */
	size_t max_clients, max_per_address;
	int64_t idle_ms;   /* --client-idle */
	unsigned min_bits; /* of clients' keys */
	size_t hello_len;  /* bytes of the modulus of this node's ck */

	const char *self_name; /* XL_SELF */
	const struct nodeid *self_id;
	const char *self_text; /* the same: XL_SELF_ID */
	const char *cluster;   /* XL_CLUSTER */
	struct loop *loop;
	struct rsapool *pool;
	struct rng *rng;
};

/* Watches of the loop that it uses. */
#define SERVICE_WATCHES_EACH 3
#define SERVICE_WATCHES(max_clients) \
	(SERVICE_WATCHES_EACH * (max_clients) + LISTEN_MAX + 2)

struct service {
	const struct service_config *config;
	struct channel_kind kind;
	struct listen listen;
	struct slots slots; /* of struct client */
	struct origins origins;
	struct clients clients;
	struct loop_watch sweep; /* ends those that are silent for too long */
	struct target target;
	unsigned long count; /* clients so far */
	bool any;
};

/* What is wrong with the options, or NULL. */
const char *
service_wrong(const struct service_config *config);

/*
 * Listens at addr and begins to serve; nothing without a target.  Returns the
 * exit status, 0 when all is well; what is not has been said.
 */
int
service_start(struct service *s, const struct service_config *config,
	      const struct net_addr *addr);

/* Looks after the clients at a time, or sooner; for client.c. */
void
service_watch(struct service *s, int64_t at);

/*
 * Reads the file of clients again, and has the server's name looked up; what
 * was known stays if there is something wrong.
 */
void
service_reload(struct service *s);

/* After SIGCHLD: takes note of the commands that have ended. */
void
service_reap(struct service *s);

/* Takes no more clients, and tells the commands to end. */
void
service_stop(struct service *s);

/* Whether clients are there, or commands run, still. */
bool
service_busy(const struct service *s);

/* Ends all of them at once. */
void
service_kill(struct service *s);

#endif
