// SPDX-License-Identifier: MIT

/* A peer that breaks the protocol in an open session. */

#include "core/wire/session.h"

#include "tests/unit/pair.h"
#include "tests/unit/tap.h"

static struct pair fresh, p;
static uint8_t wire[PAIR_WIRE_MAX];

/* Older dialects: a second request before the first is answered. */
static void
test_impatient(enum dialect d)
{
	const char *name = dialect_name(d);
	size_t len, n, alive = 0;

	pair_open(&fresh, d);
	len = end_post(&fresh.client, 20, wire);
	pair_message(pair_text, 20);
	n = len + seal_put(&fresh.client.s.seal, &pair_rng, wire + len,
			   pair_text, 20);

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
	ok(end_holds(&p.server, pair_text, 20), "%s: the first one", name);
	session_message_done(&p.server.s, 0);
	end_feed(&p.server, wire + len, 1, 1, 0);
	ok(end_closed(&p.server), "%s: a byte before its answer", name);
	is_int(session_post(&p.server.s, pair_text, 20, 0), ERR_BUSY,
	       "%s: then it cannot be answered", name);

	pair_copy(&p, &fresh);
	end_feed(&p.server, wire, len, len, 0);
	session_post(&p.server.s, pair_text, 20, 0);
	session_send_done(&p.server.s, 5, 0);
	session_message_done(&p.server.s, 0);
	end_feed(&p.server, wire + len, 1, 1, 0);
	ok(end_closed(&p.server), "%s: a byte amid its answer", name);

	/* what the initiator may not get */
	pair_copy(&p, &fresh);
	end_feed(&p.server, wire, len, len, 0);
	n = end_post(&p.server, 20, wire);
	wire[n] = 0;
	end_feed(&p.client, wire, n + 1, n + 1, 0);
	ok(end_closed(&p.client), "%s: a byte behind an answer", name);
	pair_open(&p, d);
	end_feed(&p.client, wire, 1, 1, 0);
	ok(end_closed(&p.client), "%s: an answer to nothing", name);
}

/* Sealed: each flip of a record on its way, its length included. */
static void
test_flips(void)
{
	size_t len, alive = 0;

	pair_open(&fresh, DIALECT_SEALED);
	len = end_post(&fresh.client, 20, wire);
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
	len = end_post(&fresh.client, 20, wire);
	check_silence(d, len - 1, "short by a byte");
	check_silence(d, len - 16, "short by a block");
	wire[len - 1] ^= 1;
	check_silence(d, len, "wrong padding");
	fresh.client.s.seal = before;
	memset(pair_text, 'x', 20);
	len = seal_put(&before, &pair_rng, wire, pair_text, 20);
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
		memcpy(pair_text + at, "\x0d\0\0\0\0\x18\x80\x01", 8);
		memset(pair_text + at + 8, 8, max - at < 16 ? max - at - 8 : 8);
	}
	pair_asked = 0;
	len = seal_put(&p.client.s.seal, &pair_rng, wire, pair_text, max);
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
	pair_message(pair_text, 24);
	len = seal_put(&p.client.s.seal, &pair_rng, wire, pair_text, 24);
	if (d == DIALECT_DOCUMENTED) {
		len += seal_put(&p.client.s.seal, &pair_rng, wire + len,
				(const uint8_t *)"\x08\x01", 2);
		end_feed(&p.server, wire, len, len, 0);
		ok(end_closed(&p.server), "two messages are never one");
	} else {
		end_feed(&p.server, wire, len, len, 0);
		ok(end_holds(&p.server, pair_text, 24), "padding is no field");
	}
}

/*
 * Fields that end where padding seems to, without Op: the message goes on, and
 * has its Op behind.
 */
static void
test_late_op(enum dialect d)
{
	static const uint8_t late[] = "\xa2\x06\x05xxxxx"
				      "\x08\x08\x08\x08\x08\x08\x08\x08"
				      "\x08\x05";
	size_t len;

	pair_open(&p, d);
	len = seal_put(&p.client.s.seal, &pair_rng, wire, late,
		       sizeof late - 1);
	end_feed(&p.server, wire, len, len, 0);
	ok(end_holds(&p.server, late, sizeof late - 1), "%s: Op comes last",
	   dialect_name(d));
}

int
main(void)
{
	pair_setup("session");
	for (enum dialect d = 0; d < DIALECT_SEALED; d++) {
		test_impatient(d);
		test_silence(d);
		test_hostile_padding(d);
		test_not_joined(d);
		test_late_op(d);
	}
	test_flips();
	return done_testing();
}
