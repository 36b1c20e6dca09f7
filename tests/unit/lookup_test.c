// SPDX-License-Identifier: MIT

/*
 * Names to addresses with files of our own and a name server of our own, a
 * child process at 127.0.0.1: one that knows some names, and at 127.0.0.2 one
 * that never says what is asked.
 */

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/run/lookup.h"
#include "core/run/loop.h"
#include "tests/unit/tap.h"

#define CAP 8
#define TTL "\x00\x00\x00\x3c"

static char folder[] = "/tmp/xl-lookup.XXXXXX";
static char hosts[64], resolv[64];
static struct lookup_files files = { hosts, resolv, 0 };

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	if (!f)
		exit(1);
	fputs(text, f);
	fclose(f);
}

static int
listen_udp(const char *host, uint16_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	at.sin_port = htons(*port);
	inet_pton(AF_INET, host, &at.sin_addr);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		exit(1);
	*port = ntohs(at.sin_port);
	return fd;
}

/* The name of a query as text, and where its type stands. */
static size_t
read_name(char *name, const uint8_t *q, size_t len)
{
	size_t at = 12, out = 0;
	while (at < len && q[at] > 0) {
		memcpy(name + out, q + at + 1, q[at]);
		out += q[at];
		name[out++] = '.';
		at += 1u + q[at];
	}
	name[out > 0 ? out - 1 : 0] = '\0';
	return at + 1;
}

/* Turns the query into its reply; 0: no reply. */
static size_t
answer(uint8_t *m, size_t len)
{
	char name[256];
	size_t at = read_name(name, m, len);
	bool v6 = m[at + 1] == 28;
	static const char a[] =
		"\xc0\x0c\x00\x01\x00\x01" TTL "\x00\x04\x7f\x00\x00\x05";
	static const char aaaa[] = "\xc0\x0c\x00\x1c\x00\x01" TTL "\x00\x10"
				   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01";
	m[2] |= 0x80;
	if (strncmp(name, "four.", 5) == 0 && !v6) {
		m[7] = 1;
		memcpy(m + len, a, sizeof a - 1);
		return len + sizeof a - 1;
	}
	if (strcmp(name, "both.test") == 0) {
		m[7] = 1;
		memcpy(m + len, v6 ? aaaa : a, v6 ? sizeof aaaa : sizeof a);
		return len + (v6 ? sizeof aaaa : sizeof a) - 1;
	}
	if (strcmp(name, "fails.test") == 0)
		m[3] |= 2;
	else if (strcmp(name, "four.test") != 0)
		m[3] |= 3;
	return strcmp(name, "silent.test") == 0 ||
			       (strcmp(name, "four.mute") == 0 && v6)
		       ? 0
		       : len;
}

static _Noreturn void
serve(int good, int bad)
{
	struct pollfd polls[] = { { good, POLLIN, 0 }, { bad, POLLIN, 0 } };
	for (;;) {
		uint8_t m[600] = { 0 };
		struct sockaddr_in peer;
		socklen_t len = sizeof peer;
		poll(polls, 2, -1);
		int fd = polls[0].revents ? good : bad;
		ssize_t n =
			recvfrom(fd, m, 512, 0, (struct sockaddr *)&peer, &len);
		if (n < 17)
			continue;
		if (fd == bad)
			m[0] ^= 0xff; /* to another query */
		size_t out = fd == bad ? (size_t)n : answer(m, (size_t)n);
		if (out > 0)
			sendto(fd, m, out, 0, (struct sockaddr *)&peer, len);
	}
}

static pid_t
start_server(void)
{
	int good = listen_udp("127.0.0.1", &files.port);
	int bad = listen_udp("127.0.0.2", &files.port);
	pid_t pid = fork();
	if (pid == 0)
		serve(good, bad);
	close(good);
	close(bad);
	return pid;
}

/* What the lookup of host gives, as text, sorted as it was given. */
static void
is_lookup(const char *host, const char *want, const char *name)
{
	struct net_addr addrs[CAP];
	char got[CAP * NET_TEXT_MAX] = "";
	size_t len = lookup_host(addrs, CAP, host, 7, &files);
	for (size_t i = 0; i < len; i++) {
		char text[NET_TEXT_MAX];
		net_format(text, &addrs[i]);
		strcat(got, i > 0 ? " " : "");
		strcat(got, text);
	}
	is_str(got, want, "%s", name);
}

