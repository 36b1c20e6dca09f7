// SPDX-License-Identifier: MIT
#include "core/wire/session.h"

#include <string.h>

#include "core/base/bytes.h"

/* now + span, where SESSION_NEVER stays what it is. */
static int64_t
after(int64_t now, int64_t span)
{
	return span > SESSION_NEVER - now ? SESSION_NEVER : now + span;
}

static void
shut(struct session *s)
{
	bytes_wipe(&s->hello, sizeof s->hello);
	bytes_wipe(&s->seal, sizeof s->seal);
	bytes_wipe(s->in, SESSION_BUF_LEN);
	bytes_wipe(s->out, SESSION_BUF_LEN);
	s->state = SESSION_STATE_CLOSED;
	s->got_message = false;
	s->in_len = s->out_len = s->out_sent = 0;
	s->recv_deadline = s->send_deadline = SESSION_NEVER;
}

static void
init(struct session *s, const struct session_config *config, uint8_t *in,
     uint8_t *out, int64_t now)
{
	memset(s, 0, sizeof *s);
	s->config = config;
	s->in = in;
	s->out = out;
	s->recv_deadline = after(now, config->hello_ms);
	s->send_deadline = SESSION_NEVER;
}

void
session_init_responder(struct session *s, const struct session_config *config,
		       uint8_t *in, uint8_t *out, size_t hello_len,
		       int64_t now)
{
	init(s, config, in, out, now);
	s->state = SESSION_STATE_HELLO;
	s->hello_len = hello_len;
}

enum err
session_init_initiator(struct session *s, const struct session_config *config,
		       uint8_t *in, uint8_t *out, enum dialect dialect,
		       const struct rsakey_public *ck, int64_t now)
{
	enum err e;

	init(s, config, in, out, now);
	s->state = SESSION_STATE_REPLY;
	s->dialect = dialect;
	s->initiator = true;
	s->our_turn = true;
	hello_draw(&s->hello, dialect, config->rng);
	e = hello_encrypt(&s->hello, ck, config->rng, out);
	if (e == ERR_OK)
		s->out_len = ck->n_len;
	else
		shut(s);
	return e;
}

/* Whether a peer that sends while it is our turn breaks the protocol. */
static bool
in_turns(const struct session *s)
{
	return s->state != SESSION_STATE_OPEN || s->dialect != DIALECT_SEALED;
}

/* Whether the next message waits until this one's answer is sent. */
static bool
one_by_one(const struct session *s)
{
	return in_turns(s) || !s->config->pipelined;
}

static bool
receives(const struct session *s)
{
	return !s->ended && s->state != SESSION_STATE_CLOSING &&
	       s->state != SESSION_STATE_CLOSED;
}

/* How many bytes of a sealed record its first bytes ask for. */
static size_t
record_limit(const struct session *s)
{
	if (s->in_len < SEAL_HEADER)
		return SEAL_HEADER;
	return SEAL_HEADER + (size_t)bytes_get_be16(s->in);
}

/* How many bytes the peer may have sent, and one more that would be wrong. */
static size_t
recv_limit(const struct session *s)
{
	if (in_turns(s) && s->our_turn)
		return s->in_len + 1;
	if (s->got_message)
		return s->in_len;
	if (s->state == SESSION_STATE_HELLO)
		return s->hello_len + 1;
	if (s->state == SESSION_STATE_OPEN)
		return in_turns(s) ? SEAL_WIRE_MAX + 1 : record_limit(s);
	/* In sealed, what follows a Reply may be a record: left where it is. */
	return hello_reply_len(s->dialect) + (s->dialect != DIALECT_SEALED);
}

uint8_t *
session_recv_space(struct session *s, size_t *len)
{
	*len = receives(s) ? recv_limit(s) - s->in_len : 0;
	return s->in + s->in_len;
}

/* Sets the deadline for what the peer has to do next. */
static void
rest(struct session *s, int64_t now)
{
	if (s->got_message || s->ended)
		s->recv_deadline = SESSION_NEVER;
	else if (s->in_len > 0)
		return; /* a message has begun, and its time runs */
	else if (s->our_turn && one_by_one(s))
		s->recv_deadline = SESSION_NEVER;
	else
		s->recv_deadline = after(now, s->config->idle_ms);
}

