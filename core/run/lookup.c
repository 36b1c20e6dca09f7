// SPDX-License-Identifier: MIT
#include "core/run/lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/fmt.h"
#include "core/base/text.h"
#include "core/run/dns.h"
#include "core/run/loop.h"

#define LINE_LEN 512 /* what is longer is cut off */
#define HOST_LEN 256
#define SERVERS_MAX 3
#define SETTLE_MS 1000 /* for the other type behind the first address */

enum {
	TYPES = 2
}; /* of addresses */

const struct lookup_files lookup_system = {
	.hosts = "/etc/hosts",
	.resolv = "/etc/resolv.conf",
	.port = 53,
};

/* A text file, read line by line. */
struct lines {
	int fd;
	size_t at, len;
	char buf[LINE_LEN];
	char line[LINE_LEN];
};

/* What resolv.conf says. */
struct conf {
	struct net_addr servers[SERVERS_MAX];
	size_t servers_len;
	char search[LINE_LEN]; /* domains, with blanks between them */
	uint64_t ndots, timeout, attempts;
};

struct found {
	struct net_addr *addrs;
	size_t cap, len;
};

/* One name put to all servers, for each type of address. */
struct inquiry {
	uint8_t queries[TYPES][DNS_QUERY_MAX];
	size_t query_len;
	struct pollfd polls[SERVERS_MAX];
	size_t polls_len;
	unsigned open[TYPES]; /* bits of the servers that may still answer */
};

static int
next_char(struct lines *l)
{
	if (l->at == l->len) {
		ssize_t n = read(l->fd, l->buf, sizeof l->buf);
		if (n <= 0)
			return -1;
		l->at = 0;
		l->len = (size_t)n;
	}
	return (unsigned char)l->buf[l->at++];
}

/* Reads the next line without its comment.  False at the end of the file. */
static bool
next_line(struct lines *l)
{
	size_t len = 0;
	int c = next_char(l);
	if (c < 0)
		return false;
	for (; c >= 0 && c != '\n'; c = next_char(l))
		if (len < sizeof l->line - 1)
			l->line[len++] = (char)c;
	l->line[len] = '\0';
	l->line[strcspn(l->line, "#;")] = '\0';
	return true;
}

/* Cuts the first word off *text.  NULL: there is none. */
static char *
next_word(char **text)
{
	char *word = *text + strspn(*text, " \t\r");
	size_t len = strcspn(word, " \t\r");
	*text = word + len + (word[len] ? 1 : 0);
	word[len] = '\0';
	return len > 0 ? word : NULL;
}

static void
add_numeric(struct found *f, const char *text)
{
	if (f->len < f->cap && net_parse(&f->addrs[f->len], text, 0) == ERR_OK)
		f->len++;
}

static void
read_hosts(struct found *f, const char *path, const char *host)
{
	struct lines l = { .fd = open(path, O_RDONLY | O_CLOEXEC) };
	if (l.fd < 0)
		return;
	while (next_line(&l)) {
		char *rest = l.line;
		const char *addr = next_word(&rest);
		const char *name;
		while (addr && (name = next_word(&rest)))
			if (strcasecmp(name, host) == 0) {
				add_numeric(f, addr);
				break;
			}
	}
	close(l.fd);
}

static void
read_option(struct conf *c, const char *word)
{
	uint64_t n;
	const char *colon = strchr(word, ':');
	if (!colon || text_number(&n, colon + 1, 0, 30) != ERR_OK)
		return;
	if (strncmp(word, "ndots:", 6) == 0)
		c->ndots = n;
	else if (strncmp(word, "timeout:", 8) == 0 && n > 0)
		c->timeout = n;
	else if (strncmp(word, "attempts:", 9) == 0 && n > 0)
		c->attempts = n;
}

static void
read_line(struct conf *c, char *rest, uint16_t port)
{
	const char *key = next_word(&rest);
	const char *word;
	if (!key)
		return;
	if (strcmp(key, "search") == 0 || strcmp(key, "domain") == 0)
		fmt_text(c->search, sizeof c->search, "%s", rest);
	else if (strcmp(key, "options") == 0)
		while ((word = next_word(&rest)))
			read_option(c, word);
	else if (strcmp(key, "nameserver") == 0 &&
		 c->servers_len < SERVERS_MAX && (word = next_word(&rest)) &&
		 net_parse(&c->servers[c->servers_len], word, port) == ERR_OK)
		c->servers_len++;
}

static void
read_conf(struct conf *c, const struct lookup_files *files)
{
	struct lines l = { .fd = open(files->resolv, O_RDONLY | O_CLOEXEC) };
	*c = (struct conf){ .ndots = 1, .timeout = 5, .attempts = 2 };
	while (l.fd >= 0 && next_line(&l))
		read_line(c, l.line, files->port);
	if (l.fd >= 0)
		close(l.fd);
	if (c->servers_len == 0 &&
	    net_parse(&c->servers[0], "127.0.0.1", files->port) == ERR_OK)
		c->servers_len = 1;
}

