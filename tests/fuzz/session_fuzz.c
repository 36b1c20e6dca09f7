// SPDX-License-Identifier: MIT
/*
 * Sessions of either role in each dialect, fed with anything: before Hello,
 * as a Hello's plaintext, as bytes of an open session, and as messages that a
 * real peer sealed, whole or with a byte changed.  The first four bytes say
 * which; what is received is answered, and the session must keep its word.
 */
#include <stdlib.h>

#include "tests/unit/pair.h"

enum stage {
	STAGE_OPENING,
	STAGE_RAW,
	STAGE_SEALED,
	STAGES_LEN,
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct pair opening[DIALECTS_LEN], open[DIALECTS_LEN];
static uint8_t scratch[PAIR_WIRE_MAX];

static void
need(bool cond)
{
	if (!cond)
		abort();
}

static void
setup(void)
{
	pair_setup("fuzz");
	for (enum dialect d = 0; d < DIALECTS_LEN; d++) {
		pair_begin(&opening[d], d);
		end_drain(&opening[d].client, scratch, 0);
		pair_open(&open[d], d);
		need(!end_closed(&open[d].client));
	}
}

/* What holds of every session at any time. */
static void
check(struct end *e)
{
	unsigned can = session_can(&e->s);
	size_t room, len;
	const uint8_t *space = session_recv_space(&e->s, &room);

	need((can & SESSION_CAN_RECV ? room > 0 : room == 0));
	need(space >= e->in && room <= sizeof e->in &&
	     (size_t)(space - e->in) <= sizeof e->in - room);
	session_send_data(&e->s, &len);
	need((can & SESSION_CAN_SEND ? len > 0 : len == 0));
	need(len <= sizeof e->out);
	need(!(can & SESSION_CLOSED) || can == SESSION_CLOSED);
	if (can == SESSION_CLOSED)
		need(session_deadline(&e->s) == SESSION_NEVER);
}

/* Takes the message in place, if there is one, and answers it. */
static bool
answer(struct end *e)
{
	size_t len;
	const uint8_t *got = session_message(&e->s, &len);

	if (!end_can(e, SESSION_CAN_MESSAGE))
		return false;
	need(got >= e->in && len <= SESSION_MESSAGE_MAX);
	need((size_t)(got - e->in) <= sizeof e->in - len);
	if (e->s.dialect != DIALECT_SEALED)
		need(msg_decodes(got, len));
	memcpy(scratch, got, len);
	session_message_done(&e->s, 0);
	check(e);
	if (end_can(e, SESSION_CAN_POST) && len > 0)
		need(session_post(&e->s, scratch, len, 0) == ERR_OK);
	check(e);
	end_drain(e, scratch, 0);
	return true;
}

/* Gives e all of data; counts the messages that come of it. */
static size_t
feed(struct end *e, const uint8_t *data, size_t len, size_t chunk)
{
	size_t at = 0, took, messages = 0;

	do {
		took = end_feed(e, data + at, len - at, chunk, 0);
		at += took;
		check(e);
		if (answer(e)) {
			messages++;
			took = 1;
		}
	} while (took > 0 && at < len);
	return messages;
}

static void
run_opening(struct pair *p, bool server, const uint8_t *data, size_t len,
	    size_t chunk)
{
	struct end *e = server ? &p->server : &p->client;
	size_t hello = pair_ck.pub.n_len;

	if (!server) {
		need(feed(e, data, len, chunk) == 0);
		return;
	}
	feed(e, data, len < hello ? len : hello, chunk);
	if (!end_can(e, SESSION_CAN_DECRYPT))
		return;
	session_hello_plain(&e->s, data + hello, len - hello, 0);
	check(e);
	end_drain(e, scratch, 0);
	feed(e, data, len, chunk);
}

/*
 * The peer seals messages, each with two bytes of length in front; flip says
 * which byte on the wire is changed, if any.
 */
static void
run_sealed(struct pair *p, bool server, const uint8_t *data, size_t len,
	   size_t chunk, size_t flip)
{
	static uint8_t wire[PAIR_WIRE_MAX];
	struct end *e = server ? &p->server : &p->client;
	struct end *peer = server ? &p->client : &p->server;

	e->s.our_turn = !server && e->s.dialect == DIALECT_SEALED;
	while (len > 2 && !end_closed(e)) {
		size_t want = (size_t)bytes_get_be16(data) % 17000;
		size_t max = session_message_max(&peer->s), n;

		data += 2;
		len -= 2;
		want = want < len ? want : len;
		want = want < max ? want : max;
		if (want == 0)
			break;
		n = seal_put(&peer->s.seal, &pair_rng, wire, data, want);
		if (flip < n) {
			wire[flip] ^= 0x40;
			n = feed(e, wire, n, chunk);
			need(n == 0 || e->s.dialect != DIALECT_SEALED);
			return;
		}
		feed(e, wire, n, chunk);
		e->s.our_turn = e->s.our_turn && e->s.got_message;
		data += want;
		len -= want;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static bool ready;
	static struct pair p;
	enum dialect d;
	size_t chunk;
	bool server;

	if (!ready) {
		setup();
		ready = true;
	}
	if (len < 4)
		return 0;
	d = (enum dialect)(data[0] % DIALECTS_LEN);
	server = data[0] & 0x40;
	pair_config.pipelined = data[0] & 0x80;
	chunk = data[2] ? data[2] : PAIR_WIRE_MAX;
	pair_copy(&p, data[1] % STAGES_LEN == STAGE_OPENING ? &opening[d]
							    : &open[d]);
	if (data[1] % STAGES_LEN == STAGE_OPENING)
		run_opening(&p, server, data + 4, len - 4, chunk);
	else if (data[1] % STAGES_LEN == STAGE_SEALED)
		run_sealed(&p, server, data + 4, len - 4, chunk,
			   data[3] ? (size_t)data[3] - 1 : SIZE_MAX);
	else
		need(feed(server ? &p.server : &p.client, data + 4, len - 4,
			  chunk) == 0 ||
		     d != DIALECT_SEALED);
	session_recv_end(&p.server.s);
	check(&p.server);
	session_wipe(&p.client.s);
	check(&p.client);
	return 0;
}
