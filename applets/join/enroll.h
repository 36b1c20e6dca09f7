// SPDX-License-Identifier: MIT
#ifndef XL_JOIN_ENROLL_H
#define XL_JOIN_ENROLL_H

#include <stdbool.h>
#include <stdint.h>

#include "applets/join/gather.h"
#include "core/base/text.h"
#include "core/doc/regcred.h"
#include "core/doc/roster.h"
#include "core/wire/hello.h"
#include "core/wire/msg.h"

/*
 * The client side of the registry's protocol (xl-protocol(7), What the
 * registry does), without I/O, clock or randomness: gives the requests of one
 * job in their order and takes the replies.  Believes nothing in them: what
 * does not fit what was asked ends the job.
 */

#define ENROLL_WHY_MAX 320
#define ENROLL_HOLD_SECONDS 20 /* WaitSeconds that is asked for */

enum enroll_job {
	ENROLL_JOIN,     /* Member, Create if a size is given, Join, members */
	ENROLL_CREATE,   /* Member, Create */
	ENROLL_LIST,     /* Member, members */
	ENROLL_REGISTER, /* Member */
	ENROLL_CRED,     /* RegCredRequest */
};

/* What is wanted; outlives the enroll. */
struct enroll_plan {
	enum enroll_job job;
	enum dialect dialect;
	bool wait;         /* ENROLL_JOIN: until the cluster is complete */
	unsigned min_bits; /* of the others' keys */
	unsigned size;     /* to Create with, or 0 */
	char cluster[TEXT_NAME_MAX + 1];
	/* What has to be true of the cluster; an ID of no bytes: nothing. */
	struct nodeid cluster_id;
	uint64_t attrs;
	unsigned max_size, endpoint_count;
	struct member self; /* index aside; not for ENROLL_CRED */
	const struct rsakey_private *sk;
	const struct regcred *registry;
};

/* What comes next. */
enum enroll_next {
	ENROLL_ASK,     /* enroll_ask has the next request */
	ENROLL_PAUSE,   /* the same, after a pause: members are missing */
	ENROLL_DONE,    /* the job is done, and the registry said goodbye */
	ENROLL_ABSENT,  /* there is no cluster of this name (yet) */
	ENROLL_REFUSED, /* the registry's answer is no; why has its text */
	ENROLL_BROKEN,  /* a reply does not fit; why says how */
};

/* Requests, by their ops. */
enum enroll_step {
	ENROLL_STEP_CRED = reg_XLRegMsg_Tag_RegCredRequest,
	ENROLL_STEP_MEMBER = reg_XLRegMsg_Tag_Member,
	ENROLL_STEP_CREATE = reg_XLRegMsg_Tag_Create,
	ENROLL_STEP_JOIN = reg_XLRegMsg_Tag_Join,
	ENROLL_STEP_GET = reg_XLRegMsg_Tag_GetCluster,
	ENROLL_STEP_BYE = reg_XLRegMsg_Tag_Bye,
};

/* The op of the reply follows that of its request. */
#define ENROLL_REPLY(step) ((uint32_t)(step) + 1)

/* For reading only. */
struct enroll {
	const struct enroll_plan *plan;
	struct roster *roster; /* what is known of the cluster */
	struct regcred cred;   /* ENROLL_CRED: the one that was fetched */
	enum enroll_step step;
	bool accepted; /* the registry has our present end points */
	bool held;     /* the last reply left the cluster incomplete */
	struct gather gather;
	char why[ENROLL_WHY_MAX];
};

/* Prepares for plan; roster outlives the enroll. */
void
enroll_init(struct enroll *e, const struct enroll_plan *plan,
	    struct roster *roster);

/* A new session is open: everything is asked for from the start. */
void
enroll_start(struct enroll *e);

/*
 * Fills msg with the next request.  bind is that of a sealed session, unused
 * in the other dialects.  ERR_MALFORMED when sk cannot sign.
 */
enum err
enroll_ask(struct enroll *e, reg_XLRegMsg *msg, const uint8_t *bind);

/* Takes the reply to it. */
enum enroll_next
enroll_take(struct enroll *e, const reg_XLRegMsg *msg);

/*
 * Whether all that was wanted is there and only the goodbye is outstanding:
 * a session that ends now has done its job.
 */
bool
enroll_is_served(const struct enroll *e);

#endif