/* A UDP socket that speaks with addr only, or -1: no route to it. */
static int
dial_udp(const struct net_addr *addr)
{
	bool v6 = addr->any.sa_family == AF_INET6;
	int fd = socket(addr->any.sa_family,
			SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, &addr->any,
			      v6 ? sizeof addr->v6 : sizeof addr->v4) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Server i will not answer. */
static void
give_up(struct inquiry *q, size_t i)
{
	for (int t = 0; t < TYPES; t++)
		q->open[t] &= ~(1u << i);
}

static bool
send_query(const struct inquiry *q, size_t i, int t)
{
	return write(q->polls[i].fd, q->queries[t], q->query_len) >= 0;
}

/*
 * Sends what is still to be answered.  An error may be the answer of the
 * server's host to an earlier query: nobody listens there.
 */
static void
send_queries(struct inquiry *q)
{
	for (size_t i = 0; i < q->polls_len; i++)
		for (int t = 0; t < TYPES; t++)
			if (q->open[t] & 1u << i && !send_query(q, i, t))
				give_up(q, i);
}

/* Takes what server i has sent. */
static void
receive(struct inquiry *q, size_t i, struct found *f)
{
	uint8_t reply[DNS_REPLY_MAX];
	ssize_t n = read(q->polls[i].fd, reply, sizeof reply);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		give_up(q, i);
	for (int t = 0; t < TYPES && n >= 0; t++) {
		enum dns_answer a = DNS_NOT_OURS;
		if (q->open[t])
			a = dns_read(f->addrs, f->cap, &f->len, reply,
				     (size_t)n, q->queries[t], q->query_len);
		if (a == DNS_ANSWERED)
			q->open[t] = 0;
		else if (a == DNS_REFUSED)
			q->open[t] &= ~(1u << i);
	}
}

static void
wait_for_answers(struct inquiry *q, const struct conf *c, struct found *f)
{
	int64_t now = loop_now();
	int64_t end = now + (int64_t)c->timeout * 1000;
	int64_t pause = (int64_t)(c->timeout * 1000 / c->attempts);
	int64_t next = now;
	for (; now < end; now = loop_now()) {
		/* There are servers that never answer one of the types. */
		if (f->len > 0 && end > now + SETTLE_MS)
			end = now + SETTLE_MS;
		if (now >= next) {
			send_queries(q);
			next = now + pause;
		}
		if (!q->open[0] && !q->open[1])
			return;
		int64_t until = next < end ? next : end;
		poll(q->polls, q->polls_len, (int)(until - now));
		for (size_t i = 0; i < q->polls_len; i++)
			if (q->polls[i].revents)
				receive(q, i, f);
	}
}

static void
ask(struct found *f, const struct conf *c, const char *name)
{
	static const enum dns_type types[TYPES] = { DNS_AAAA, DNS_A };
	struct inquiry q = { .polls_len = 0 };
	uint16_t ids[TYPES];
	if (getrandom(ids, sizeof ids, 0) != sizeof ids)
		return;
	ids[1] ^= ids[1] == ids[0];
	for (int t = 0; t < TYPES; t++)
		q.query_len = dns_query(q.queries[t], ids[t], name, types[t]);
	if (q.query_len == 0)
		return;
	for (size_t i = 0; i < c->servers_len; i++) {
		int fd = dial_udp(&c->servers[i]);
		if (fd >= 0)
			q.polls[q.polls_len++] =
				(struct pollfd){ fd, POLLIN, 0 };
	}
	for (int t = 0; t < TYPES; t++)
		q.open[t] = (1u << q.polls_len) - 1;
	wait_for_answers(&q, c, f);
	while (q.polls_len > 0)
		close(q.polls[--q.polls_len].fd);
}

/* A name of few parts is tried in the domains of the search list first. */
static void
ask_servers(struct found *f, const struct lookup_files *files, const char *host)
{
	struct conf c;
	uint64_t dots = 0;
	const char *domain;
	read_conf(&c, files);
	char *rest = c.search;
	for (const char *p = host; *p; p++)
		if (*p == '.')
			dots = p[1] ? dots + 1 : UINT64_MAX; /* whole */
	while (dots < c.ndots && f->len == 0 && (domain = next_word(&rest))) {
		char name[HOST_LEN];
		if (fmt_text(name, sizeof name, "%s.%s", host, domain) <
		    sizeof name)
			ask(f, &c, name);
	}
	if (f->len == 0)
		ask(f, &c, host);
}

/* 0 is best. */
static int
rank(const struct net_addr *addr)
{
	struct net_addr probe = *addr;
	net_set_port(&probe, 53); /* nothing is sent */
	int fd = dial_udp(&probe);
	if (fd >= 0)
		close(fd);
	return (fd < 0 ? 2 : 0) + (addr->any.sa_family == AF_INET6 ? 0 : 1);
}

static void
sort(struct found *f)
{
	for (size_t i = 1; i < f->len; i++) {
		struct net_addr addr = f->addrs[i];
		size_t at = i;
		int its_rank = rank(&addr);
		for (; at > 0 && rank(&f->addrs[at - 1]) > its_rank; at--)
			f->addrs[at] = f->addrs[at - 1];
		f->addrs[at] = addr;
	}
}

size_t
lookup_host(struct net_addr *addrs, size_t cap, const char *host, uint16_t port,
	    const struct lookup_files *files)
{
	struct found f = { addrs, cap, 0 };
	add_numeric(&f, host);
	if (f.len == 0)
		read_hosts(&f, files->hosts, host);
	if (f.len == 0 && strcasecmp(host, "localhost") == 0) {
		add_numeric(&f, "::1");
		add_numeric(&f, "127.0.0.1");
	}
	if (f.len == 0)
		ask_servers(&f, files, host);
	sort(&f);
	for (size_t i = 0; i < f.len; i++)
		net_set_port(&f.addrs[i], port);
	return f.len;
}
