// SPDX-License-Identifier: MIT

/*
 * A channel that answers one request at a time, in each dialect, as the
 * registry's do: at once or later, and never one who does not wait for it.
 */

#include "core/run/channel.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/run/net.h"
#include "tests/unit/pair.h"
#include "tests/unit/tap.h"

#define TURNS_MAX 100000
#define LEN 300 /* bytes of a request, and of its answer */

/* The channel's owner, and what it has seen. */
static struct {
	struct channel c; /* first */
	int opened, offered, answered, closed;
	enum err why;
	bool later; /* hold requests back */
	bool last;  /* close behind the answer */
} server;

static struct loop loop;
static struct rsapool pool;
static struct end client;
static uint8_t *buffers;
static uint8_t wire[PAIR_WIRE_MAX];

static void
note_opened(struct channel *c)
{
	(void)c;
	server.opened++;
}

static void
answer(void)
{
	static uint8_t text[LEN];
	pair_message(text, LEN);
	is_int(channel_post(&server.c, text, LEN), ERR_OK, "answer");
	server.answered++;
	if (server.last)
		channel_close(&server.c);
}

static bool
take_message(struct channel *c, uint8_t *bytes, size_t len)
{
	(void)c;
	is_int(len, LEN, "a request");
	is_mem(bytes, pair_text, len, "as it was posted");
	server.offered++;
	if (server.later)
		return false;
	answer();
	return true;
}

static void
note_closed(struct channel *c, enum err why)
{
	(void)c;
	server.closed++;
	server.why = why;
}

static struct channel_kind kind = {
	.loop = &loop,
	.pool = &pool,
	.config = {
		.dialects = DIALECTS_ALL,
		.hello_ms = 60000,
		.message_ms = 60000,
		.idle_ms = 60000,
		.rng = &pair_rng,
		.decodes = pair_decodes,
	},
	.opened = note_opened,
	.message = take_message,
	.closed = note_closed,
};

/* All that comes goes into the client's session. */
static void
client_ready(struct loop_watch *watch, short revents)
{
	size_t room, len;
	uint8_t *space = session_recv_space(&client.s, &room);
	if (revents == 0 || net_recv(watch->fd, space, room, &len) != ERR_OK)
		return;
	if (len == 0)
		session_recv_end(&client.s);
	else
		session_recv_done(&client.s, len, 0);
}

static struct loop_watch client_watch = { .fd = -1, .ready = client_ready };

/* A turn of both, which waits until something happens, or does not. */
static bool
turn(bool waits)
{
	bool hears = session_can(&client.s) & SESSION_CAN_RECV;
	client_watch.events = hears ? POLLIN : 0;
	client_watch.deadline = waits ? LOOP_NEVER : 0;
	return loop_turn(&loop) == ERR_OK;
}

/* Turns both until cond holds. */
#define until(cond, ...)                                             \
	do {                                                         \
		int turns = 0;                                       \
		while (!(cond) && turns++ < TURNS_MAX && turn(true)) \
			;                                            \
		ok(cond, __VA_ARGS__);                               \
	} while (0)

static void
send_all(const uint8_t *bytes, size_t len)
{
	size_t n = 0;
	ok(net_send(client_watch.fd, bytes, len, &n) == ERR_OK && n == len,
	   "%zu bytes go", len);
}

/* The two ends of a TCP connection on the loopback. */
static int
connect_client(void)
{
	struct net_addr addr, peer;
	int listener, fd;
	net_parse(&addr, "127.0.0.1", 0);
	if (net_listen(&addr, &listener) != ERR_OK ||
	    net_connect(&addr, NULL, &client_watch.fd) != ERR_OK) {
		printf("Bail out! no loopback\n");
		exit(1);
	}
	while (net_accept(listener, &fd, &peer) == ERR_BUSY)
		;
	close(listener);
	return fd;
}

/* The client's Hello is on its way, with more bytes behind it. */
static void
begin(enum dialect d, size_t more)
{
	channel_drop(&server.c);
	if (client_watch.fd >= 0) {
		loop_remove(&loop, &client_watch);
		close(client_watch.fd);
	}
	memset(&server, 0, sizeof server);
	channel_accept(&server.c, &kind, buffers, connect_client());
	loop_add(&loop, &client_watch);
	session_init_initiator(&client.s, &pair_config, client.in, client.out,
			       d, &pair_ck.pub, 0);
	size_t len = end_drain(&client, wire, 0);
	memset(wire + len, 1, more);
	send_all(wire, len + more);
}

