// SPDX-License-Identifier: MIT
#include "core/wire/session_part.h"

#include <string.h>

#include "core/base/bytes.h"

/* How many bytes of a sealed record its first bytes ask for. */
static size_t
record_limit(const struct session *s)
{
	if (s->in_len < SEAL_HEADER)
		return SEAL_HEADER;
	return SEAL_HEADER + (size_t)bytes_get_be16(s->in);
}

/* How many bytes the peer may have sent, or one more, which is wrong. */
static size_t
limit(const struct session *s)
{
	if (part_in_turns(s) && s->our_turn)
		return s->in_len + 1;
	if (s->got_message)
		return s->in_len;
	if (s->state == SESSION_STATE_HELLO)
		return s->hello_len + 1;
	if (s->state == SESSION_STATE_OPEN && part_in_turns(s))
		return SEAL_WIRE_MAX + 1;
	if (s->state == SESSION_STATE_OPEN)
		return part_one_by_one(s) ? record_limit(s)
					  : s->in_start + SESSION_BUF_LEN;
	/* In sealed, what follows a Reply may be a record: left where it is. */
	return hello_reply_len(s->dialect) + (s->dialect != DIALECT_SEALED);
}

size_t
part_room(const struct session *s)
{
	if (s->ended || s->state == SESSION_STATE_CLOSING ||
	    s->state == SESSION_STATE_CLOSED)
		return 0;
	return limit(s) - s->in_len;
}

uint8_t *
session_recv_space(struct session *s, size_t *len)
{
	size_t rest = s->in_len - s->in_start;
	if (s->in_start > 0 && !s->got_message) {
		memmove(s->in, s->in + s->in_start, rest);
		bytes_wipe(s->in + rest, s->in_start);
		s->in_start = 0;
		s->in_len = rest;
	}
	*len = part_room(s);
	return s->in + s->in_len;
}

static void
got_hello(struct session *s)
{
	if (s->in_len > s->hello_len) {
		part_shut(s);
	} else if (s->in_len == s->hello_len) {
		s->state = SESSION_STATE_DECRYPT;
		s->our_turn = true;
		s->recv_deadline = SESSION_NEVER; /* it waits for us */
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
		part_shut(s);
		return;
	}
	s->our_turn = true;
	part_open(s, now);
}

static void
got_blocks(struct session *s)
{
	bool whole = collect_find(&s->collect, &s->seal, s->in, s->in_len,
				  s->config->decodes);

	if (s->in_len > (whole ? s->collect.end : SEAL_WIRE_MAX)) {
		part_shut(s);
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
	uint8_t *record = s->in + s->in_start;
	size_t have = s->in_len - s->in_start;
	size_t len;

	if (have < SEAL_HEADER)
		return;
	len = bytes_get_be16(record);
	if (len < SEAL_RECORD_MIN || len > SEAL_RECORD_MAX) {
		part_shut(s);
		return;
	}
	if (have < SEAL_HEADER + len)
		return;
	if (seal_open(&s->seal, record + SEAL_HEADER, len) != ERR_OK) {
		part_shut(s);
		return;
	}
	s->got_message = true;
	s->held = !s->initiator && s->our_turn && part_one_by_one(s);
	s->our_turn = true;
	s->message_at = s->in_start + SEAL_HEADER;
	s->message_len = len - SEAL_TAG;
}

static void
got_bytes(struct session *s, bool first, int64_t now)
{
	if (first)
		s->recv_deadline = part_after(now, s->config->message_ms);
	if (part_in_turns(s))
		got_blocks(s);
	else
		got_record(s);
	if (s->got_message)
		part_rest(s, now);
}

void
session_recv_done(struct session *s, size_t len, int64_t now)
{
	size_t room = part_room(s);
	bool first = s->in_len == 0;

	if (len == 0 || room == 0)
		return;
	if (len > room || (part_in_turns(s) && s->our_turn)) {
		part_shut(s);
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

void
session_recv_end(struct session *s)
{
	if (s->state == SESSION_STATE_OPEN) {
		s->ended = true;
		s->recv_deadline = SESSION_NEVER;
		part_settle(s);
	} else if (s->state != SESSION_STATE_CLOSING) {
		part_shut(s);
	}
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
		part_shut(s);
		return;
	}
	s->dialect = s->hello.dialect;
	hello_draw_reply(&s->hello, s->config->rng);
	if (hello_make_reply(&s->hello, s->out, &s->out_len, &s->seal) !=
	    ERR_OK) {
		part_shut(s);
		return;
	}
	s->state = SESSION_STATE_ANSWER;
	s->recv_deadline = SESSION_NEVER;
	s->send_deadline = part_after(now, s->config->message_ms);
}

uint8_t *
session_message(const struct session *s, size_t *len)
{
	*len = s->message_len;
	return s->in + s->message_at;
}

/* The message is wiped; the next one may have come with it. */
static void
next_record(struct session *s, int64_t now)
{
	uint8_t *record = s->in + s->in_start;
	size_t len = SEAL_HEADER + s->message_len + SEAL_TAG;

	bytes_wipe(record, len);
	s->in_start += len;
	if (s->in_start == s->in_len)
		s->in_start = s->in_len = 0;
	else
		got_bytes(s, true, now);
}

void
session_message_done(struct session *s, int64_t now)
{
	if (!s->got_message || s->held)
		return;
	s->got_message = false;
	if (part_in_turns(s)) {
		bytes_wipe(s->in, s->in_len);
		s->in_len = 0;
		collect_init(&s->collect, s->dialect);
	} else {
		next_record(s, now);
	}
	if (s->state == SESSION_STATE_CLOSED)
		return;
	part_rest(s, now);
	part_settle(s);
}
