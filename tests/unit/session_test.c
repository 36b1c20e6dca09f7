// SPDX-License-Identifier: MIT

/* Two sessions back to back: messages at every split point, and turns. */

#include "core/wire/session.h"

#include "tests/unit/pair.h"
#include "tests/unit/tap.h"

static struct pair fresh, p;
static uint8_t wire[PAIR_WIRE_MAX], wire2[PAIR_WIRE_MAX];

/* One message of len bytes to the server, cut in two at each byte. */
static void
check_cuts(enum dialect d, size_t len)
{
	size_t n, wrong = 0;

	pair_open(&fresh, d);
	n = end_post(&fresh.client, len, wire);
	for (size_t cut = 1; cut <= n; cut++) {
		pair_copy(&p, &fresh);
		end_feed(&p.server, wire, cut, n, 0);
		wrong += end_can(&p.server, SESSION_CAN_MESSAGE) != (cut == n);
		end_feed(&p.server, wire + cut, n - cut, n, 0);
		wrong += !end_holds(&p.server, pair_text, len);
	}
	is_int(wrong, 0, "%s: %zu bytes cut anywhere", dialect_name(d), len);
}

/* A request and its answer of len bytes, in pieces of chunk. */
static void
exchange(enum dialect d, size_t len, size_t chunk)
{
	const char *name = dialect_name(d);
	size_t n = end_post(&p.client, len, wire);

	is_int(end_feed(&p.server, wire, n, chunk, 0), n,
	       "%s: %zu bytes, %zu at a time", name, len, chunk);
	ok(end_holds(&p.server, pair_text, len), "%s: arrive", name);
	session_message_done(&p.server.s, 0);
	n = end_post(&p.server, len, wire);
	ok(n > 0 && end_feed(&p.client, wire, n, chunk, 0) == n,
	   "%s: and are answered", name);
	ok(end_holds(&p.client, pair_text, len), "%s: back again", name);
	session_message_done(&p.client.s, 0);
}

static void
test_messages(enum dialect d)
{
	static const size_t chunks[] = { 1, 7, 16, 17, 1000, 20000 };

	for (size_t len = 14; len <= 34; len++)
		check_cuts(d, len);
	check_cuts(d, 2);
	check_cuts(d, 300);
	pair_open(&p, d);
	for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
		exchange(d, session_message_max(&p.client.s), chunks[i]);
		exchange(d, 47, chunks[i]);
	}
	is_int(session_post(&p.client.s, pair_text,
			    session_message_max(&p.client.s) + 1, 0),
	       ERR_TOO_LONG, "%s: one byte too many", dialect_name(d));
	is_int(session_post(&p.client.s, pair_text, 0, 0), ERR_TOO_LONG,
	       "%s: no bytes", dialect_name(d));
}

/* Older dialects: more than 16,384 bytes that are no message. */
static void
test_oversize(enum dialect d)
{
	const char *name = dialect_name(d);

	pair_open(&p, d);
	memset(wire, 0x5a, sizeof wire);
	is_int(end_feed(&p.server, wire, 16384, 999, 0), 16384,
	       "%s: 16,384 bytes of nothing", name);
	is_int(session_can(&p.server.s), SESSION_CAN_RECV, "%s: still silent",
	       name);
	is_int(p.server.s.state, SESSION_STATE_OPEN, "%s: and open", name);
	end_feed(&p.server, wire, 1, 1, 0);
	ok(end_closed(&p.server), "%s: one more closes", name);
}

/* Sealed: lengths that no record has. */
static void
test_record_lengths(void)
{
	static const uint16_t lengths[] = { 0, 1, 16, 16401, 65535 };
	uint8_t header[2];

	pair_open(&fresh, DIALECT_SEALED);
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		pair_copy(&p, &fresh);
		header[0] = (uint8_t)(lengths[i] >> 8);
		header[1] = (uint8_t)lengths[i];
		end_feed(&p.server, header, 2, 2, 0);
		ok(end_closed(&p.server), "sealed: a record of %d", lengths[i]);
	}
	pair_copy(&p, &fresh);
	end_feed(&p.server, (const uint8_t *)"\x00\x11", 2, 2, 0);
	ok(end_can(&p.server, SESSION_CAN_RECV), "sealed: a record of 17");
}