static void
begin_open(enum dialect d)
{
	begin(d, 0);
	until(server.opened == 1 && session_is_open(&client.s), "%s: open",
	      dialect_name(d));
}

static void
request(void)
{
	size_t len = end_post(&client, LEN, wire);
	send_all(wire, len);
}

static bool
has_answer(void)
{
	return end_holds(&client, pair_text, LEN);
}

/* Requests in turn, one answered at once and one later. */
static void
test_answers(enum dialect d)
{
	const char *name = dialect_name(d);
	begin_open(d);
	is_int(server.offered, 0, "%s: nothing asked", name);
	request();
	until(has_answer(), "%s: answered at once", name);
	session_message_done(&client.s, 0);
	server.later = true;
	request();
	until(server.offered == 2, "%s: asked again", name);
	turn(false);
	is_int(server.offered, 2, "%s: which waits", name);
	channel_release(&server.c);
	answer();
	until(has_answer(), "%s: answered later", name);
	is_int(server.offered, 2, "%s: and not offered again", name);
	is_int(server.closed, 0, "%s: still open", name);
}

/* The last answer arrives, and then the end. */
static void
test_last(enum dialect d, bool later)
{
	const char *name = dialect_name(d);
	begin_open(d);
	server.last = true;
	server.later = later;
	request();
	until(server.offered == 1, "%s: asked", name);
	if (later) {
		channel_release(&server.c);
		answer();
	}
	until(has_answer(), "%s: the last answer", name);
	session_message_done(&client.s, 0);
	until(end_closed(&client) && server.closed == 1, "%s: the end", name);
	is_int(server.why, ERR_OK, "%s: as wished", name);
}

/* A byte behind a request that waits for its answer, in the older dialects. */
static void
test_haste(enum dialect d)
{
	const char *name = dialect_name(d);
	begin_open(d);
	server.later = true;
	request();
	until(server.offered == 1, "%s: asked", name);
	uint64_t before = server.c.bytes_out;
	send_all(wire, 1);
	struct pollfd p = { .fd = server.c.watch.fd, .events = POLLIN };
	while (poll(&p, 1, -1) < 0)
		;
	channel_release(&server.c);
	answer();
	until(server.closed == 1, "%s: who does not wait", name);
	is_int(server.why, ERR_PROTOCOL, "%s: is wrong", name);
	is_int(server.c.bytes_out, before, "%s: and is not answered", name);
}

/* Two requests at once: the second is taken when the first is answered. */
static void
test_two(void)
{
	begin_open(DIALECT_SEALED);
	server.later = true;
	size_t len = end_post(&client, LEN, wire);
	len += end_post(&client, LEN, wire + len);
	send_all(wire, len);
	until(server.offered == 1, "two requests at once");
	turn(false);
	is_int(server.offered, 1, "are taken one by one");
	channel_release(&server.c);
	answer();
	server.later = false;
	until(has_answer(), "one answer");
	session_message_done(&client.s, 0);
	until(has_answer(), "and another");
	is_int(server.offered, 2, "to two requests");
}

/* A byte behind a Hello that waits for its Reply. */
static void
test_hello_haste(enum dialect d)
{
	const char *name = dialect_name(d);
	begin(d, 1);
	until(server.closed == 1, "%s: a byte behind a Hello", name);
	is_int(server.c.bytes_out, 0, "%s: no Reply", name);
	is_int(server.opened, 0, "%s: and not open", name);
}

static void
test_dialect(enum dialect d)
{
	test_answers(d);
	test_last(d, false);
	test_last(d, true);
	test_hello_haste(d);
	if (d != DIALECT_SEALED)
		test_haste(d);
}

int
main(void)
{
	pair_setup("turns");
	buffers = mmap(NULL, CHANNEL_BUFFERS_LEN, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buffers == MAP_FAILED || loop_init(&loop, 8) != ERR_OK ||
	    rsapool_init(&pool, &pair_ck, &pair_ck, 0, &loop) != ERR_OK) {
		printf("Bail out! cannot begin\n");
		return 1;
	}
	kind.hello_len = pair_ck.pub.n_len;
	for (int d = 0; d < DIALECTS_LEN; d++)
		test_dialect((enum dialect)d);
	test_two();
	return done_testing();
}
