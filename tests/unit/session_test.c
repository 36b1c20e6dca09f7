// SPDX-License-Identifier: MIT

/* Two sessions back to back, at every split point, and what breaks them. */

#include "core/wire/session.h"

#include "tests/unit/pair.h"
#include "tests/unit/tap.h"

static struct pair fresh, p;
static uint8_t wire[PAIR_WIRE_MAX], wire2[PAIR_WIRE_MAX];
static uint8_t message[SESSION_MESSAGE_MAX + 1];

static bool
message_is(const struct end *e, const uint8_t *want, size_t len)
{
	size_t got_len;
	const uint8_t *got = session_message(&e->s, &got_len);

	return end_can(e, SESSION_CAN_MESSAGE) && got_len == len &&
	       memcmp(got, want, len) == 0;
}

/* from posts a message of len bytes; its wire form is in dst. */
static size_t
post(struct end *from, size_t len, uint8_t *dst)
{
	pair_message(message, len);
	if (session_post(&from->s, message, len, 0) != ERR_OK)
		return 0;
	return end_drain(from, dst, 0);
}

/* The Hello, and then the Reply, cut in two at each byte. */
static void
test_opening(enum dialect d)
{
	const char *name = dialect_name(d);
	size_t len, wrong = 0;

	pair_begin(&fresh, d);
	len = end_drain(&fresh.client, wire, 0);
	is_int(len, 128, "%s: a Hello is one block", name);
	for (size_t cut = 1; cut <= len; cut++) {
		pair_copy(&p, &fresh);
		end_feed(&p.server, wire, cut, len, 0);
		wrong +=
			end_can(&p.server, SESSION_CAN_DECRYPT) != (cut == len);
		end_feed(&p.server, wire + cut, len - cut, len, 0);
		wrong += !end_can(&p.server, SESSION_CAN_DECRYPT);
	}
	is_int(wrong, 0, "%s: a Hello cut anywhere", name);
	end_decrypt(&p.server, 0);
	pair_copy(&fresh, &p);
	len = end_drain(&fresh.server, wire, 0);
	is_int(len, hello_reply_len(d), "%s: its Reply", name);
	is_int(end_can(&fresh.server, SESSION_CAN_POST), d == DIALECT_SEALED,
	       "%s: who may speak first", name);
	for (size_t cut = 1; cut <= len; cut++) {
		pair_copy(&p, &fresh);
		end_feed(&p.client, wire, cut, len, 0);
		wrong += end_can(&p.client, SESSION_CAN_POST) != (cut == len);
		end_feed(&p.client, wire + cut, len - cut, 1, 0);
		wrong += !end_can(&p.client, SESSION_CAN_POST);
	}
	is_int(wrong, 0, "%s: a Reply cut anywhere", name);
	is_mem(session_salt2(&p.client.s), session_salt2(&p.server.s), 8,
	       "%s: same salt2", name);
	is_mem(session_bind(&p.client.s), session_bind(&p.server.s), 32,
	       "%s: same binding", name);
	struct version v = session_version(d);
	is_mem(&p.client.s.peer_version, &v, 4, "%s: version", name);
}

/* One message of len bytes to the server, cut in two at each byte. */
static void
check_cuts(enum dialect d, size_t len)
{
	size_t n, wrong = 0;

	pair_open(&fresh, d);
	n = post(&fresh.client, len, wire);
	for (size_t cut = 1; cut <= n; cut++) {
		pair_copy(&p, &fresh);
		end_feed(&p.server, wire, cut, n, 0);
		wrong += end_can(&p.server, SESSION_CAN_MESSAGE) != (cut == n);
		end_feed(&p.server, wire + cut, n - cut, n, 0);
		wrong += !message_is(&p.server, message, len);
	}
	is_int(wrong, 0, "%s: %zu bytes cut anywhere", dialect_name(d), len);
}

