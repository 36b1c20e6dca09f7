// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_PENDING_H
#define XL_MEMBER_PENDING_H

#include <stdbool.h>
#include <stddef.h>

#include "applets/member/event.h"

/*
 * Events that wait to be told, messages excepted.  There is never more than
 * one of the same subject, so that it has an end and still holds the last
 * state of each: what is put in takes the place of an earlier up or down of
 * the same member (by ID), an earlier quorum or no-quorum, or an earlier event
 * of the same kind.  They come out in the order of their numbers.
 */

/*
 * An index may have been given to another member in the meantime, and then
 * the down of the one waits beside the up of the other.
 */
#define PENDING_OF_INDEX 2
#define PENDING_MAX (PENDING_OF_INDEX * EVENT_NO_MEMBER + 4)

struct pending {
	size_t len;
	struct event events[PENDING_MAX];
};

/* Puts a copy of event, which is no message, at the end. */
void
pending_put(struct pending *p, const struct event *event);

/* Takes the first one out.  False: none waits. */
bool
pending_take(struct pending *p, struct event *event);

#endif
