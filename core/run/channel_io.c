// SPDX-License-Identifier: MIT
#include "core/run/channel_io.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/run/net.h"

#define TRIM_MS 1000 /* at rest until pages are given back */

void
channel_io_note(struct channel *c, enum err why, int error)
{
	if (c->why == ERR_OK) {
		c->why = why;
		c->error = error;
	}
}

/* Gives back whole pages; keep of them stay, with that start is in. */
static void
trim_buffer(uint8_t *start, uint8_t *end, size_t keep)
{
	uintptr_t page = (uintptr_t)getpagesize();
	uintptr_t in_page = (uintptr_t)start % page;
	size_t front = keep * page + (in_page && !keep ? page : 0) - in_page;
	size_t back = (uintptr_t)end % page;
	if ((size_t)(end - start) > front + back)
		(void)madvise(start + front,
			      (size_t)(end - start) - front - back,
			      MADV_DONTNEED);
}

void
channel_io_trim(struct channel *c)
{
	uint8_t *out = c->buffers + SESSION_BUF_LEN;
	uint8_t *end = c->buffers + CHANNEL_BUFFERS_LEN;
	c->dirty = false;
	if (c->kind->gives_all) {
		trim_buffer(c->buffers, end, 0);
		return;
	}
	trim_buffer(c->buffers, out, 1);
	trim_buffer(out, end, 1);
}

/* Notes that a buffer was used up to end. */
static void
note_used(struct channel *c, const uint8_t *end)
{
	const uint8_t *out = c->buffers + SESSION_BUF_LEN;
	size_t used = (size_t)(end - (end > out ? out : c->buffers));
	if (c->kind->gives_all || used > (size_t)getpagesize())
		c->dirty = true;
}

/* When pages are to be given back, or LOOP_NEVER. */
int64_t
channel_io_trim_at(struct channel *c)
{
	if (!c->dirty || !session_is_empty(&c->session))
		c->trim_at = LOOP_NEVER;
	else if (c->trim_at == LOOP_NEVER)
		c->trim_at = loop_now() + TRIM_MS;
	return c->trim_at;
}

/* Whether messages from before it broke are still to be taken. */
static bool
has_rest(const struct channel *c)
{
	return c->kind->keeps_rest && c->why != ERR_OK &&
	       (session_can(&c->session) & SESSION_CAN_MESSAGE);
}

void
channel_io_receive(struct channel *c)
{
	size_t room, len;
	while (!c->held && !c->drained && !has_rest(c)) {
		uint8_t *space = session_recv_space(&c->session, &room);
		if (room == 0)
			return;
		enum err e = net_recv(c->watch.fd, space, room, &len);
		c->drained = len < room;
		if (e == ERR_BUSY)
			return;
		if (e != ERR_OK) {
			channel_io_note(c, e, errno);
			if (!has_rest(c))
				session_wipe(&c->session);
		} else if (len == 0) {
			c->ended = true;
			session_recv_end(&c->session);
			if (c->broken) /* it will not take the rest */
				session_wipe(&c->session);
		} else {
			c->bytes_in += len;
			note_used(c, space + len);
			session_recv_done(&c->session, len, loop_now());
		}
	}
}

/* Looks whether a peer that has to wait for what is sent next has waited. */
static void
look_for_haste(struct channel *c)
{
	if (c->open && c->kind->config.pipelined)
		return;
	c->drained = false;
	channel_io_receive(c);
}

/*
 * Sends what there is, but looks first whether a peer that has to wait for it
 * has waited.  When sending fails, the peer may have said why before.
 */
void
channel_io_transmit(struct channel *c)
{
	size_t left, len;
	if (session_can(&c->session) & SESSION_CAN_SEND)
		look_for_haste(c);
	for (;;) {
		const uint8_t *data = session_send_data(&c->session, &left);
		if (left == 0 || c->broken)
			return;
		note_used(c, data + left);
		enum err e = net_send(c->watch.fd, data, left, &len);
		c->waiting = e == ERR_BUSY;
		if (e == ERR_BUSY)
			return;
		if (e == ERR_OK) {
			c->bytes_out += len;
			session_send_done(&c->session, len, loop_now());
			continue;
		}
		channel_io_note(c, e, errno);
		c->broken = true;
		if (!(session_can(&c->session) & SESSION_CAN_RECV) &&
		    !has_rest(c))
			session_wipe(&c->session);
	}
}
