// SPDX-License-Identifier: MIT
#include "applets/member/pending.h"

#include <string.h>

static void
drop(struct pending *p, size_t i)
{
	p->len--;
	memmove(p->events + i, p->events + i + 1,
		(p->len - i) * sizeof *p->events);
}

/* One kind for the two that undo each other. */
static enum event_kind
subject(enum event_kind kind)
{
	if (kind == EVENT_MEMBER_DOWN)
		return EVENT_MEMBER_UP;
	if (kind == EVENT_NO_QUORUM)
		return EVENT_QUORUM;
	return kind;
}

static bool
replaces(const struct event *later, const struct event *earlier)
{
	if (subject(later->kind) != subject(earlier->kind))
		return false;
	return subject(later->kind) != EVENT_MEMBER_UP ||
	       nodeid_equal(&later->id, &earlier->id);
}

/* Members that had the index of event before, but for the last of them. */
static void
drop_forgotten(struct pending *p, const struct event *event)
{
	size_t kept = 1; /* event itself */
	for (size_t i = p->len; i-- > 0;) {
		const struct event *e = &p->events[i];
		if (subject(e->kind) == EVENT_MEMBER_UP &&
		    e->member == event->member && ++kept > PENDING_OF_INDEX)
			drop(p, i);
	}
}

void
pending_put(struct pending *p, const struct event *event)
{
	for (size_t i = p->len; i-- > 0;)
		if (replaces(event, &p->events[i]))
			drop(p, i);
	if (subject(event->kind) == EVENT_MEMBER_UP)
		drop_forgotten(p, event);
	if (p->len == PENDING_MAX)
		drop(p, 0); /* not with indexes below EVENT_NO_MEMBER */
	p->events[p->len++] = *event;
}

bool
pending_take(struct pending *p, struct event *event)
{
	if (p->len == 0)
		return false;
	*event = p->events[0];
	drop(p, 0);
	return true;
}