/* Who may post when. */
static void
test_turns(enum dialect d)
{
	const char *name = dialect_name(d);
	size_t len;

	pair_open(&p, d);
	pair_message(pair_text, 20);
	is_int(session_post(&p.server.s, pair_text, 20, 0), ERR_BUSY,
	       "%s: a responder does not begin", name);
	len = end_post(&p.client, 20, wire);
	is_int(session_post(&p.client.s, pair_text, 20, 0), ERR_BUSY,
	       "%s: one request at a time", name);
	end_feed(&p.server, wire, len, len, 0);
	is_int(session_post(&p.server.s, pair_text, 20, 0), ERR_OK,
	       "%s: an answer before the request is taken", name);
	is_int(session_post(&p.server.s, pair_text, 20, 0), ERR_BUSY,
	       "%s: and only one", name);
	end_drain(&p.server, wire, 0);
	ok(end_can(&p.server, SESSION_CAN_MESSAGE), "%s: still there", name);
	session_message_done(&p.server.s, 0);
	is_int(session_can(&p.server.s), SESSION_CAN_RECV, "%s: next", name);
}

/* Sealed: two records in one piece, to a responder that answers in turn. */
static void
test_records(bool pipelined)
{
	const char *name = pipelined ? "pipelined" : "one by one";
	size_t len, n, got;

	pair_config.pipelined = pipelined;
	pair_open(&p, DIALECT_SEALED);
	len = end_post(&p.client, 20, wire);
	n = len + end_post(&p.client, 30, wire + len);
	got = end_feed(&p.server, wire, n, n, 0);
	is_int(got, pipelined ? n : len, "%s: what is received", name);
	pair_message(pair_text, 20);
	ok(end_holds(&p.server, pair_text, 20), "%s: the first", name);
	session_message_done(&p.server.s, 0);
	is_int(end_feed(&p.server, wire + got, n - got, 3, 0), n - got,
	       "%s: the rest", name);
	is_int(end_can(&p.server, SESSION_CAN_MESSAGE), pipelined,
	       "%s: the second before the answer", name);
	len = end_post(&p.server, 20, wire);
	pair_message(pair_text, 30);
	ok(end_holds(&p.server, pair_text, 30), "%s: and after", name);
	session_message_done(&p.server.s, 0);
	is_int(end_feed(&p.client, wire, len, len, 0), len, "%s: answer", name);
	pair_config.pipelined = false;
}

/* Sealed, one by one: a third record waits for the second one's answer. */
static void
test_third(void)
{
	size_t len = 0, at;

	pair_open(&p, DIALECT_SEALED);
	for (int i = 0; i < 3; i++)
		len += end_post(&p.client, 20, wire + len);
	at = end_feed(&p.server, wire, len, len, 0);
	session_message_done(&p.server.s, 0);
	at += end_feed(&p.server, wire + at, len - at, len, 0);
	end_post(&p.server, 20, wire2);
	ok(end_holds(&p.server, pair_text, 20), "the second is released");
	session_message_done(&p.server.s, 0);
	at += end_feed(&p.server, wire + at, len - at, len, 0);
	is_int(at, len, "the third is there");
	ok(!end_can(&p.server, SESSION_CAN_MESSAGE), "and held");
	end_post(&p.server, 20, wire2);
	ok(end_holds(&p.server, pair_text, 20), "until the second is answered");
}

/* Pipelined: many records of many lengths, received chunk bytes at a time. */
static void
check_stream(size_t chunk)
{
	static uint8_t stream[16 * PAIR_WIRE_MAX];
	static const size_t lens[] = { 20, 16384, 16384, 6,    300, 16368,
				       33, 16384, 8000,  8500, 20,  16384 };
	size_t count = sizeof lens / sizeof lens[0];
	size_t len = 0, at = 0, got = 0;

	pair_config.pipelined = true;
	pair_open(&p, DIALECT_SEALED);
	for (size_t i = 0; i < count; i++)
		len += end_post(&p.client, lens[i], stream + len);
	while (got < count) {
		size_t n = len - at < chunk ? len - at : chunk;

		at += end_feed(&p.server, stream + at, n, n, 0);
		if (!end_can(&p.server, SESSION_CAN_MESSAGE) && at < len)
			continue;
		pair_message(pair_text, lens[got]);
		if (!end_holds(&p.server, pair_text, lens[got]))
			break;
		session_message_done(&p.server.s, 0);
		got++;
	}
	is_int(got, count, "a stream of records, %zu at a time", chunk);
	is_int(p.server.s.in_len, 0, "and nothing is left");
	pair_config.pipelined = false;
}

