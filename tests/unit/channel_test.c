// SPDX-License-Identifier: MIT

/*
 * Two channels on a TCP connection in one loop: messages of all lengths,
 * backpressure, ends of all kinds, and what an owner may do in its functions.
 */

#include "core/run/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/ident/keyfile.h"
#include "core/ident/rng.h"
#include "core/run/net.h"
#include "tests/unit/tap.h"
#include "tests/unit/vec.h"

#define TURNS_MAX 100000

/* A channel, and what its owner has seen of it. */
struct end {
	struct channel c; /* first */
	int opened, sent, closed, refusals;
	enum err why;
	int error;
	size_t count, bytes;
	size_t len; /* of the last message */
	uint8_t first, last;
	bool hold; /* refuse messages */
	/* What it does when it gets a message. */
	enum {
		TAKE,
		ECHO,
		CLOSE,
		DROP,
		DROP_OTHER
	} does;
};

static struct loop loop;
static struct rsapool pool;
static struct rng rng;
static struct rsakey_private ck, other_ck;
static struct end client, server;
static uint8_t *client_buffers, *server_buffers;
static uint8_t text[SESSION_MESSAGE_MAX];

static struct end *
end_of(struct channel *c)
{
	return (struct end *)(void *)c;
}

static void
note_opened(struct channel *c)
{
	end_of(c)->opened++;
}

static bool
take_message(struct channel *c, uint8_t *bytes, size_t len)
{
	struct end *e = end_of(c);
	if (e->hold) {
		e->refusals++;
		return false;
	}
	e->count++;
	e->bytes += len;
	e->len = len;
	e->first = bytes[0];
	e->last = bytes[len - 1];
	if (e->does == ECHO)
		is_int(channel_post(c, bytes, len), ERR_OK, "echo");
	else if (e->does == CLOSE)
		channel_close(c);
	else if (e->does == DROP)
		channel_drop(c);
	else if (e->does == DROP_OTHER)
		channel_drop(e == &server ? &client.c : &server.c);
	return true;
}

static void
note_sent(struct channel *c)
{
	end_of(c)->sent++;
}

static void
note_closed(struct channel *c, enum err why)
{
	struct end *e = end_of(c);
	e->error = errno;
	e->closed++;
	e->why = why;
}

static struct channel_kind kind = {
	.loop = &loop,
	.pool = &pool,
	.config = {
		.dialects = DIALECT_BIT(DIALECT_SEALED),
		.pipelined = true,
		.hello_ms = 60000,
		.message_ms = 60000,
		.idle_ms = 60000,
		.rng = &rng,
	},
	.connect_ms = 60000,
	.linger_ms = 60000,
	.opened = note_opened,
	.message = take_message,
	.sent = note_sent,
	.closed = note_closed,
};

static bool
turn(void)
{
	return loop_turn(&loop) == ERR_OK;
}

/* Turns the loop until cond holds. */
#define until(cond, ...)                                         \
	do {                                                     \
		int turns = 0;                                   \
		while (!(cond) && turns++ < TURNS_MAX && turn()) \
			;                                        \
		ok(cond, __VA_ARGS__);                           \
	} while (0)

/* The two ends of a TCP connection on the loopback. */
static void
tcp_pair(int fd[2])
{
	struct net_addr addr, peer;
	int listener;
	net_parse(&addr, "127.0.0.1", 0);
	if (net_listen(&addr, &listener) != ERR_OK ||
	    net_connect(&addr, NULL, &fd[0]) != ERR_OK) {
		printf("Bail out! no loopback\n");
		exit(1);
	}
	while (net_accept(listener, &fd[1], &peer) == ERR_BUSY)
		;
	close(listener);
}

/* Both ends begin. */
static void
begin(const struct rsakey_public *key)
{
	int fd[2];
	channel_drop(&client.c);
	channel_drop(&server.c);
	client = server = (struct end){ .does = TAKE };
	tcp_pair(fd);
	channel_dial(&client.c, &kind, client_buffers, fd[0], key);
	channel_accept(&server.c, &kind, server_buffers, fd[1]);
}

