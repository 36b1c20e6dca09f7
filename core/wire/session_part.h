// SPDX-License-Identifier: MIT
#ifndef XL_WIRE_SESSION_PART_H
#define XL_WIRE_SESSION_PART_H

#include "core/wire/session.h"

/*
 * What the two halves of a session share: session.c (its life, and sending)
 * and session_recv.c (receiving).  For these two files only.
 */

/* now + span, where SESSION_NEVER stays what it is. */
int64_t
part_after(int64_t now, int64_t span);

/* Closes the session and wipes all its secrets. */
void
part_shut(struct session *s);

/* Hello and Reply are done: forgets their secrets. */
void
part_open(struct session *s, int64_t now);

/* Sets the deadline for what the peer has to do next. */
void
part_rest(struct session *s, int64_t now);

/* Closes when the peer sends no more and is owed nothing. */
void
part_settle(struct session *s);

/* Whether a peer that sends while it is our turn breaks the protocol. */
bool
part_in_turns(const struct session *s);

/* Whether the next message waits until this one's answer is sent. */
bool
part_one_by_one(const struct session *s);

/* How many bytes may be received now. */
size_t
part_room(const struct session *s);

#endif
