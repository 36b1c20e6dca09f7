// SPDX-License-Identifier: MIT
#ifndef XL_REGD_ANSWER_H
#define XL_REGD_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "applets/regd/registry.h"
#include "applets/regd/store.h"
#include "core/base/err.h"
#include "core/doc/regcred.h"
#include "core/wire/hello.h"
#include "core/wire/session.h"

/*
 * The registry's replies, encoded: what a session is to send.  Only what is
 * durable may be put into one.
 */

#define ANSWER_ALL UINT64_MAX /* every member of a cluster */

struct answer {
	size_t len;
	uint8_t bytes[SESSION_MESSAGE_MAX];
};

void
answer_error(struct answer *a, const char *text);

void
answer_ack(struct answer *a);

/* RegCredReply, with the version that goes with a dialect. */
void
answer_cred(struct answer *a, const struct regcred *cred, enum dialect dialect);

void
answer_member(struct answer *a, const struct nodeid *id, uint64_t attrs,
	      const char *name);

/* CreateReply or JoinReply, as op says. */
void
answer_cluster(struct answer *a, uint32_t op,
	       const struct registry_cluster *cluster);

/*
 * ClusterMembers in at most cap bytes: of the members that which asks for the
 * lowest ones that fit.  ERR_READ (errno): the store cannot be read.
 */
enum err
answer_members(struct answer *a, size_t cap, const struct registry *reg,
	       const struct store *store, uint32_t cluster, uint64_t which,
	       enum dialect dialect);

#endif