static void
begin_open(void)
{
	begin(&ck.pub);
	while (!(client.opened && server.opened) && !client.closed)
		turn();
}

static void
test_open(void)
{
	begin(&ck.pub);
	is_int(channel_post(&client.c, text, 1), ERR_BUSY, "not yet open");
	ok(!channel_has_room(&client.c), "no room either");
	until(client.opened && server.opened, "both open");
	ok(channel_has_room(&client.c) && channel_has_room(&server.c), "room");
	is_int(client.c.bytes_out, ck.pub.n_len, "a Hello is sent");
	is_int(client.c.bytes_in, 100, "and a Reply received");
	is_mem(session_bind(&client.c.session), session_bind(&server.c.session),
	       32, "both have the same session");
}

static void
check_length(size_t len)
{
	size_t before = server.count;
	text[0] = (uint8_t)len;
	text[len - 1] = (uint8_t)(len >> 8);
	is_int(channel_post(&client.c, text, len), ERR_OK, "post %zu", len);
	while (client.count == before && !client.closed)
		turn();
	is_int(client.len, len, "comes back");
	is_int(client.first, text[0], "its first byte");
	is_int(client.last, text[len - 1], "its last byte");
}

static void
test_lengths(void)
{
	static const size_t lens[] = { 1,    2,    3,     1000,  1400,  4096,
				       8191, 8192, 16000, 16383, 16384, 1 };
	uint8_t *space;
	size_t cap;
	begin_open();
	server.does = ECHO;
	for (size_t i = 0; i < sizeof lens / sizeof *lens; i++)
		check_length(lens[i]);
	is_int(channel_post(&client.c, text, 0), ERR_TOO_LONG, "no message");
	is_int(channel_post(&client.c, text, SESSION_MESSAGE_MAX + 1),
	       ERR_TOO_LONG, "too long a message");
	space = channel_post_space(&client.c, &cap);
	is_int(cap, SESSION_MESSAGE_MAX, "space for a message");
	memset(space, 'x', cap);
	channel_post_made(&client.c, cap);
	until(client.first == 'x', "made in place, it comes back");
	is_int(client.c.bytes_out, server.c.bytes_in, "bytes out are bytes in");
}

/* Many small ones at once, both ways. */
static void
test_many(void)
{
	size_t posted = 0;
	begin_open();
	while (posted < 5000) {
		while (posted < 5000 &&
		       channel_post(&client.c, text, 1 + posted % 50) == ERR_OK)
			posted++;
		turn();
	}
	until(server.count == posted, "all of %zu arrive", posted);
}

/* A reader that does not take what comes, until it does. */
static void
test_backpressure(void)
{
	size_t posted = 0;
	begin_open();
	server.hold = true;
	while (channel_has_room(&client.c)) {
		is_int(channel_post(&client.c, text, sizeof text), ERR_OK,
		       "post");
		posted++;
		while (server.refusals == 0)
			turn();
	}
	is_int(channel_post(&client.c, text, sizeof text), ERR_BUSY, "full");
	is_int(server.refusals, 1, "a message held back comes once");
	server.hold = false;
	channel_resume(&server.c);
	until(server.count == posted, "all %zu come after all", posted);
	until(client.sent > 0, "and there is room again");
	ok(channel_has_room(&client.c), "so it says");
}

/* The channel whose message is held hears of a connection that breaks. */
static void
test_break_while_held(void)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };
	begin_open();
	server.hold = true;
	channel_post(&client.c, text, 10);
	until(server.refusals == 1, "held");
	setsockopt(client.c.watch.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	channel_drop(&client.c);
	until(server.closed, "broken, and it is told");
	is_int(server.why, ERR_UNREACHABLE, "so");
	ok(server.error == ECONNRESET || server.error == EPIPE, "by a reset");
	is_int(client.closed, 0, "who drops is not told");
}

