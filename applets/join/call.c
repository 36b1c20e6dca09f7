// SPDX-License-Identifier: MIT
#include "applets/join/call.h"

#include <poll.h>
#include <unistd.h>

#include "applets/join/dial.h"
#include "core/base/bytes.h"
#include "core/run/loop.h"
#include "core/run/net.h"

#define MESSAGE_MS 10000 /* for a message once begun */

/* Takes in what has come, as long as there is room. */
static void
receive(struct call *c)
{
	struct session *s = &c->session;
	size_t cap, len;
	while (!c->ended && (session_can(s) & SESSION_CAN_RECV)) {
		uint8_t *to = session_recv_space(s, &cap);
		enum err e = net_recv(c->fd, to, cap, &len);
		if (e == ERR_BUSY)
			return;
		c->ended = e != ERR_OK || len == 0;
		if (c->ended)
			session_recv_end(s);
		else
			session_recv_done(s, len, loop_now());
	}
}

static void
transmit(struct call *c)
{
	struct session *s = &c->session;
	size_t cap, len;
	while (!c->ended && (session_can(s) & SESSION_CAN_SEND)) {
		const uint8_t *from = session_send_data(s, &cap);
		enum err e = net_send(c->fd, from, cap, &len);
		if (e == ERR_BUSY)
			return;
		if (e == ERR_OK)
			session_send_done(s, len, loop_now());
		else
			receive(c); /* it may have said why it closed */
		c->ended = c->ended || e != ERR_OK;
	}
}

/* Goes on until one of the bits in until holds. */
static enum err
pump(struct call *c, unsigned until, int64_t deadline)
{
	struct session *s = &c->session;
	for (;;) {
		receive(c);
		transmit(c);
		unsigned can = session_can(s);
		if (can & until)
			return ERR_OK;
		if (c->ended)
			return ERR_UNREACHABLE;
		if (can & SESSION_CLOSED)
			return ERR_PROTOCOL;
		int64_t limit = session_deadline(s);
		if (limit > deadline)
			limit = deadline;
		short events = 0;
		if (can & SESSION_CAN_RECV)
			events |= POLLIN;
		if (can & SESSION_CAN_SEND)
			events |= POLLOUT;
		if (!dial_wait(c->fd, events, limit))
			return ERR_TIMEOUT;
	}
}

enum err
call_open(struct call *c, int fd, enum dialect dialect,
	  const struct rsakey_public *ck, struct rng *rng, int64_t deadline)
{
	c->fd = fd;
	c->ended = false;
	c->config = (struct session_config){
		.hello_ms = SESSION_NEVER,
		.message_ms = MESSAGE_MS,
		.idle_ms = SESSION_NEVER,
		.rng = rng,
		.decodes = msg_decodes,
	};
	enum err e = session_init_initiator(&c->session, &c->config, c->in,
					    c->out, dialect, ck, loop_now());
	if (e != ERR_OK)
		return e;
	return pump(c, SESSION_CAN_POST, deadline);
}

enum err
call_ask(struct call *c, reg_XLRegMsg *msg, int64_t deadline)
{
	uint8_t bytes[SESSION_MESSAGE_MAX / 4]; /* a token and a signature */
	struct session *s = &c->session;
	size_t len = msg_encode(msg, bytes, sizeof bytes);
	if (len == 0)
		return ERR_TOO_LONG;
	if (session_can(s) & SESSION_CAN_MESSAGE)
		return ERR_PROTOCOL; /* nobody asked for one */
	enum err e = session_post(s, bytes, len, loop_now());
	if (e == ERR_BUSY)
		return c->ended ? ERR_UNREACHABLE : ERR_PROTOCOL;
	if (e == ERR_OK)
		e = pump(c, SESSION_CAN_MESSAGE, deadline);
	if (e != ERR_OK)
		return e;
	const uint8_t *reply = session_message(s, &len);
	e = msg_decode(msg, reply, len);
	session_message_done(s, loop_now());
	return e;
}

void
call_close(struct call *c)
{
	close(c->fd);
	c->fd = -1;
	session_wipe(&c->session);
	bytes_wipe(c->in, sizeof c->in);
	bytes_wipe(c->out, sizeof c->out);
}