/* A message composed in place is what it would be when copied. */
static void
test_in_place(void)
{
	size_t cap, posted = 0, len;
	uint8_t *space;

	pair_open(&p, DIALECT_SEALED);
	pair_message(pair_text, SESSION_MESSAGE_MAX);
	space = session_post_space(&p.client.s, &cap);
	is_int(cap, SESSION_MESSAGE_MAX, "room for the longest message");
	memcpy(space, pair_text, cap);
	session_post_made(&p.client.s, cap, 7);
	is_int(session_deadline(&p.client.s), 7 + pair_config.message_ms,
	       "to be sent in time");
	len = end_drain(&p.client, wire, 0);
	end_feed(&p.server, wire, len, len, 0);
	ok(end_holds(&p.server, pair_text, cap), "arrives");
	while ((space = session_post_space(&p.client.s, &cap)) != NULL) {
		size_t n = cap < 5000 ? cap : 5000;

		session_post_made(&p.client.s, cap + 1, 0); /* not taken */
		memset(space, 0x55, n);
		session_post_made(&p.client.s, n, 0);
		posted += n;
	}
	is_int(posted, SESSION_BUF_LEN - 4 * (SEAL_HEADER + SEAL_TAG),
	       "four fill the buffer");
	is_int(cap, 0, "no room");
	pair_open(&p, DIALECT_PREFIXED);
	ok(!session_post_space(&p.client.s, &cap), "not in older dialects");
}

/* Sealed: several small ones posted before anything is sent. */
static void
test_posting(void)
{
	size_t posted = 0, len, at = 0, got = 0;

	pair_config.pipelined = true;
	pair_open(&p, DIALECT_SEALED);
	pair_message(pair_text, 1000);
	while (session_post(&p.server.s, pair_text, 1000, 0) == ERR_OK)
		posted++;
	is_int(posted, SESSION_BUF_LEN / 1018, "posts what there is room for");
	ok(!end_can(&p.server, SESSION_CAN_POST), "and says that it is full");
	len = end_drain(&p.server, wire, 0);
	while (got < posted) {
		at += end_feed(&p.client, wire + at, len - at, len, 0);
		if (!end_holds(&p.client, pair_text, 1000))
			break;
		session_message_done(&p.client.s, 0);
		got++;
	}
	is_int(got, posted, "and all of them arrive");
	pair_config.pipelined = false;
}

/* Keys change on the way, at both ends. */
static void
test_rekey(void)
{
	size_t len, wrong = 0;

	pair_open(&p, DIALECT_SEALED);
	p.client.s.seal.rekey_after = p.server.s.seal.rekey_after = 2;
	for (int i = 0; i < 9; i++) {
		len = end_post(&p.client, 50, wire);
		end_feed(&p.server, wire, len, 11, 0);
		wrong += !end_holds(&p.server, pair_text, 50);
		session_message_done(&p.server.s, 0);
		len = end_post(&p.server, 60, wire);
		end_feed(&p.client, wire, len, 11, 0);
		wrong += !end_holds(&p.client, pair_text, 60);
		session_message_done(&p.client.s, 0);
	}
	is_int(wrong, 0, "rekey: nine exchanges, four changes of keys");
	p.server.s.seal.rekey_after = 3;
	for (int i = 0; i < 3; i++) {
		len = end_post(&p.client, 50, wire);
		end_feed(&p.server, wire, len, len, 0);
		session_message_done(&p.server.s, 0);
		len = end_post(&p.server, 60, wire);
		end_feed(&p.client, wire, len, len, 0);
		session_message_done(&p.client.s, 0);
	}
	ok(end_closed(&p.server), "rekey: unlike numbers break the session");
}

int
main(void)
{
	pair_setup("session");
	for (enum dialect d = 0; d < DIALECTS_LEN; d++)
		test_messages(d);

	for (enum dialect d = 0; d < DIALECT_SEALED; d++) {
		test_oversize(d);
		test_turns(d);
	}
	test_record_lengths();
	test_records(false);
	test_records(true);
	test_third();
	for (size_t chunk = 1; chunk < PAIR_WIRE_MAX; chunk = chunk * 3 + 1)
		check_stream(chunk);
	test_in_place();
	test_posting();
	test_rekey();
	return done_testing();
}