/* The peer closes with a reset behind it while there is more to be sent. */
static void
test_break_while_full(void)
{
	begin_open();
	server.hold = true;
	while (channel_post(&client.c, text, sizeof text) == ERR_OK)
		while (server.refusals == 0)
			turn();
	channel_drop(&server.c); /* what it has not read resets it */
	until(client.closed, "a peer that goes with bytes unread");
	is_int(client.why, ERR_UNREACHABLE, "breaks the connection");
}

static void
test_close(void)
{
	begin_open();
	channel_post(&client.c, text, sizeof text);
	channel_post(&client.c, text, 5);
	channel_close(&client.c);
	is_int(client.closed, 0, "not at once");
	until(client.closed && server.closed, "closed");
	is_int(client.why, ERR_OK, "as wished");
	is_int(server.why, ERR_OK, "by the peer");
	is_int(server.count, 2, "all that was posted has arrived");
	channel_close(&client.c);
	channel_drop(&client.c);
	channel_resume(&client.c);
	is_int(channel_post(&client.c, text, 5), ERR_BUSY, "gone is gone");
	is_int(client.closed, 1, "closed once");
	is_int(loop.len, 1, "the loop has only the pool's watch");
}

/* What is sent last arrives, however much comes the other way. */
static void
test_linger(void)
{
	size_t posted = 0, len;
	begin_open();
	client.hold = true; /* reads nothing for now */
	while (channel_post(&server.c, text, sizeof text) == ERR_OK)
		posted++;
	until(client.refusals == 1, "a slow reader");
	channel_close(&server.c);
	client.hold = false;
	channel_resume(&client.c);
	while (server.c.phase == CHANNEL_TALKING)
		turn();
	is_int(server.c.phase, CHANNEL_LINGERING, "all is sent");
	for (int i = 0; i < 50 && !client.closed; i++) {
		(void)net_send(client.c.watch.fd, text, sizeof text, &len);
		turn();
	}
	until(client.closed && server.closed, "both end");
	is_int(client.count, posted, "all %zu have arrived", posted);
	is_int(client.why, ERR_OK, "and then the end");
	is_int(server.why, ERR_OK, "of both");
}

/* Closing, dropping itself and the other in a message's turn. */
static void
test_in_turn(void)
{
	begin_open();
	server.does = CLOSE;
	channel_post(&client.c, text, 5);
	channel_post(&client.c, text, 5);
	until(client.closed && server.closed, "closed in its turn");
	is_int(server.count, 1, "and no message behind");
	begin_open();
	server.does = DROP;
	channel_post(&client.c, text, 5);
	channel_post(&client.c, text, 5);
	until(client.closed, "dropped in its turn");
	is_int(server.count, 1, "and no message behind");
	is_int(server.closed, 0, "and not told");
	begin_open();
	server.does = DROP_OTHER;
	channel_post(&client.c, text, 5);
	until(server.closed, "its peer dropped in its turn");
	is_int(client.closed, 0, "which is not told");
}

static void
test_wrong_key(void)
{
	begin(&other_ck.pub);
	until(client.closed && server.closed, "a Hello for another");
	is_int(server.why, ERR_PROTOCOL, "is wrong");
	is_int(client.why, ERR_UNREACHABLE, "and gets no Reply");
	is_int(client.c.bytes_in + server.c.bytes_out, 0, "no byte");
}

static void
test_refused(void)
{
	struct net_addr addr;
	int fd;
	client = (struct end){ .does = TAKE };
	net_parse(&addr, "127.0.86.1", 0);
	net_listen(&addr, &fd); /* a port nobody else has, */
	close(fd);              /* nor do we */
	enum err e = net_connect(&addr, NULL, &fd);
	if (e == ERR_OK) {
		channel_dial(&client.c, &kind, client_buffers, fd, &ck.pub);
		until(client.closed, "refused");
		is_int(client.why, ERR_UNREACHABLE, "unreachable");
		is_int(client.error, ECONNREFUSED, "as errno says");
	}
}

