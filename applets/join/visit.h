// SPDX-License-Identifier: MIT
#ifndef XL_JOIN_VISIT_H
#define XL_JOIN_VISIT_H

#include <stdbool.h>
#include <stdint.h>

#include "applets/join/call.h"
#include "applets/join/dial.h"
#include "applets/join/enroll.h"

/*
 * One job done at a registry, whatever it takes: dialling, sessions that are
 * lost and opened again, members that are waited for, until it is done, is
 * refused, or time is up.
 */

#define VISIT_WHY_MAX 400

/* About 40 KiB: static.  For reading only. */
struct visit {
	const struct enroll_plan *plan;
	struct rng *rng;
	bool patient;     /* tries again until deadline */
	bool met;         /* a session was open once */
	unsigned poll_ms; /* the next pause of waiting for members */
	int64_t deadline;
	struct enroll enroll;
	struct dial dial;
	struct call call;
	enum err err;            /* of the last session that failed, */
	char why[VISIT_WHY_MAX]; /* and how to tell it */
};

/*
 * Does what plan says with the registry in plan, for wait_ms milliseconds at
 * the most; 0 is one pass over its end points.  The roster and plan outlive
 * the visit.  Errors come with a line in why:
 * ERR_REFUSED, ERR_PROTOCOL, ERR_UNREACHABLE, ERR_TIMEOUT, ERR_SYSTEM,
 * ERR_MALFORMED (keys that cannot be used).
 */
enum err
visit_run(struct visit *v, const struct enroll_plan *plan,
	  struct roster *roster, struct rng *rng, int64_t wait_ms);

#endif
