// SPDX-License-Identifier: MIT
#include "core/wire/session_part.h"

#include <string.h>

#include "core/base/bytes.h"

int64_t
part_after(int64_t now, int64_t span)
{
	return span > SESSION_NEVER - now ? SESSION_NEVER : now + span;
}

/*
 * What lies behind in_len and out_len is wiped when it is done with.  What was
 * never used is left alone: touching its pages would make them real.
 */
void
part_shut(struct session *s)
{
	bytes_wipe(&s->hello, sizeof s->hello);
	bytes_wipe(&s->seal, sizeof s->seal);
	bytes_wipe(s->in, s->in_len);
	bytes_wipe(s->out, s->out_len);
	s->state = SESSION_STATE_CLOSED;
	s->got_message = false;
	s->in_start = s->in_len = s->out_len = s->out_sent = 0;
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
	s->recv_deadline = part_after(now, config->hello_ms);
	s->send_deadline = SESSION_NEVER;
}

void
session_init_responder(struct session *s, const struct session_config *config,
		       uint8_t *in, uint8_t *out, size_t hello_len, int64_t now)
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
		part_shut(s);
	return e;
}

bool
part_in_turns(const struct session *s)
{
	return s->state != SESSION_STATE_OPEN || s->dialect != DIALECT_SEALED;
}

bool
part_one_by_one(const struct session *s)
{
	return part_in_turns(s) || !s->config->pipelined;
}

void
part_rest(struct session *s, int64_t now)
{
	if (s->got_message || s->ended)
		s->recv_deadline = SESSION_NEVER;
	else if (s->in_len > 0)
		return; /* a message has begun, and its time runs */
	else if (s->our_turn && part_one_by_one(s))
		s->recv_deadline = SESSION_NEVER;
	else
		s->recv_deadline = part_after(now, s->config->idle_ms);
}

void
part_open(struct session *s, int64_t now)
{
	bytes_wipe(&s->hello, sizeof s->hello);
	bytes_wipe(s->in, s->in_len);
	s->state = SESSION_STATE_OPEN;
	s->in_len = 0;
	collect_init(&s->collect, s->dialect);
	part_rest(s, now);
}

void
part_settle(struct session *s)
{
	bool owes = !s->initiator && s->our_turn && part_one_by_one(s);

	if (s->ended && !s->got_message && s->out_len == 0 && !owes)
		part_shut(s);
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
	bytes_wipe(s->out, s->out_len);
	s->out_len = s->out_sent = 0;
	s->send_deadline = SESSION_NEVER;
	s->our_turn = s->held;
	s->held = false;
	if (s->state == SESSION_STATE_CLOSING)
		part_shut(s);
	else if (s->state == SESSION_STATE_ANSWER)
		part_open(s, now);
	else if (s->state == SESSION_STATE_OPEN)
		part_rest(s, now);
	part_settle(s);
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
	if (part_in_turns(s) && (!s->our_turn || s->out_len > 0))
		return ERR_BUSY;
	if (len + SEAL_HEADER + SEAL_TAG > SESSION_BUF_LEN - s->out_len)
		return ERR_BUSY;
	if (s->out_len == 0)
		s->send_deadline = part_after(now, s->config->message_ms);
	s->out_len += seal_put(&s->seal, s->config->rng, s->out + s->out_len,
			       bytes, len);
	return ERR_OK;
}

uint8_t *
session_post_space(struct session *s, size_t *cap)
{
	size_t used = s->out_len + SEAL_HEADER + SEAL_TAG;
	*cap = 0;
	if (s->state != SESSION_STATE_OPEN || s->dialect != DIALECT_SEALED ||
	    used >= SESSION_BUF_LEN)
		return NULL;
	*cap = SESSION_BUF_LEN - used;
	if (*cap > SESSION_MESSAGE_MAX)
		*cap = SESSION_MESSAGE_MAX;
	return s->out + s->out_len + SEAL_HEADER;
}

void
session_post_made(struct session *s, size_t len, int64_t now)
{
	size_t cap;
	if (!session_post_space(s, &cap) || len == 0 || len > cap)
		return;
	if (s->out_len == 0)
		s->send_deadline = part_after(now, s->config->message_ms);
	s->out_len += seal_close(&s->seal, s->out + s->out_len, len);
}

unsigned
session_can(const struct session *s)
{
	unsigned can = 0;

	if (s->state == SESSION_STATE_CLOSED)
		return SESSION_CLOSED;
	if (part_room(s) > 0)
		can |= SESSION_CAN_RECV;
	if (s->out_len > 0)
		can |= SESSION_CAN_SEND;
	if (s->state == SESSION_STATE_DECRYPT)
		can |= SESSION_CAN_DECRYPT;
	if (s->got_message && !s->held)
		can |= SESSION_CAN_MESSAGE;
	if (s->state == SESSION_STATE_OPEN && s->out_len == 0 &&
	    (s->our_turn || !part_in_turns(s)))
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
		part_shut(s);
}

void
session_close(struct session *s)
{
	if (s->out_len == 0 || s->state == SESSION_STATE_CLOSED) {
		part_shut(s);
		return;
	}
	s->state = SESSION_STATE_CLOSING;
	s->got_message = false;
	s->recv_deadline = SESSION_NEVER;
}

bool
session_is_open(const struct session *s)
{
	return s->state == SESSION_STATE_OPEN;
}

bool
session_is_empty(const struct session *s)
{
	return s->in_len == 0 && s->out_len == 0;
}

void
session_wipe(struct session *s)
{
	part_shut(s);
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
