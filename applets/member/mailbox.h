// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_MAILBOX_H
#define XL_MEMBER_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applets/member/event.h"
#include "core/base/err.h"

/*
 * Messages that wait for their command, first in, first out, in a ring of
 * bytes.  Its memory is the kernel's until a message needs it, and again when
 * the last one is gone.
 */

#define MAILBOX_MIN 16384 /* bytes, in which every message fits */

struct mailbox {
	uint8_t *ring;
	size_t cap;
	size_t at;   /* where the first message begins */
	size_t used; /* bytes from there on */
	size_t top;  /* bytes of ring that were written to */
};

/* Makes room for cap bytes, at least MAILBOX_MIN.  ERR_SYSTEM. */
enum err
mailbox_init(struct mailbox *box, size_t cap);

/* Puts in event and its contents.  ERR_BUSY: there is no room. */
enum err
mailbox_put(struct mailbox *box, const struct event *event);

/*
 * Gives the first message, which stays; its contents are NULL here.  False:
 * there is none.
 */
bool
mailbox_first(const struct mailbox *box, struct event *event);

/*
 * The contents of the first message from byte offset on: *len of them are in
 * one piece at what is returned, 0 behind the last.
 */
const uint8_t *
mailbox_contents(const struct mailbox *box, size_t offset, size_t *len);

/* Forgets the first message. */
void
mailbox_drop(struct mailbox *box);

#endif
