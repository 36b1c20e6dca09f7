// SPDX-License-Identifier: MIT

/* Two sessions back to back: Hello and Reply, and what breaks them. */

#include "core/wire/session.h"

#include "tests/unit/pair.h"
#include "tests/unit/tap.h"

static struct pair fresh, p;
static uint8_t wire[PAIR_WIRE_MAX], wire2[PAIR_WIRE_MAX];

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

/* A byte behind the Hello, before and after it is decrypted. */
static void
test_behind_hello(enum dialect d)
{
	const char *name = dialect_name(d);
	size_t len, room;

	pair_begin(&fresh, d);
	len = end_drain(&fresh.client, wire, 0);
	wire[len] = 0;
	session_recv_space(&fresh.server.s, &room);
	is_int(room, len + 1, "%s: a read sees what is behind", name);
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

	memset(&p, 0, sizeof p);
	pair_begin(&p, d);
	p.server.in[SESSION_BUF_LEN - 1] = p.server.out[SESSION_BUF_LEN - 1] =
		1;
	len = end_drain(&p.client, wire, 0);
	memcpy(key1, p.client.s.hello.key1, 32);
	end_feed(&p.server, wire, len, len, 0);
	end_decrypt(&p.server, 0);
	memcpy(key2, p.server.s.hello.key2, 32);
	len = end_drain(&p.server, wire, 0);
	end_feed(&p.client, wire, len, len, 0);
	ok(!holds(&p, sizeof p, key1, 32), "%s: open: no key1", name);
	ok(!holds(&p, sizeof p, key2, 32), "%s: open: no key2", name);
	len = sizeof p.client.s.collect; /* is in its place */
	is_mem((const uint8_t *)&p.client.s.hello + len, &no_hello,
	       sizeof no_hello - len, "%s: nothing of the exchange", name);
	len = end_post(&p.client, 100, wire);
	end_feed(&p.server, wire, len, len, 0);
	session_message_done(&p.server.s, 0);
	ok(!holds(p.server.in, sizeof p.server.in, pair_text, 16),
	   "%s: no message that was taken", name);
	end_feed(&p.client, wire, end_post(&p.server, 100, wire), 200, 0);
	session_message_done(&p.client.s, 0);
	end_post(&p.client, 100, wire);
	end_feed(&p.server, wire, 3, 3, 0);
	session_wipe(&p.server.s);
	ok(end_closed(&p.server), "%s: wiped is closed", name);
	is_mem(&p.server.s.seal, &no_seal, sizeof no_seal, "%s: no keys", name);
	len = SESSION_BUF_LEN - 1;
	ok(p.server.in[len] && p.server.out[len],
	   "%s: what was never used is left alone", name);
	for (size_t i = 0; i < len; i++)
		if (p.server.in[i] || p.server.out[i])
			len = 0;
	ok(len > 0, "%s: nothing in the buffers", name);
	session_tick(&p.client.s, INT64_MAX - 1);
	is_mem(&p.client.s.seal, &no_seal, sizeof no_seal,
	       "%s: no keys after a deadline", name);
}

/* Sealed: a responder may speak first, in the same segment as its Reply. */
static void
test_speaks_first(void)
{
	size_t len, n, took;

	pair_begin(&p, DIALECT_SEALED);
	len = end_drain(&p.client, wire, 0);
	end_feed(&p.server, wire, len, len, 0);
	end_decrypt(&p.server, 0);
	len = end_drain(&p.server, wire, 0);
	pair_message(pair_text, 20);
	is_int(session_post(&p.server.s, pair_text, 20, 0), ERR_OK, "posts");
	n = len + end_drain(&p.server, wire + len, 0);
	took = end_feed(&p.client, wire, n, n, 0);
	is_int(took, n, "Reply and record at once");
	ok(end_can(&p.client, SESSION_CAN_MESSAGE), "the record arrives");
}

/* A caller that says it received more than there was room for. */
static void
test_no_room(void)
{
	size_t room;

	pair_open(&p, DIALECT_SEALED);
	session_recv_space(&p.server.s, &room);
	session_recv_done(&p.server.s, room + 1, 0);
	ok(end_closed(&p.server), "more than there was room for");
}

int
main(void)
{
	pair_setup("session");
	for (enum dialect d = 0; d < DIALECTS_LEN; d++) {
		test_opening(d);
		test_behind_hello(d);
		test_wiped(d);
	}
	test_discarded();
	test_wrong_reply();
	test_speaks_first();
	test_no_room();
	return done_testing();
}
