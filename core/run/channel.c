// SPDX-License-Identifier: MIT
#include "core/run/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/bytes.h"
#include "core/run/channel_io.h"
#include "core/run/net.h"

#define TURN_MESSAGES 8 /* at once, so that others get their turn */

#define CHANNEL_OF(pointer, member)                                            \
	((struct channel *)(void *)((char *)(pointer)-offsetof(struct channel, \
							       member)))

/* Lets go of all but the owner's memory. */
static void
let_go(struct channel *c)
{
	if (c->decrypting)
		rsapool_cancel(c->kind->pool, &c->job);
	session_wipe(&c->session);
	loop_remove(c->kind->loop, &c->watch);
	net_hang_up(c->watch.fd);
	if (c->dirty)
		channel_io_trim(c);
	c->phase = CHANNEL_GONE;
	if (c->gone)
		*c->gone = true;
	c->gone = NULL;
}

static void
end(struct channel *c)
{
	let_go(c);
	errno = c->error;
	c->kind->closed(c, c->why);
}

/* The session is closed: so is the channel, now or a little later. */
static void
finish(struct channel *c)
{
	if (c->ended && !c->open)
		channel_io_note(c, ERR_UNREACHABLE, ECONNRESET);
	else if (!c->ended && !c->closing)
		channel_io_note(c, ERR_PROTOCOL, 0);
	if (!c->closing || !c->open || c->ended || c->why != ERR_OK ||
	    c->kind->linger_ms == 0) {
		end(c);
		return;
	}
	(void)shutdown(c->watch.fd, SHUT_WR);
	c->phase = CHANNEL_LINGERING;
	c->watch.events = POLLIN;
	c->watch.deadline = loop_now() + c->kind->linger_ms;
}

/* Whether it waits for channel_resume, and nothing else, when it broke. */
static bool
keeps_rest(const struct channel *c)
{
	return c->held && c->kind->keeps_rest;
}

/* Sets what is waited for. */
static void
arm(struct channel *c)
{
	unsigned can = session_can(&c->session);
	int64_t trim_at = channel_io_trim_at(c);
	c->watch.events = 0;
	c->watch.deadline = session_deadline(&c->session);
	if (c->watch.deadline > trim_at)
		c->watch.deadline = trim_at;
	if ((can & SESSION_CLOSED) || ((can & SESSION_CAN_MESSAGE) && !c->held))
		c->watch.deadline = 0;
	if ((can & SESSION_CAN_RECV) && !c->held)
		c->watch.events |= POLLIN;
	if ((can & SESSION_CAN_SEND) && !c->broken)
		c->watch.events |= POLLOUT;
	/* TCP never has it: only to hear of a connection that breaks. */
	if (c->watch.events == 0 && !(c->broken && keeps_rest(c)))
		c->watch.events = POLLRDBAND;
}

static void
tell_opened(struct channel *c)
{
	if (c->open || !session_is_open(&c->session))
		return;
	c->open = true;
	if (c->kind->opened)
		c->kind->opened(c);
}

/* Hands up the messages that are there, but not too many. */
static void
deliver(struct channel *c, const bool *gone)
{
	size_t len;
	for (int i = 0; i < TURN_MESSAGES && !c->held; i++) {
		if (!(session_can(&c->session) & SESSION_CAN_MESSAGE))
			return;
		uint8_t *bytes = session_message(&c->session, &len);
		bool done = c->kind->message(c, bytes, len);
		if (*gone)
			return;
		if (!done) {
			c->held = !c->closing;
			return;
		}
		session_message_done(&c->session, loop_now());
		channel_io_receive(c);
	}
}

/* Sends, and tells when what had to wait is sent. */
static void
transmit_all(struct channel *c, const bool *gone)
{
	bool waited;
	do {
		waited = c->waiting;
		channel_io_transmit(c);
		if (!waited || c->waiting || !c->open || c->closing ||
		    c->broken || !c->kind->sent)
			return;
		c->kind->sent(c);
	} while (!*gone);
}

static void
submit_hello(struct channel *c)
{
	size_t len;
	if (c->decrypting || !(session_can(&c->session) & SESSION_CAN_DECRYPT))
		return;
	const uint8_t *block = session_hello_block(&c->session, &len);
	struct bytes_writer w = bytes_writer(c->job.data, sizeof c->job.data);
	bytes_put(&w, block, len);
	c->job.op = RSAPOOL_DECRYPT;
	c->job.urgent = c->kind->urgent;
	c->job.len = len;
	c->decrypting = true;
	rsapool_submit(c->kind->pool, &c->job);
}

/* Whether nothing that happens now would tell of a connection that broke. */
static bool
is_stuck(const struct channel *c)
{
	unsigned can = session_can(&c->session);
	return c->held || !(can & (SESSION_CAN_RECV | SESSION_CAN_MESSAGE));
}

/* One turn of a session: all that can happen now. */
static void
talk(struct channel *c, short revents, const bool *gone)
{
	int64_t now = loop_now();
	if (now >= session_deadline(&c->session)) {
		channel_io_note(c, ERR_TIMEOUT, ETIMEDOUT);
		session_tick(&c->session, now);
	} else if ((revents & (POLLERR | POLLHUP)) && is_stuck(c)) {
		(void)net_connected(c->watch.fd);
		channel_io_note(c, ERR_UNREACHABLE, errno);
		c->broken = true;
		if (!keeps_rest(c))
			session_wipe(&c->session);
	}
	if (now >= c->trim_at && session_is_empty(&c->session))
		channel_io_trim(c);
	if (revents != 0)
		channel_io_receive(c);
	tell_opened(c);
	if (!*gone)
		deliver(c, gone);
	if (*gone)
		return;
	submit_hello(c);
	transmit_all(c, gone);
	if (*gone || c->open)
		return;
	tell_opened(c);
	if (!*gone)
		channel_io_transmit(c);
}

