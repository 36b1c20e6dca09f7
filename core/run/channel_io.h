// SPDX-License-Identifier: MIT
#ifndef XL_RUN_CHANNEL_IO_H
#define XL_RUN_CHANNEL_IO_H

#include "core/run/channel.h"

/*
 * Bytes between a channel's socket and its session, and the pages that they
 * pass through.  For channel.c only.
 */

/* Notes why the channel ends; what was noted first stays. */
void
channel_io_note(struct channel *c, enum err why, int error);

/* Receives what has come, until there is a message or no room. */
void
channel_io_receive(struct channel *c);

/*
 * Sends what there is, but looks first whether a peer that has to wait for it
 * has waited.
 */
void
channel_io_transmit(struct channel *c);

/* When pages are to be given back, or LOOP_NEVER. */
int64_t
channel_io_trim_at(struct channel *c);

/* Gives them back. */
void
channel_io_trim(struct channel *c);

#endif
