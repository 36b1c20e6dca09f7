// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_LINKOUT_H
#define XL_MEMBER_LINKOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link;

/*
 * The messages of a link, made and numbered.  Whoever sends one has seen that
 * there is room for it.
 */

/*
 * Room that is left to Acks when anything else is sent: else two members that
 * send much to each other could both wait until the other one reads.  It is
 * enough for all that the other side may have sent without an Ack: some
 * KeepAlives, Bye, and LINK_APPS_MAX.  An empty buffer still takes the longest
 * message.
 */
#define LINKOUT_FOR_ACKS 384
#define LINKOUT_SMALL 64 /* bytes of anything but Hello and App */

bool
linkout_has_room(struct link *l, size_t len);

/* Whether one more App or Suspect may be without Ack. */
bool
linkout_is_turn(const struct link *l);

/* Our Hello, with its signature. */
void
linkout_hello(struct link *l, const uint8_t *sig, size_t sig_len);

/* Ack or Error to the last message that came. */
void
linkout_ack(struct link *l);
void
linkout_error(struct link *l, const char *text);

void
linkout_app(struct link *l, const uint8_t *bytes, size_t len);

/* KeepAlive, Suspects and Bye that are due, as far as there is room. */
void
linkout_due(struct link *l);

/* Microseconds of the monotonic clock, as in ask_us. */
int64_t
linkout_now_us(void);

#endif
