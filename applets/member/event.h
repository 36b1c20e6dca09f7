// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_EVENT_H
#define XL_MEMBER_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/text.h"
#include "core/ident/endpoint.h"
#include "core/ident/nodeid.h"

/*
 * What happens, told to commands (hooks) and to watchers (control), in order.
 */

enum event_kind {
	EVENT_START,
	EVENT_MEMBER_UP,
	EVENT_MEMBER_DOWN,
	EVENT_MESSAGE,
	EVENT_QUORUM,
	EVENT_NO_QUORUM,
	EVENT_ROSTER,
	EVENT_STOP,
};
#define EVENT_KINDS 8
#define EVENT_NO_MEMBER 64

/* One event; a snapshot, so that later changes do not alter it. */
struct event {
	enum event_kind kind;
	unsigned member;   /* index, or EVENT_NO_MEMBER */
	uint64_t seq;      /* 1.. in the order of happening, all kinds */
	int64_t at;        /* seconds since 1970, UTC */
	unsigned up, size; /* members */
	bool quorum;
	struct nodeid id;             /* of the member */
	char name[TEXT_NAME_MAX + 1]; /* of the member, or "" */
	/* The member's end point 0, HOST:PORT, or "" */
	char addr[ENDPOINT_TEXT_MAX + 1];
	const uint8_t *contents; /* EVENT_MESSAGE; valid during the call */
	size_t contents_len;
};

/* "member-up" and so on. */
const char *
event_name(enum event_kind kind);

#endif
