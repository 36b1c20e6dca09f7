// SPDX-License-Identifier: MIT
#ifndef XL_REGD_REQUEST_H
#define XL_REGD_REQUEST_H

#include "applets/regd/record.h"
#include "applets/regd/serve.h"
#include "core/wire/msg.h"
#include "core/wire/session.h"

/*
 * What the files of serve share.  The handlers deal with one request each, in
 * a session of the right state, and set the client's next state as their last
 * act.
 */

#define CLUSTER_MIN 2U /* members of a cluster */
#define CLUSTER_MAX 64U
#define REQUEST_ATTR_EPHEMERAL 1U
#define REQUEST_ATTR_SOLO 4U

typedef void
request_handler(struct serve *s, struct client *c,
		const struct session *session, const reg_XLRegMsg *msg);

request_handler request_cred, request_member, request_create, request_join,
	request_get, request_bye;

/*
 * Answers Error with this text, and closes; or waits as request_wait does,
 * since what is staged may be the reason, and may yet be taken back.
 */
void
request_refuse(struct serve *s, struct client *c, uint32_t op,
	       const char *text);

/* The same, at once. */
void
request_refuse_now(struct serve *s, struct client *c, uint32_t op,
		   const char *text);

/* Answers that the store failed, and closes; errno says why. */
void
request_refuse_store(struct serve *s, struct client *c, uint32_t op);

/* Makes sure that one change finds room in memory; refuses it otherwise. */
bool
request_reserve(struct serve *s, struct client *c, uint32_t op);

/*
 * The client's change is in memory, and staged with ticket (0: nothing of it
 * had to be): answers the request when all is durable.
 */
void
request_settle(struct serve *s, struct client *c, uint32_t op, uint64_t ticket);

/* Logs and answers the request c->op, whose change, if any, is durable. */
void
request_answer(struct serve *s, struct client *c);

/*
 * Whether something is staged: then the client waits, to be asked again, and
 * its request must be left alone.
 */
bool
request_wait(struct serve *s, struct client *c);

/* Whether a node has no place in clusters and ends with its sessions. */
static inline bool
request_is_passing(uint64_t attrs)
{
	return (attrs & REQUEST_ATTR_EPHEMERAL) && (attrs & REQUEST_ATTR_SOLO);
}

#endif