static void
test_timeouts(void)
{
	int fd[2];
	struct channel_kind quick = kind;
	quick.config.hello_ms = quick.config.idle_ms = 20;
	tcp_pair(fd);
	server = (struct end){ .does = TAKE };
	channel_accept(&server.c, &quick, server_buffers, fd[1]);
	until(server.closed, "no Hello");
	is_int(server.why, ERR_TIMEOUT, "in time");
	close(fd[0]);
	tcp_pair(fd);
	client = (struct end){ .does = TAKE };
	channel_dial(&client.c, &quick, client_buffers, fd[0], &ck.pub);
	until(client.closed, "no Reply");
	is_int(client.why, ERR_TIMEOUT, "in time");
	close(fd[1]);
}

/* Bytes that are no record, and bytes behind a Hello. */
static void
test_garbage(void)
{
	static const uint8_t garbage[600] = { 0xff, 0xff, 1, 2, 3 };
	size_t len;
	int fd[2];
	begin_open();
	net_send(client.c.watch.fd, garbage, sizeof garbage, &len);
	until(client.closed && server.closed, "garbage");
	is_int(server.why, ERR_PROTOCOL, "breaks the protocol");
	tcp_pair(fd);
	server = (struct end){ .does = TAKE };
	channel_accept(&server.c, &kind, server_buffers, fd[1]);
	net_send(fd[0], garbage, sizeof garbage, &len);
	until(server.closed, "more than a Hello");
	is_int(server.why, ERR_PROTOCOL, "is wrong");
	is_int(server.c.bytes_out, 0, "and gets no byte");
	close(fd[0]);
}

static size_t
resident(uint8_t *buffers)
{
	unsigned char there[16];
	size_t page = (size_t)getpagesize(), count = 0;
	size_t pages = (CHANNEL_BUFFERS_LEN + page - 1) / page;
	if (pages > sizeof there ||
	    mincore(buffers, CHANNEL_BUFFERS_LEN, there))
		return 0;
	for (size_t i = 0; i < pages; i++)
		count += there[i] & 1;
	return count;
}

/* Pages that a long message has touched are given back. */
static void
test_trim(void)
{
	begin_open();
	server.does = ECHO;
	channel_post(&client.c, text, sizeof text);
	until(client.count == 1, "a long message and its echo");
	if (getpagesize() != 4096)
		return;
	ok(resident(server_buffers) >= 8, "take pages");
	until(resident(server_buffers) <= 2 && resident(client_buffers) <= 2,
	      "that are given back");
	kind.gives_all = true;
	channel_post(&client.c, text, 10);
	until(client.count == 2, "a short one");
	until(resident(server_buffers) == 0 && resident(client_buffers) == 0,
	      "all of them, where that is wanted");
	kind.gives_all = false;
}

static uint8_t *
map_buffers(void)
{
	void *p = mmap(NULL, CHANNEL_BUFFERS_LEN, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

static bool
load(struct rsakey_private *key, const char *file)
{
	static uint8_t pem[KEYFILE_MAX];
	size_t len = vec_file(file, pem, sizeof pem);
	return keyfile_parse_private(key, pem, len) == ERR_OK;
}

int
main(void)
{
	rng_init_fixed(&rng, "channel", 7);
	client_buffers = map_buffers();
	server_buffers = map_buffers();
	if (!load(&ck, "rsa1024-1.pem") || !load(&other_ck, "rsa1024-2.pem") ||
	    !client_buffers || !server_buffers ||
	    loop_init(&loop, 8) != ERR_OK ||
	    rsapool_init(&pool, &ck, &ck, 0, &loop) != ERR_OK) {
		printf("Bail out! cannot begin\n");
		return 1;
	}
	kind.hello_len = ck.pub.n_len;
	test_open();
	test_lengths();
	test_many();
	test_backpressure();
	test_break_while_held();
	test_break_while_full();
	test_close();
	test_linger();
	test_in_turn();
	test_wrong_key();
	test_refused();
	test_timeouts();
	test_garbage();
	test_trim();
	return done_testing();
}
