// SPDX-License-Identifier: MIT

/* Deadlines, and how sessions end. */

#include "core/wire/session.h"

#include "tests/unit/pair.h"
#include "tests/unit/tap.h"

static struct pair fresh, p;
static uint8_t wire[PAIR_WIRE_MAX], wire2[PAIR_WIRE_MAX];

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
	pair_message(pair_text, 20);
	session_post(&p.client.s, pair_text, 20, 100);
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
	session_post(&p.server.s, pair_text, 20, 700);
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
test_reply_deadline(void)
{
	size_t len;

	pair_begin(&p, DIALECT_SEALED);
	len = end_drain(&p.client, wire, 0);
	end_feed(&p.server, wire, len, len, 900);
	is_int(session_deadline(&p.server.s), SESSION_NEVER,
	       "none while it waits for our key");
	end_decrypt(&p.server, 950);
	is_int(session_deadline(&p.server.s), 2950, "for sending the Reply");
}

/* Sealed: posting more, or receiving, while an answer is being sent. */
static void
test_overlap(void)
{
	size_t len;

	pair_open(&p, DIALECT_SEALED);
	len = end_post(&p.client, 20, wire);
	len += end_post(&p.client, 20, wire + len);
	end_feed(&p.server, wire, len, len, 100);
	session_message_done(&p.server.s, 100);
	end_feed(&p.server, wire + len / 2, 1, 1, 300);
	session_post(&p.server.s, pair_text, 20, 400);
	session_post(&p.server.s, pair_text, 20, 500);
	is_int(session_deadline(&p.server.s), 2300, "that of the record");
	end_feed(&p.server, wire + len / 2 + 1, len / 2 - 1, len, 600);
	is_int(session_deadline(&p.server.s), 2400, "that of the first post");
	pair_open(&p, DIALECT_SEALED);
	len = end_post(&p.client, 20, wire);
	len += end_post(&p.client, 20, wire + len);
	end_feed(&p.server, wire, len, len, 100);
	session_message_done(&p.server.s, 100);
	end_feed(&p.server, wire + len / 2, 1, 1, 300);
	session_post(&p.server.s, pair_text, 20, 400);
	end_drain(&p.server, wire2, 500);
	is_int(session_deadline(&p.server.s), 2300, "a record is under way");
}

/* The peer closes its side while something is being sent to it. */
static void
test_end_sending(void)
{
	pair_config.pipelined = true;
	pair_open(&p, DIALECT_SEALED);
	pair_message(pair_text, 20);
	session_post(&p.server.s, pair_text, 20, 100);
	session_send_done(&p.server.s, 3, 100);
	session_recv_end(&p.server.s);
	is_int(session_can(&p.server.s), SESSION_CAN_SEND, "sends the rest");
	is_int(session_deadline(&p.server.s), 2100, "in its time");
	end_drain(&p.server, wire, 200);
	ok(end_closed(&p.server), "and is closed");
	pair_config.pipelined = false;
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
	len = end_post(&fresh.client, 20, wire);
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
	n = end_post(&p.server, 20, wire);
	ok(n > 0 && end_closed(&p.server), "%s: and then closed", name);
	end_feed(&p.client, wire, n, n, 0);
	session_recv_end(&p.client.s);
	ok(end_holds(&p.client, pair_text, 20), "%s: the answer is there",
	   name);
	session_message_done(&p.client.s, 0);
	ok(end_closed(&p.client), "%s: end behind an answer", name);
}

static void
test_close(enum dialect d)
{
	const char *name = dialect_name(d);
	size_t len;

	pair_open(&p, d);
	len = end_post(&p.client, 20, wire);
	end_feed(&p.server, wire, len, len, 0);
	session_message_done(&p.server.s, 0);
	pair_message(pair_text, 30);
	session_post(&p.server.s, pair_text, 30, 0);
	session_close(&p.server.s);
	is_int(session_can(&p.server.s), SESSION_CAN_SEND,
	       "%s: closing sends what is left", name);
	is_int(session_deadline(&p.server.s), 2000, "%s: in time", name);
	len = end_drain(&p.server, wire, 0);
	ok(end_closed(&p.server), "%s: and closes", name);
	end_feed(&p.client, wire, len, len, 0);
	ok(end_holds(&p.client, pair_text, 30), "%s: it arrived", name);
	session_close(&p.client.s);
	ok(end_closed(&p.client), "%s: nothing left, closed at once", name);
}

int
main(void)
{
	pair_setup("session");
	for (enum dialect d = 0; d < DIALECTS_LEN; d++) {
		test_deadlines(d);
		test_end(d);
		test_close(d);
	}
	test_reply_deadline();
	test_overlap();
	test_end_sending();
	test_never();
	return done_testing();
}