static void
test_files(void)
{
	write_file(hosts, "# comment\n"
			  "127.0.0.8\tone alias # four.test\n"
			  "wrong two\n"
			  "127.0.0.9 Two\n"
			  "10.0.0.1 twofold\n"
			  "127.0.0.10 two");
	write_file(resolv, "");
	is_lookup("127.0.0.3", "127.0.0.3:7", "a numeric address");
	is_lookup("::1", "[::1]:7", "one of IPv6");
	is_lookup("one", "127.0.0.8:7", "a name of the file");
	is_lookup("ALIAS", "127.0.0.8:7", "the second name of a line, as well");
	is_lookup("two", "127.0.0.9:7 127.0.0.10:7", "every line of a name");
	is_lookup("twofol", "", "no part of a name");
}

static void
test_server(void)
{
	write_file(hosts, "");
	write_file(resolv, "nameserver 127.0.0.1\n");
	is_lookup("four.test", "127.0.0.5:7", "an address of a server");
	is_lookup("four.test.", "127.0.0.5:7", "the same with a dot");
	is_lookup("none.test", "", "no such name");
	is_lookup("fails.test", "", "a server that fails");
	is_lookup("four", "", "a name that needs a domain");
	write_file(resolv, "; comment\nsearch other test\n"
			   "options rotate ndots:1\nnameserver 127.0.0.1\n");
	is_lookup("four", "127.0.0.5:7", "found in its domain");
	is_lookup("four.test", "127.0.0.5:7", "not looked for in domains");
	unlink(resolv);
	is_lookup("four.test", "127.0.0.5:7", "a server on this machine");
}

static void
test_servers(void)
{
	write_file(resolv, "nameserver 127.0.0.3\n" /* nobody */
			   "nameserver 127.0.0.2\n" /* wrong identifiers */
			   "nameserver 127.0.0.1\n");
	is_lookup("four.test", "127.0.0.5:7", "one server of three is enough");
	write_file(resolv, "nameserver 127.0.0.3\n");
	is_lookup("four.test", "", "nobody answers");
	write_file(resolv, "nameserver 127.0.0.1\noptions timeout:1\n");
	is_lookup("silent.test", "", "a server that is silent");
	/* Half of the time that it would wait: far from what it should take. */
	write_file(resolv, "nameserver 127.0.0.1\noptions timeout:30\n");
	int64_t limit = loop_now() + 15000;
	is_lookup("four.mute", "127.0.0.5:7", "one that has no word on IPv6");
	ok(loop_now() < limit, "holds nobody up");
	write_file(resolv, "nameserver 127.0.0.2\noptions timeout:1\n");
	is_lookup("four.test", "", "a server that answers something else");
}

/* Only where this machine has IPv6 does its address come first. */
static void
test_order(void)
{
	struct net_addr addrs[CAP];
	write_file(resolv, "nameserver 127.0.0.1\n");
	size_t len = lookup_host(addrs, CAP, "both.test", 7, &files);
	is_int(len, 2, "addresses of both families");
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	struct sockaddr_in6 at = { .sin6_family = AF_INET6,
				   .sin6_port = htons(7),
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	bool has_v6 =
		fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
	if (fd >= 0)
		close(fd);
	is_int(addrs[0].any.sa_family, has_v6 ? AF_INET6 : AF_INET,
	       "what can be reached stands first");
	is_int(addrs[1].any.sa_family, has_v6 ? AF_INET : AF_INET6,
	       "and the other behind it");
}

int
main(void)
{
	if (!mkdtemp(folder))
		return 1;
	snprintf(hosts, sizeof hosts, "%s/hosts", folder);
	snprintf(resolv, sizeof resolv, "%s/resolv.conf", folder);
	pid_t server = start_server();
	test_files();
	test_server();
	test_servers();
	test_order();
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	unlink(hosts);
	unlink(resolv);
	rmdir(folder);
	return done_testing();
}
