// SPDX-License-Identifier: MIT
/* Addresses, sockets on loopback, and names resolved in a helper. */
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/run/net.h"
#include "core/run/resolver.h"
#include "tests/unit/tap.h"

static void
wait_for(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };
	while (poll(&p, 1, 10000) < 0)
		;
}

static void
test_text(void)
{
	static const struct {
		const char *host, *text;
		bool wildcard;
	} good[] = {
		{ "127.0.0.1", "127.0.0.1:80", false },
		{ "0.0.0.0", "0.0.0.0:80", true },
		{ "::", "[::]:80", true },
		{ "2001:db8::7", "[2001:db8::7]:80", false },
		{ "::1", "[::1]:80", false },
		{ "1::", "[1::]:80", false },
		{ "1:0:0:2::3", "[1:0:0:2::3]:80", false },
		{ "1:0:2:3:4:5:6:7", "[1:0:2:3:4:5:6:7]:80", false },
		{ "fd00:0:0:1:2:3:4:5", "[fd00::1:2:3:4:5]:80", false },
		{ "ff:ff:ff:ff:ff:ff::", "[ff:ff:ff:ff:ff:ff::]:80", false },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		  "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:80", false },
	};
	static const char *const bad[] = { "",          "a",       "1.2.3",
					   "[::1]",     "1::2::3", "1.2.3.4.5",
					   "fe80::1%lo" };
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct net_addr a;
		char text[NET_TEXT_MAX];
		is_int(net_parse(&a, good[i].host, 80), ERR_OK, "%s",
		       good[i].host);
		net_format(text, &a);
		is_str(text, good[i].text, "with port");
		net_format_host(text, &a);
		ok(strstr(good[i].text, text), "without");
		is_int(net_is_wildcard(&a), good[i].wildcard, "wildcard");
		is_int(net_port(&a), 80, "port");
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct net_addr a;
		is_int(net_parse(&a, bad[i], 80), ERR_MALFORMED, "not '%s'",
		       bad[i]);
	}
}

static void
test_stream(void)
{
	struct net_addr at, from, peer;
	int listener = -1, client = -1, server = -1;
	size_t len;
	char buf[8];
	/* Nobody else's, who might take the port when it is free. */
	net_parse(&at, "127.0.85.1", 0);
	net_parse(&from, "127.0.0.9", 0);
	is_int(net_listen(&at, &listener), ERR_OK, "listen");
	ok(net_port(&at) != 0, "the real port is known");
	struct net_addr same = at;
	int second;
	is_int(net_listen(&same, &second), ERR_SYSTEM, "once an address");
	is_int(errno, EADDRINUSE, "errno says why");
	is_int(net_accept(listener, &server, &peer), ERR_BUSY, "nobody there");
	is_int(net_connect(&at, &from, &client), ERR_OK, "connect");
	wait_for(client, POLLOUT);
	is_int(net_connected(client), ERR_OK, "connected");
	wait_for(listener, POLLIN);
	is_int(net_accept(listener, &server, &peer), ERR_OK, "accept");
	char host[NET_TEXT_MAX];
	net_format_host(host, &peer);
	is_str(host, "127.0.0.9", "from the address that was asked for");
	is_int(net_recv(server, buf, sizeof buf, &len), ERR_BUSY, "no data");
	is_int(net_send(client, "ab", 2, &len), ERR_OK, "send");
	wait_for(server, POLLIN);
	is_int(net_recv(server, buf, sizeof buf, &len), ERR_OK, "receive");
	is_int(len, 2, "two bytes");
	close(client);
	wait_for(server, POLLIN);
	is_int(net_recv(server, buf, sizeof buf, &len), ERR_OK, "end");
	is_int(len, 0, "of the stream");
	close(server);
	close(listener);
	enum err e = net_connect(&at, NULL, &client);
	if (e == ERR_OK) {
		wait_for(client, POLLOUT);
		e = net_connected(client);
		close(client);
	}
	is_int(e, ERR_UNREACHABLE, "refused once nobody listens");
}

#define GLOBALS_MAX 64

/* Whether the C library, which finds them in another way, has it too. */
static bool
is_global(const struct ifaddrs *i)
{
	struct net_addr a;
	if (!i->ifa_addr || !(i->ifa_flags & IFF_UP) ||
	    (i->ifa_flags & IFF_LOOPBACK))
		return false;
	if (i->ifa_addr->sa_family == AF_INET6) {
		memcpy(&a.v6, i->ifa_addr, sizeof a.v6);
		return !IN6_IS_ADDR_LINKLOCAL(&a.v6.sin6_addr);
	}
	if (i->ifa_addr->sa_family != AF_INET)
		return false;
	memcpy(&a.v4, i->ifa_addr, sizeof a.v4);
	return ntohl(a.v4.sin_addr.s_addr) >> 16 != 0xa9fe;
}

static void
test_global(void)
{
	struct net_addr got[GLOBALS_MAX] = { 0 }, want = { 0 };
	struct ifaddrs *list = NULL;
	size_t n = 0, wrong = 0;
	size_t len = net_global_addrs(got, GLOBALS_MAX);
	if (getifaddrs(&list) != 0)
		list = NULL;
	for (struct ifaddrs *i = list; i; i = i->ifa_next) {
		char a[NET_TEXT_MAX], b[NET_TEXT_MAX];
		if (!is_global(i) || n == GLOBALS_MAX)
			continue;
		bool v6 = i->ifa_addr->sa_family == AF_INET6;
		memcpy(&want, i->ifa_addr,
		       v6 ? sizeof want.v6 : sizeof want.v4);
		net_format(a, &want);
		net_format(b, &got[n]);
		wrong += n >= len || strcmp(a, b) != 0;
		n++;
	}
	is_int(len, n, "as many global addresses as the C library finds");
	is_int(wrong, 0, "and the same, in the same order");
	is_int(net_global_addrs(got, 0), 0, "none where there is no room");
	if (list)
		freeifaddrs(list);
}

static void
test_resolver(void)
{
	struct resolver r;
	struct net_addr addrs[RESOLVER_ADDRS_MAX];
	size_t len = 9;
	char text[NET_TEXT_MAX];
	is_int(resolver_start(&r, "127.0.0.3", 7), ERR_OK, "start");
	wait_for(r.fd, POLLIN);
	is_int(resolver_finish(&r, addrs, &len), ERR_OK, "finish");
	is_int(len, 1, "one address");
	net_format(text, &addrs[0]);
	is_str(text, "127.0.0.3:7", "with its port");
	is_int(resolver_start(&r, "no..such..name", 7), ERR_OK, "start");
	wait_for(r.fd, POLLIN);
	is_int(resolver_finish(&r, addrs, &len), ERR_UNREACHABLE, "no name");
	is_int(len, 0, "nothing");
	is_int(resolver_start(&r, "127.0.0.3", 7), ERR_OK, "start");
	resolver_stop(&r);
	is_int(r.fd, -1, "stopped");
	resolver_stop(&r);
	is_int(waitpid(-1, NULL, WNOHANG), -1, "no process is left");
}

int
main(void)
{
	test_text();
	test_stream();
	test_global();
	test_resolver();
	return done_testing();
}