static void
open_session(struct session *s, int64_t now)
{
	bytes_wipe(&s->hello, sizeof s->hello);
	bytes_wipe(s->in, s->in_len);
	s->state = SESSION_STATE_OPEN;
	s->in_len = 0;
	collect_init(&s->collect, s->dialect);
	rest(s, now);
}

static void
got_hello(struct session *s)
{
	if (s->in_len > s->hello_len) {
		shut(s);
	} else if (s->in_len == s->hello_len) {
		s->state = SESSION_STATE_DECRYPT;
		s->our_turn = true;
	}
}

static void
got_reply(struct session *s, int64_t now)
{
	size_t len = hello_reply_len(s->dialect);

	if (s->in_len < len)
		return;
	if (s->in_len > len || hello_open_reply(&s->hello, s->in, &s->seal,
						&s->peer_version) != ERR_OK) {
		shut(s);
		return;
	}
	s->our_turn = true;
	open_session(s, now);
}

static void
got_blocks(struct session *s)
{
	bool whole = collect_find(&s->collect, &s->seal, s->in, s->in_len,
				  s->config->decodes);

	if (s->in_len > (whole ? s->collect.end : SEAL_WIRE_MAX)) {
		shut(s);
	} else if (whole) {
		s->got_message = true;
		s->our_turn = true;
		s->message_at = s->collect.start;
		s->message_len = s->collect.message_len;
	}
}

static void
got_record(struct session *s)
{
	size_t len;

	if (s->in_len < SEAL_HEADER)
		return;
	len = bytes_get_be16(s->in);
	if (len < SEAL_RECORD_MIN || len > SEAL_RECORD_MAX) {
		shut(s);
		return;
	}
	if (s->in_len < SEAL_HEADER + len)
		return;
	if (seal_open(&s->seal, s->in + SEAL_HEADER, len) != ERR_OK) {
		shut(s);
		return;
	}
	s->got_message = true;
	s->held = !s->initiator && s->our_turn && one_by_one(s);
	s->our_turn = true;
	s->message_at = SEAL_HEADER;
	s->message_len = len - SEAL_TAG;
}

static void
got_bytes(struct session *s, bool first, int64_t now)
{
	if (first)
		s->recv_deadline = after(now, s->config->message_ms);
	if (in_turns(s))
		got_blocks(s);
	else
		got_record(s);
	if (s->got_message)
		rest(s, now);
}

void
session_recv_done(struct session *s, size_t len, int64_t now)
{
	bool first = s->in_len == 0;

	if (!receives(s) || len == 0)
		return;
	if (len > recv_limit(s) - s->in_len || (in_turns(s) && s->our_turn)) {
		shut(s);
		return;
	}
	s->in_len += len;
	if (s->state == SESSION_STATE_HELLO)
		got_hello(s);
	else if (s->state == SESSION_STATE_REPLY)
		got_reply(s, now);
	else
		got_bytes(s, first, now);
}

/* Closes when the peer sends no more and is owed nothing. */
static void
settle(struct session *s)
{
	bool owes = !s->initiator && s->our_turn && one_by_one(s);

	if (s->ended && !s->got_message && s->out_len == 0 && !owes)
		shut(s);
}

void
session_recv_end(struct session *s)
{
	if (s->state == SESSION_STATE_OPEN) {
		s->ended = true;
		s->recv_deadline = SESSION_NEVER;
		settle(s);
	} else if (s->state != SESSION_STATE_CLOSING) {
		shut(s);
	}
}

const uint8_t *
session_send_data(const struct session *s, size_t *len)
{
	*len = s->out_len - s->out_sent;
	return s->out + s->out_sent;
}

/* All that was posted is sent. */
static void
sent_all(struct session *s, int64_t now)
{
	s->out_len = s->out_sent = 0;
	s->send_deadline = SESSION_NEVER;
	s->our_turn = s->held;
	s->held = false;
	if (s->state == SESSION_STATE_CLOSING)
		shut(s);
	else if (s->state == SESSION_STATE_ANSWER)
		open_session(s, now);
	else if (s->state == SESSION_STATE_OPEN)
		rest(s, now);
	settle(s);
}

