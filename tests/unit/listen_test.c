// SPDX-License-Identifier: MIT
/* A port that moves while connections come in. */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "core/run/listen.h"
#include "core/run/loop.h"
#include "core/run/net.h"
#include "tests/unit/tap.h"

static struct loop loop;
static int taken[8];
static size_t taken_len;

static bool
has_room(void *owner)
{
	(void)owner;
	return true;
}

static bool
drop_one(void *owner)
{
	(void)owner;
	return false;
}

static void
take(void *owner, int fd, const struct net_addr *peer)
{
	(void)owner;
	(void)peer;
	taken[taken_len++] = fd;
}

static void
waits(void *owner, enum err why)
{
	(void)owner;
	(void)why;
}

static struct listen all = {
	.loop = &loop,
	.has_room = has_room,
	.drop_one = drop_one,
	.open = take,
	.waits = waits,
};

/* An address with the port that it listens at. */
static struct net_addr
at(const char *host)
{
	uint16_t port = all.len > 0 ? net_port(all.addrs) : 0;
	struct net_addr addr;
	is_int(net_parse(&addr, host, port), ERR_OK, "%s", host);
	return addr;
}

/* Connects, and turns the loop until that is taken; -1: it is refused. */
static int
dial(const struct net_addr *addr)
{
	size_t before = taken_len;
	int fd = -1;
	if (net_connect(addr, NULL, &fd) != ERR_OK)
		return -1;
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	while (poll(&p, 1, 10000) < 0)
		;
	if (net_connected(fd) != ERR_OK) {
		close(fd);
		return -1;
	}
	while (taken_len == before && loop_turn(&loop) == ERR_OK)
		;
	return fd;
}

static void
test_move(void)
{
	struct net_addr old = at("127.0.84.1");
	is_int(listen_add(&all, &old), ERR_OK, "listens");
	is_int(listen_start(&all), ERR_OK, "and accepts");
	old = all.addrs[0];
	int first = dial(&old);
	ok(first >= 0, "a connection");
	struct net_addr new = at("127.0.84.2");
	is_int(listen_move(&all, &new), ERR_OK, "moves");
	ok(net_same_host(all.addrs, &new), "says so");
	is_int(dial(&old), -1, "nobody is at the old address");
	int second = dial(&new);
	ok(second >= 0, "a connection at the new one");
	is_int(write(first, "x", 1), 1, "the first");
	struct pollfd p = { .fd = taken[0], .events = POLLIN };
	is_int(poll(&p, 1, 10000), 1, "goes on");
	is_int(p.revents, POLLIN, "without an error");
	is_int(loop.len, 1, "one watch");
	is_int(all.len, 1, "one address");
	close(first);
	close(second);
}

/* What cannot be listened at leaves it where it is. */
static void
test_fail(void)
{
	struct net_addr here = all.addrs[0];
	struct net_addr taken_by_other = at("127.0.84.3");
	struct net_addr elsewhere = at("192.0.2.1");
	int other = -1;
	is_int(net_listen(&taken_by_other, &other), ERR_OK, "another's");
	is_int(listen_move(&all, &taken_by_other), ERR_SYSTEM, "in use");
	is_int(errno, EADDRINUSE, "errno says so");
	is_int(listen_move(&all, &elsewhere), ERR_SYSTEM, "not this machine's");
	is_int(errno, EADDRNOTAVAIL, "errno says so");
	ok(net_same_host(all.addrs, &here), "it stays");
	int fd = dial(&here);
	ok(fd >= 0, "and listens there");
	close(fd);
	close(other);
	is_int(listen_move(&all, &taken_by_other), ERR_OK, "later it can be");
	fd = dial(&taken_by_other);
	ok(fd >= 0, "and is");
	close(fd);
}

int
main(void)
{
	is_int(loop_init(&loop, 4), ERR_OK, "a loop");
	test_move();
	test_fail();
	listen_stop(&all);
	is_int(loop.len, 0, "no watch is left");
	for (size_t i = 0; i < taken_len; i++)
		close(taken[i]);
	loop_free(&loop);
	return done_testing();
}
