// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_CONTROL_PART_H
#define XL_MEMBER_CONTROL_PART_H

#include "applets/member/control.h"

/* What the files of the control socket have in common. */

struct member;

/*
 * Sends a line.  ERR_BUSY: the client does not read; ERR_UNREACHABLE: it has
 * gone.
 */
enum err
control_tell(struct control_conn *conn, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Ends a connection; what its client was told can still be read. */
void
control_end(struct control_conn *conn);

/* Ends it with an error, whose exit status is the client's. */
void
control_refuse(struct control_conn *conn, enum err e, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The member with that name, or NULL. */
const struct member *
control_find(const struct control *c, const char *name);

/*
 * "send": words are those behind it, contents what follows the newline.  There
 * is room for it.
 */
void
control_take_send(struct control_conn *conn, char *words,
		  const uint8_t *contents, size_t len);

/* Whether there is room for one more. */
bool
control_can_send(const struct control *c);

/* For whom there is no answer, there will be none: it is unknown. */
void
control_send_timeout(struct control_send *send);

/* Takes back what is under way and makes room. */
void
control_send_forget(struct control_send *send);

/* Tells as much of the status as there is room for now. */
void
control_tell_status(struct control_conn *conn);

/* Tells of one event.  Errors as control_tell. */
enum err
control_tell_event(struct control_conn *conn, const struct event *event);

/* Tells how things are, as events with the number of the last one. */
enum err
control_tell_present(struct control_conn *conn);

#endif