/* A request and its answer of len bytes, in pieces of chunk. */
static void
exchange(enum dialect d, size_t len, size_t chunk)
{
	const char *name = dialect_name(d);
	size_t n = post(&p.client, len, wire);

	is_int(end_feed(&p.server, wire, n, chunk, 0), n,
	       "%s: %zu bytes, %zu at a time", name, len, chunk);
	ok(message_is(&p.server, message, len), "%s: arrive", name);
	session_message_done(&p.server.s, 0);
	n = post(&p.server, len, wire);
	ok(n > 0 && end_feed(&p.client, wire, n, chunk, 0) == n,
	   "%s: and are answered", name);
	ok(message_is(&p.client, message, len), "%s: back again", name);
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
	is_int(session_post(&p.client.s, message,
			    session_message_max(&p.client.s) + 1, 0),
	       ERR_TOO_LONG, "%s: one byte too many", dialect_name(d));
	is_int(session_post(&p.client.s, message, 0, 0), ERR_TOO_LONG,
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

/* A byte behind the Hello, before and after it is decrypted. */
static void
test_behind_hello(enum dialect d)
{
	const char *name = dialect_name(d);
	size_t len, room;

	pair_begin(&fresh, d);
	len = end_drain(&fresh.client, wire, 0);
	wire[len] = 0;
	pair_copy(&p, &fresh);
	is_int(end_feed(&p.server, wire, len + 1, len + 1, 0), len + 1,
	       "%s: Hello and a byte at once", name);
	ok(end_closed(&p.server), "%s: closes", name);

	pair_copy(&p, &fresh);
	end_feed(&p.server, wire, len, len, 0);
	session_recv_space(&p.server.s, &room);
	is_int(room, 1, "%s: one byte would be noticed", name);
	end_feed(&p.server, wire, 1, 1, 0);
	ok(end_closed(&p.server), "%s: and closes", name);
	end_decrypt(&p.server, 0);
	ok(end_closed(&p.server), "%s: its plaintext comes too late", name);

	pair_copy(&p, &fresh);
	end_feed(&p.server, wire, len, len, 0);
	end_decrypt(&p.server, 0);
	ok(end_can(&p.server, SESSION_CAN_SEND | SESSION_CAN_RECV),
	   "%s: the Reply is ready", name);
	session_send_done(&p.server.s, 10, 0);
	end_feed(&p.server, wire, 1, 1, 0);
	ok(end_closed(&p.server), "%s: a byte before it is sent closes", name);
	session_send_data(&p.server.s, &len);
	is_int(len, 0, "%s: nothing is left to send", name);
}

/* A Hello that does not decrypt, of unknown length, of a dialect not taken. */
static void
test_discarded(void)
{
	size_t len;

	for (enum dialect d = 0; d < DIALECTS_LEN; d++) {
		pair_config.dialects = DIALECTS_ALL & ~DIALECT_BIT(d);
		pair_begin(&p, d);
		len = end_drain(&p.client, wire, 0);
		end_feed(&p.server, wire, len, len, 0);
		pair_copy(&fresh, &p);
		end_decrypt(&p.server, 0);
		ok(end_closed(&p.server), "%s: not accepted", dialect_name(d));
	}
	pair_config.dialects = DIALECTS_ALL;
	pair_copy(&p, &fresh);
	session_hello_plain(&p.server.s, wire, 0, 0);
	ok(end_closed(&p.server), "a Hello that does not decrypt");
	pair_copy(&p, &fresh);
	session_hello_plain(&p.server.s, wire, 45, 0);
	ok(end_closed(&p.server), "a Hello of no known length");
}

/* The Reply of dialect b to who asked for a. */
static void
check_other_reply(enum dialect a, enum dialect b)
{
	size_t len;

	pair_begin(&p, b);
	len = end_drain(&p.client, wire, 0);
	end_feed(&p.server, wire, len, len, 0);
	end_decrypt(&p.server, 0);
	len = end_drain(&p.server, wire2, 0);
	pair_begin(&p, a);
	end_drain(&p.client, wire, 0);
	end_feed(&p.client, wire2, len, 1, 0);
	session_recv_end(&p.client.s);
	ok(end_closed(&p.client), "asked %s, answered %s", dialect_name(a),
	   dialect_name(b));
}

static void
test_wrong_reply(void)
{
	size_t len;

	for (enum dialect a = 0; a < DIALECTS_LEN; a++)
		for (enum dialect b = 0; b < DIALECTS_LEN; b++)
			if (a != b)
				check_other_reply(a, b);
	for (enum dialect d = 0; d < DIALECTS_LEN; d++) {
		pair_begin(&p, d);
		memset(wire, 0, HELLO_REPLY_MAX + 1);
		end_feed(&p.client, wire, 1, 1, 0);
		ok(end_closed(&p.client), "%s: a Reply before the Hello",
		   dialect_name(d));
	}
	/* one byte behind the right Reply, where it can only be wrong */
	pair_begin(&p, DIALECT_PREFIXED);
	len = end_drain(&p.client, wire, 0);
	end_feed(&p.server, wire, len, len, 0);
	end_decrypt(&p.server, 0);
	len = end_drain(&p.server, wire, 0);
	end_feed(&p.client, wire, len + 1, len + 1, 0);
	ok(end_closed(&p.client), "prefixed: a Reply and one byte");
}

/* Older dialects: a second request before the first is answered. */
static void
test_impatient(enum dialect d)
{
	const char *name = dialect_name(d);
	size_t len, n, alive = 0;

	pair_open(&fresh, d);
	len = post(&fresh.client, 20, wire);
	pair_message(message, 20);
	n = len +
	    seal_put(&fresh.client.s.seal, &pair_rng, wire + len, message, 20);

	pair_copy(&p, &fresh);
	is_int(end_feed(&p.server, wire, n, n, 0), n, "%s: two at once", name);
	ok(end_closed(&p.server), "%s: close, none is answered", name);

	for (size_t k = 1; k <= n - len; k++) {
		pair_copy(&p, &fresh);
		end_feed(&p.server, wire, len + k, len + k, 0);
		alive += !end_closed(&p.server);
	}
	is_int(alive, 0, "%s: as does any part of a second", name);

	pair_copy(&p, &fresh);
	end_feed(&p.server, wire, len, len, 0);
	ok(message_is(&p.server, message, 20), "%s: the first one", name);
	session_message_done(&p.server.s, 0);
	end_feed(&p.server, wire + len, 1, 1, 0);
	ok(end_closed(&p.server), "%s: a byte before its answer", name);
	is_int(session_post(&p.server.s, message, 20, 0), ERR_BUSY,
	       "%s: then it cannot be answered", name);

	pair_copy(&p, &fresh);
	end_feed(&p.server, wire, len, len, 0);
	session_post(&p.server.s, message, 20, 0);
	session_send_done(&p.server.s, 5, 0);
	session_message_done(&p.server.s, 0);
	end_feed(&p.server, wire + len, 1, 1, 0);
	ok(end_closed(&p.server), "%s: a byte amid its answer", name);

	/* what the initiator may not get */
	pair_copy(&p, &fresh);
	end_feed(&p.server, wire, len, len, 0);
	n = post(&p.server, 20, wire);
	wire[n] = 0;
	end_feed(&p.client, wire, n + 1, n + 1, 0);
	ok(end_closed(&p.client), "%s: a byte behind an answer", name);
	pair_open(&p, d);
	end_feed(&p.client, wire, 1, 1, 0);
	ok(end_closed(&p.client), "%s: an answer to nothing", name);
}

/* Who may post when. */
static void
test_turns(enum dialect d)
{
	const char *name = dialect_name(d);
	size_t len;

	pair_open(&p, d);
	pair_message(message, 20);
	is_int(session_post(&p.server.s, message, 20, 0), ERR_BUSY,
	       "%s: a responder does not begin", name);
	len = post(&p.client, 20, wire);
	is_int(session_post(&p.client.s, message, 20, 0), ERR_BUSY,
	       "%s: one request at a time", name);
	end_feed(&p.server, wire, len, len, 0);
	is_int(session_post(&p.server.s, message, 20, 0), ERR_OK,
	       "%s: an answer before the request is taken", name);
	is_int(session_post(&p.server.s, message, 20, 0), ERR_BUSY,
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
	len = post(&p.client, 20, wire);
	n = len + post(&p.client, 30, wire + len);
	got = end_feed(&p.server, wire, n, n, 0);
	is_int(got, len, "%s: the second record is left", name);
	pair_message(message, 20);
	ok(message_is(&p.server, message, 20), "%s: the first", name);
	session_message_done(&p.server.s, 0);
	is_int(end_feed(&p.server, wire + got, n - got, 3, 0), n - got,
	       "%s: the rest", name);
	is_int(end_can(&p.server, SESSION_CAN_MESSAGE), pipelined,
	       "%s: the second before the answer", name);
	len = post(&p.server, 20, wire);
	pair_message(message, 30);
	ok(message_is(&p.server, message, 30), "%s: and after", name);
	session_message_done(&p.server.s, 0);
	is_int(end_feed(&p.client, wire, len, len, 0), len, "%s: answer", name);
	pair_config.pipelined = false;
}

/* Sealed: several small ones posted before anything is sent. */
static void
test_posting(void)
{
	size_t posted = 0, len, at = 0, got = 0;

	pair_config.pipelined = true;
	pair_open(&p, DIALECT_SEALED);
	pair_message(message, 1000);
	while (session_post(&p.server.s, message, 1000, 0) == ERR_OK)
		posted++;
	is_int(posted, SESSION_BUF_LEN / 1018, "posts what there is room for");
	ok(!end_can(&p.server, SESSION_CAN_POST), "and says that it is full");
	len = end_drain(&p.server, wire, 0);
	while (at < len) {
		at += end_feed(&p.client, wire + at, len - at, len, 0);
		if (!message_is(&p.client, message, 1000))
			break;
		session_message_done(&p.client.s, 0);
		got++;
	}
	is_int(got, posted, "and all of them arrive");
	pair_config.pipelined = false;
}

/* Sealed: each flip of a record on its way, its length included. */
static void
test_flips(void)
{
	size_t len, alive = 0;

	pair_open(&fresh, DIALECT_SEALED);
	len = post(&fresh.client, 20, wire);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		pair_copy(&p, &fresh);
		wire[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		end_feed(&p.server, wire, len, len, 0);
		wire[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		alive += end_can(&p.server, SESSION_CAN_MESSAGE);
		session_tick(&p.server.s, 2000);
		alive += !end_closed(&p.server);
	}
	is_int(alive, 0, "sealed: no flipped record arrives");
}

/*
 * Older dialects: a message cut short, with wrong padding, or undecodable:
 * nothing is sent until the deadline closes.
 */
static void
check_silence(enum dialect d, size_t len, const char *what)
{
	pair_copy(&p, &fresh);
	end_feed(&p.server, wire, len, len, 100);
	is_int(session_can(&p.server.s), SESSION_CAN_RECV, "%s: %s: silence",
	       dialect_name(d), what);
	is_int(session_deadline(&p.server.s), 2100, "%s: %s: deadline",
	       dialect_name(d), what);
	session_tick(&p.server.s, 2099);
	ok(!end_closed(&p.server), "%s: %s: not before", dialect_name(d), what);
	session_tick(&p.server.s, 2100);
	ok(end_closed(&p.server), "%s: %s: closed", dialect_name(d), what);
}

static void
test_silence(enum dialect d)
{
	struct seal before;
	size_t len;

	pair_open(&fresh, d);
	before = fresh.client.s.seal;
	len = post(&fresh.client, 20, wire);
	check_silence(d, len - 1, "short by a byte");
	check_silence(d, len - 16, "short by a block");
	wire[len - 1] ^= 1;
	check_silence(d, len, "wrong padding");
	fresh.client.s.seal = before;
	memset(message, 'x', 20);
	len = seal_put(&before, &pair_rng, wire, message, 20);
	check_silence(d, len, "undecodable");
	len = seal_put(&fresh.client.s.seal, &pair_rng, wire,
		       (const uint8_t *)"\x72\x01x", 3);
	check_silence(d, len, "without Op");
}

/*
 * Padding made up so that each block could be the last: the decoder must not
 * be asked each time.
 */
static void
test_hostile_padding(enum dialect d)
{
	size_t max, len;

	pair_open(&p, d);
	max = session_message_max(&p.client.s);
	/* whole fields, Op of a wrong type, then 8 times 8, in each block */
	for (size_t at = 0; at < max; at += 16) {
		memcpy(message + at, "\x0d\0\0\0\0\x18\x80\x01", 8);
		memset(message + at + 8, 8, max - at < 16 ? max - at - 8 : 8);
	}
	pair_asked = 0;
	len = seal_put(&p.client.s.seal, &pair_rng, wire, message, max);
	end_feed(&p.server, wire, len, len, 0);
	ok(!end_can(&p.server, SESSION_CAN_MESSAGE), "%s: no message",
	   dialect_name(d));
	is_int(pair_asked, 1, "%s: hostile padding asks the decoder once",
	       dialect_name(d));
}

/*
 * A first message that ends in 8 bytes of padding of 8, which are fields
 * themselves, and a second behind it: never one message of both.
 */
static void
test_not_joined(enum dialect d)
{
	size_t len;

	pair_open(&p, d);
	pair_message(message, 24);
	len = seal_put(&p.client.s.seal, &pair_rng, wire, message, 24);
	if (d == DIALECT_DOCUMENTED) {
		len += seal_put(&p.client.s.seal, &pair_rng, wire + len,
				(const uint8_t *)"\x08\x01", 2);
		end_feed(&p.server, wire, len, len, 0);
		ok(end_closed(&p.server), "two messages are never one");
	} else {
		end_feed(&p.server, wire, len, len, 0);
		ok(message_is(&p.server, message, 24), "padding is no field");
	}
}

static void
test_deadlines(enum dialect d)
{
	const char *name = dialect_name(d);
	size_t len;

	pair_begin(&p, d);
	is_int(session_deadline(&p.server.s), 1000, "%s: for a Hello", name);
	is_int(session_deadline(&p.client.s), 1000, "%s: for a Reply", name);
	end_feed(&p.server, wire, 1, 1, 900);
	is_int(session_deadline(&p.server.s), 1000, "%s: for all of it", name);
	pair_open(&p, d);
	is_int(session_deadline(&p.server.s), 5000, "%s: idle", name);
	is_int(session_deadline(&p.client.s), SESSION_NEVER, "%s: our turn",
	       name);
	pair_message(message, 20);
	session_post(&p.client.s, message, 20, 100);
	is_int(session_deadline(&p.client.s), 2100, "%s: for sending", name);
	len = end_drain(&p.client, wire, 200);
	is_int(session_deadline(&p.client.s), 5200, "%s: for an answer", name);
	end_feed(&p.server, wire, 1, 1, 300);
	end_feed(&p.server, wire + 1, 1, 1, 400);
	is_int(session_deadline(&p.server.s), 2300, "%s: once begun", name);
	end_feed(&p.server, wire + 2, len - 2, len, 500);
	is_int(session_deadline(&p.server.s), SESSION_NEVER,
	       "%s: at the application", name);
	session_message_done(&p.server.s, 600);
	is_int(session_deadline(&p.server.s), SESSION_NEVER, "%s: still there",
	       name);
	session_post(&p.server.s, message, 20, 700);
	is_int(session_deadline(&p.server.s), 2700, "%s: for sending", name);
	session_send_done(&p.server.s, 3, 2600);
	is_int(session_deadline(&p.server.s), 2700, "%s: all of it", name);
	end_drain(&p.server, wire, 800);
	is_int(session_deadline(&p.server.s), 5800, "%s: idle again", name);
	session_tick(&p.server.s, 5800);
	ok(end_closed(&p.server), "%s: closed", name);
	is_int(session_deadline(&p.server.s), SESSION_NEVER, "%s: done", name);
}

static void
test_never(void)
{
	struct session_config config = pair_config;

	config.hello_ms = SESSION_NEVER;
	session_init_responder(&p.server.s, &config, p.server.in, p.server.out,
			       128, INT64_MAX / 2);
	is_int(session_deadline(&p.server.s), SESSION_NEVER, "no deadline");
	session_tick(&p.server.s, INT64_MAX - 1);
	ok(!end_closed(&p.server), "never comes");
}

/* The peer closes its side. */
static void
test_end(enum dialect d)
{
	const char *name = dialect_name(d);
	size_t len, n;

	pair_begin(&p, d);
	session_recv_end(&p.server.s);
	ok(end_closed(&p.server), "%s: end before a Hello", name);
	session_recv_end(&p.client.s);
	ok(end_closed(&p.client), "%s: end before a Reply", name);

	pair_open(&fresh, d);
	len = post(&fresh.client, 20, wire);
	pair_copy(&p, &fresh);
	session_recv_end(&p.server.s);
	ok(end_closed(&p.server), "%s: end between messages", name);
	pair_copy(&p, &fresh);
	end_feed(&p.server, wire, len - 1, len, 0);
	session_recv_end(&p.server.s);
	ok(end_closed(&p.server), "%s: end amid a message", name);
	pair_copy(&p, &fresh);
	end_feed(&p.server, wire, len, len, 0);
	session_recv_end(&p.server.s);
	is_int(session_can(&p.server.s) & SESSION_CAN_RECV, 0,
	       "%s: end behind a request", name);
	session_message_done(&p.server.s, 0);
	ok(!end_closed(&p.server), "%s: it will be answered", name);
	n = post(&p.server, 20, wire);
	ok(n > 0 && end_closed(&p.server), "%s: and then closed", name);
	end_feed(&p.client, wire, n, n, 0);
	session_recv_end(&p.client.s);
	ok(message_is(&p.client, message, 20), "%s: the answer is there", name);
	session_message_done(&p.client.s, 0);
	ok(end_closed(&p.client), "%s: end behind an answer", name);
}

static void
test_close(enum dialect d)
{
	const char *name = dialect_name(d);
	size_t len;

	pair_open(&p, d);
	len = post(&p.client, 20, wire);
	end_feed(&p.server, wire, len, len, 0);
	session_message_done(&p.server.s, 0);
	pair_message(message, 30);
	session_post(&p.server.s, message, 30, 0);
	session_close(&p.server.s);
	is_int(session_can(&p.server.s), SESSION_CAN_SEND,
	       "%s: closing sends what is left", name);
	is_int(session_deadline(&p.server.s), 2000, "%s: in time", name);
	len = end_drain(&p.server, wire, 0);
	ok(end_closed(&p.server), "%s: and closes", name);
	end_feed(&p.client, wire, len, len, 0);
	ok(message_is(&p.client, message, 30), "%s: it arrived", name);
	session_close(&p.client.s);
	ok(end_closed(&p.client), "%s: nothing left, closed at once", name);
}

/* Whether any of len bytes stand somewhere in a run of bytes. */
static bool
holds(const void *run, size_t run_len, const uint8_t *bytes, size_t len)
{
	const uint8_t *at = run;

	for (size_t i = 0; i + len <= run_len; i++)
		if (memcmp(at + i, bytes, len) == 0)
			return true;
	return false;
}

/* Secrets are gone when they are not needed, and on every way out. */
static void
test_wiped(enum dialect d)
{
	const char *name = dialect_name(d);
	static const struct hello no_hello;
	static const struct seal no_seal;
	uint8_t key1[32], key2[32];
	size_t len;

	pair_begin(&p, d);
	len = end_drain(&p.client, wire, 0);
	memcpy(key1, p.client.s.hello.key1, 32);
	end_feed(&p.server, wire, len, len, 0);
	end_decrypt(&p.server, 0);
	memcpy(key2, p.server.s.hello.key2, 32);
	len = end_drain(&p.server, wire, 0);
	end_feed(&p.client, wire, len, len, 0);
	ok(!holds(&p, sizeof p, key1, 32), "%s: open: no key1", name);
	ok(!holds(&p, sizeof p, key2, 32), "%s: open: no key2", name);
	is_mem(&p.client.s.hello, &no_hello, sizeof no_hello,
	       "%s: nothing of the exchange", name);
	post(&p.client, 100, wire);
	end_feed(&p.server, wire, 3, 3, 0);
	session_wipe(&p.server.s);
	ok(end_closed(&p.server), "%s: wiped is closed", name);
	is_mem(&p.server.s.seal, &no_seal, sizeof no_seal, "%s: no keys", name);
	len = sizeof p.server.in;
	for (size_t i = 0; i < len; i++)
		if (p.server.in[i] || p.server.out[i])
			len = 0;
	ok(len > 0, "%s: nothing in the buffers", name);
	session_tick(&p.client.s, INT64_MAX - 1);
	is_mem(&p.client.s.seal, &no_seal, sizeof no_seal,
	       "%s: no keys after a deadline", name);
}

/* Keys change on the way, at both ends. */
static void
test_rekey(void)
{
	size_t len, wrong = 0;

	pair_open(&p, DIALECT_SEALED);
	p.client.s.seal.rekey_after = p.server.s.seal.rekey_after = 2;
	for (int i = 0; i < 9; i++) {
		len = post(&p.client, 50, wire);
		end_feed(&p.server, wire, len, 11, 0);
		wrong += !message_is(&p.server, message, 50);
		session_message_done(&p.server.s, 0);
		len = post(&p.server, 60, wire);
		end_feed(&p.client, wire, len, 11, 0);
		wrong += !message_is(&p.client, message, 60);
		session_message_done(&p.client.s, 0);
	}
	is_int(wrong, 0, "rekey: nine exchanges, four changes of keys");
	p.server.s.seal.rekey_after = 3;
	for (int i = 0; i < 3; i++) {
		len = post(&p.client, 50, wire);
		end_feed(&p.server, wire, len, len, 0);
		session_message_done(&p.server.s, 0);
		len = post(&p.server, 60, wire);
		end_feed(&p.client, wire, len, len, 0);
		session_message_done(&p.client.s, 0);
	}
	ok(end_closed(&p.server), "rekey: unlike numbers break the session");
}

int
main(void)
{
	pair_setup("session");
	for (enum dialect d = 0; d < DIALECTS_LEN; d++) {
		test_opening(d);
		test_messages(d);
		test_behind_hello(d);
		test_deadlines(d);
		test_end(d);
		test_close(d);
		test_wiped(d);
	}
	for (enum dialect d = 0; d < DIALECT_SEALED; d++) {
		test_oversize(d);
		test_impatient(d);
		test_turns(d);
		test_silence(d);
		test_hostile_padding(d);
		test_not_joined(d);
	}
	test_discarded();
	test_wrong_reply();
	test_record_lengths();
	test_records(false);
	test_records(true);
	test_posting();
	test_flips();
	test_never();
	test_rekey();
	return done_testing();
}