static void
turn(struct channel *c, short revents)
{
	bool gone = false;
	// cppcheck-suppress autoVariables ; it is NULL again behind the turn
	c->gone = &gone;
	c->drained = false;
	talk(c, revents, &gone);
	if (gone)
		return;
	c->gone = NULL;
	if (session_can(&c->session) & SESSION_CLOSED)
		finish(c);
	else
		arm(c);
}

static void
take_plain(struct rsapool_job *job)
{
	struct channel *c = CHANNEL_OF(job, job);
	c->decrypting = false;
	session_hello_plain(&c->session, job->data,
			    job->result == ERR_OK ? job->len : 0, loop_now());
	bytes_wipe(job->data, sizeof job->data);
	turn(c, 0);
}

/* The connection is there, or will not be. */
static void
take_connected(struct channel *c, short revents)
{
	enum err e = revents != 0 ? net_connected(c->watch.fd) : ERR_TIMEOUT;
	int error = e == ERR_TIMEOUT ? ETIMEDOUT : errno;
	if (e == ERR_OK)
		e = session_init_initiator(&c->session, &c->kind->config,
					   c->buffers,
					   c->buffers + SESSION_BUF_LEN,
					   DIALECT_SEALED, c->ck, loop_now());
	if (e != ERR_OK) {
		channel_io_note(c, e, error);
		end(c);
		return;
	}
	c->phase = CHANNEL_TALKING;
	turn(c, 0);
}

static void
take_ready(struct loop_watch *watch, short revents)
{
	struct channel *c = CHANNEL_OF(watch, watch);
	if (c->phase == CHANNEL_TALKING)
		turn(c, revents);
	else if (c->phase == CHANNEL_CONNECTING && !c->closing)
		take_connected(c, revents);
	else if (c->phase == CHANNEL_CONNECTING || revents == 0 ||
		 net_drain(watch->fd))
		end(c);
}

/* Begins in phase; the watch's events and deadline are set behind it. */
static enum err
start(struct channel *c, const struct channel_kind *kind, uint8_t *buffers,
      int fd, enum channel_phase phase)
{
	memset(c, 0, sizeof *c);
	c->watch.fd = fd;
	c->watch.ready = take_ready;
	c->kind = kind;
	c->buffers = buffers;
	c->phase = phase;
	c->trim_at = LOOP_NEVER;
	c->session.state = SESSION_STATE_CLOSED;
	enum err e = loop_add(kind->loop, &c->watch);
	if (e != ERR_OK) {
		c->phase = CHANNEL_GONE;
		close(fd);
	}
	return e;
}

enum err
channel_accept(struct channel *c, const struct channel_kind *kind,
	       uint8_t *buffers, int fd)
{
	enum err e = start(c, kind, buffers, fd, CHANNEL_TALKING);
	if (e != ERR_OK)
		return e;
	c->job.done = take_plain;
	session_init_responder(&c->session, &kind->config, buffers,
			       buffers + SESSION_BUF_LEN, kind->hello_len,
			       loop_now());
	arm(c);
	return ERR_OK;
}

enum err
channel_dial(struct channel *c, const struct channel_kind *kind,
	     uint8_t *buffers, int fd, const struct rsakey_public *ck)
{
	enum err e = start(c, kind, buffers, fd, CHANNEL_CONNECTING);
	if (e != ERR_OK)
		return e;
	c->ck = ck;
	c->watch.events = POLLOUT;
	c->watch.deadline = loop_now() + kind->connect_ms;
	return ERR_OK;
}

/* Within a turn, what is posted is sent together at its end. */
static void
flush(struct channel *c)
{
	if (c->gone)
		return;
	channel_io_transmit(c);
	arm(c);
}

/* Sends what has been posted in this turn, to make room. */
static void
make_room(struct channel *c)
{
	if (c->open && !c->waiting)
		channel_io_transmit(c);
}

enum err
channel_post(struct channel *c, const uint8_t *bytes, size_t len)
{
	int64_t now = loop_now();
	enum err e = session_post(&c->session, bytes, len, now);
	if (e == ERR_BUSY) {
		make_room(c);
		e = session_post(&c->session, bytes, len, now);
	}
	if (e == ERR_OK)
		flush(c);
	return e;
}

uint8_t *
channel_post_space(struct channel *c, size_t *cap)
{
	make_room(c);
	return session_post_space(&c->session, cap);
}

void
channel_post_made(struct channel *c, size_t len)
{
	session_post_made(&c->session, len, loop_now());
	flush(c);
}

bool
channel_has_room(struct channel *c)
{
	make_room(c);
	return session_can(&c->session) & SESSION_CAN_POST;
}

void
channel_resume(struct channel *c)
{
	c->held = false;
	if (c->phase == CHANNEL_TALKING && !c->gone)
		arm(c);
}

void
channel_release(struct channel *c)
{
	session_message_done(&c->session, loop_now());
	channel_resume(c);
}

void
channel_close(struct channel *c)
{
	c->closing = true;
	c->held = false;
	if (c->phase == CHANNEL_CONNECTING)
		c->watch.deadline = 0;
	if (c->phase != CHANNEL_TALKING)
		return;
	session_close(&c->session);
	if (!c->gone)
		arm(c);
}

void
channel_drop(struct channel *c)
{
	if (c->phase != CHANNEL_GONE)
		let_go(c);
}
