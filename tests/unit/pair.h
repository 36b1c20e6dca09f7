// SPDX-License-Identifier: MIT
/*
 * Two sessions back to back in memory.  A pair can be copied, to try many
 * things from the same state.
 */
#ifndef TESTS_UNIT_PAIR_H
#define TESTS_UNIT_PAIR_H

#include "core/base/bytes.h"
#include "core/ident/keyfile.h"
#include "core/ident/rng.h"
#include "core/wire/msg.h"
#include "core/wire/session.h"
#include "tests/unit/vec.h"

#define PAIR_WIRE_MAX 40000

struct end {
	struct session s;
	uint8_t in[SESSION_BUF_LEN], out[SESSION_BUF_LEN];
};

struct pair {
	struct end client, server;
};

static struct rng pair_rng;
static struct rsakey_private pair_ck; /* of the server */
static unsigned pair_asked;           /* how often decodes was */

static inline bool
pair_decodes(const uint8_t *bytes, size_t len)
{
	pair_asked++;
	return msg_decodes(bytes, len);
}

static struct session_config pair_config = {
	.dialects = DIALECTS_ALL,
	.hello_ms = 1000,
	.message_ms = 2000,
	.idle_ms = 5000,
	.rng = &pair_rng,
	.decodes = pair_decodes,
};

/* Once, first. */
static inline void
pair_setup(const char *seed)
{
	static uint8_t pem[KEYFILE_MAX];
	size_t len = vec_file("rsa1024-1.pem", pem, sizeof pem);

	rng_init_fixed(&pair_rng, seed, strlen(seed));
	if (keyfile_parse_private(&pair_ck, pem, len) != ERR_OK) {
		printf("Bail out! cannot read the test key\n");
		exit(1);
	}
}

/* Gives e up to len bytes in pieces of chunk; returns how many it took. */
static inline size_t
end_feed(struct end *e, const uint8_t *bytes, size_t len, size_t chunk,
	 int64_t now)
{
	size_t at = 0, room;

	while (at < len) {
		uint8_t *space = session_recv_space(&e->s, &room);

		room = room < chunk ? room : chunk;
		room = room < len - at ? room : len - at;
		if (room == 0)
			break;
		memcpy(space, bytes + at, room);
		session_recv_done(&e->s, room, now);
		at += room;
	}
	return at;
}

/* Takes all that e has to send; returns its length. */
static inline size_t
end_drain(struct end *e, uint8_t *dst, int64_t now)
{
	size_t len;
	const uint8_t *data = session_send_data(&e->s, &len);

	memcpy(dst, data, len);
	session_send_done(&e->s, len, now);
	return len;
}

/* Decrypts the Hello that e holds. */
static inline void
end_decrypt(struct end *e, int64_t now)
{
	uint8_t block[RSAKEY_LEN_MAX];
	size_t len;
	const uint8_t *hello = session_hello_block(&e->s, &len);

	memcpy(block, hello, len);
	if (rsakey_decrypt(&pair_ck, block, &len) != ERR_OK)
		len = 0;
	session_hello_plain(&e->s, block, len, now);
}

static inline bool
end_can(const struct end *e, unsigned bits)
{
	return (session_can(&e->s) & bits) == bits;
}

static inline bool
end_closed(const struct end *e)
{
	return session_can(&e->s) == SESSION_CLOSED;
}

/* Both ends before the first byte, at time 0. */
static inline void
pair_begin(struct pair *p, enum dialect d)
{
	session_init_responder(&p->server.s, &pair_config, p->server.in,
			       p->server.out, pair_ck.pub.n_len, 0);
	if (session_init_initiator(&p->client.s, &pair_config, p->client.in,
				   p->client.out, d, &pair_ck.pub,
				   0) != ERR_OK) {
		printf("Bail out! no Hello\n");
		exit(1);
	}
}

/* Both ends open, at time 0. */
static inline void
pair_open(struct pair *p, enum dialect d)
{
	uint8_t wire[RSAKEY_LEN_MAX];
	size_t len;

	pair_begin(p, d);
	len = end_drain(&p->client, wire, 0);
	end_feed(&p->server, wire, len, len, 0);
	end_decrypt(&p->server, 0);
	len = end_drain(&p->server, wire, 0);
	end_feed(&p->client, wire, len, len, 0);
}

/* dst becomes what src is, with buffers of its own. */
static inline void
pair_copy(struct pair *dst, const struct pair *src)
{
	*dst = *src;
	dst->client.s.in = dst->client.in;
	dst->client.s.out = dst->client.out;
	dst->server.s.in = dst->server.in;
	dst->server.s.out = dst->server.out;
}

/* A message of len bytes, 2 or 6 and up: Op, and a field nobody knows. */
static inline void
pair_message(uint8_t *dst, size_t len)
{
	size_t content = len < 133 ? len - 5 : len < 16390 ? len - 6 : len - 7;
	size_t at = 0;

	dst[at++] = 0x08;
	dst[at++] = 0x05;
	if (len == 2)
		return;
	dst[at++] = 0xa2; /* field 100, bytes */
	dst[at++] = 0x06;
	for (size_t n = content;; n >>= 7) {
		dst[at++] = (uint8_t)((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
		if (n <= 0x7f)
			break;
	}
	for (size_t i = at; i < len; i++)
		dst[i] = (uint8_t)(i * 7 % 11);
}

static uint8_t pair_text[SESSION_MESSAGE_MAX + 1]; /* what end_post posts */

/* from posts a message of len bytes; its wire form is in dst. */
static inline size_t
end_post(struct end *from, size_t len, uint8_t *dst)
{
	pair_message(pair_text, len);
	if (session_post(&from->s, pair_text, len, 0) != ERR_OK)
		return 0;
	return end_drain(from, dst, 0);
}

/* Whether a message is in place, and which. */
static inline bool
end_holds(const struct end *e, const uint8_t *want, size_t len)
{
	size_t got_len;
	const uint8_t *got = session_message(&e->s, &got_len);

	return end_can(e, SESSION_CAN_MESSAGE) && got_len == len &&
	       memcmp(got, want, len) == 0;
}

#endif