void
session_send_done(struct session *s, size_t len, int64_t now)
{
	if (len == 0 || len > s->out_len - s->out_sent)
		return;
	s->out_sent += len;
	if (s->out_sent == s->out_len)
		sent_all(s, now);
}

const uint8_t *
session_hello_block(const struct session *s, size_t *len)
{
	*len = s->hello_len;
	return s->in;
}

void
session_hello_plain(struct session *s, const uint8_t *plain, size_t len,
		    int64_t now)
{
	if (s->state != SESSION_STATE_DECRYPT)
		return;
	if (hello_parse(&s->hello, plain, len, s->in, s->hello_len,
			&s->peer_version) != ERR_OK ||
	    !(s->config->dialects & DIALECT_BIT(s->hello.dialect))) {
		shut(s);
		return;
	}
	s->dialect = s->hello.dialect;
	hello_draw_reply(&s->hello, s->config->rng);
	if (hello_make_reply(&s->hello, s->out, &s->out_len, &s->seal) !=
	    ERR_OK) {
		shut(s);
		return;
	}
	s->state = SESSION_STATE_ANSWER;
	s->recv_deadline = SESSION_NEVER;
	s->send_deadline = after(now, s->config->message_ms);
}

const uint8_t *
session_message(const struct session *s, size_t *len)
{
	*len = s->message_len;
	return s->in + s->message_at;
}

void
session_message_done(struct session *s, int64_t now)
{
	if (!s->got_message || s->held)
		return;
	s->got_message = false;
	s->in_len = 0;
	collect_init(&s->collect, s->dialect);
	rest(s, now);
	settle(s);
}

size_t
session_message_max(const struct session *s)
{
	return seal_message_max(s->dialect);
}

enum err
session_post(struct session *s, const uint8_t *bytes, size_t len, int64_t now)
{
	if (s->state != SESSION_STATE_OPEN)
		return ERR_BUSY;
	if (len == 0 || len > session_message_max(s))
		return ERR_TOO_LONG;
	if (in_turns(s) && (!s->our_turn || s->out_len > 0))
		return ERR_BUSY;
	if (len + SEAL_HEADER + SEAL_TAG > SESSION_BUF_LEN - s->out_len)
		return ERR_BUSY;
	if (s->out_len == 0)
		s->send_deadline = after(now, s->config->message_ms);
	s->out_len += seal_put(&s->seal, s->config->rng, s->out + s->out_len,
			       bytes, len);
	return ERR_OK;
}

unsigned
session_can(const struct session *s)
{
	unsigned can = 0;

	if (s->state == SESSION_STATE_CLOSED)
		return SESSION_CLOSED;
	if (receives(s) && recv_limit(s) > s->in_len)
		can |= SESSION_CAN_RECV;
	if (s->out_len > 0)
		can |= SESSION_CAN_SEND;
	if (s->state == SESSION_STATE_DECRYPT)
		can |= SESSION_CAN_DECRYPT;
	if (s->got_message && !s->held)
		can |= SESSION_CAN_MESSAGE;
	if (s->state == SESSION_STATE_OPEN && s->out_len == 0 &&
	    (s->our_turn || !in_turns(s)))
		can |= SESSION_CAN_POST;
	return can;
}

int64_t
session_deadline(const struct session *s)
{
	return s->recv_deadline < s->send_deadline ? s->recv_deadline
						   : s->send_deadline;
}

void
session_tick(struct session *s, int64_t now)
{
	int64_t deadline = session_deadline(s);

	if (deadline != SESSION_NEVER && now >= deadline)
		shut(s);
}

void
session_close(struct session *s)
{
	if (s->out_len == 0 || s->state == SESSION_STATE_CLOSED) {
		shut(s);
		return;
	}
	s->state = SESSION_STATE_CLOSING;
	s->got_message = false;
	s->recv_deadline = SESSION_NEVER;
}

void
session_wipe(struct session *s)
{
	shut(s);
}

const uint8_t *
session_bind(const struct session *s)
{
	return s->seal.bind;
}

const uint8_t *
session_salt2(const struct session *s)
{
	return s->seal.salt2;
}

struct version
session_version(enum dialect d)
{
	return hello_version(d);
}
