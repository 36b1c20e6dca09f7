// SPDX-License-Identifier: MIT
#include "core/run/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/bytes.h"
#include "core/base/fmt.h"

#define BACKLOG 512
#define DRAIN_MAX 65536 /* bytes that are thrown away when closing */

static socklen_t
addr_len(const struct net_addr *addr)
{
	return addr->any.sa_family == AF_INET6 ? sizeof addr->v6
					       : sizeof addr->v4;
}

enum err
net_set_ip(struct net_addr *addr, int family, const void *ip, size_t len)
{
	memset(addr, 0, sizeof *addr);
	addr->any.sa_family = (sa_family_t)family;
	if (family == AF_INET && len == sizeof addr->v4.sin_addr)
		memcpy(&addr->v4.sin_addr, ip, len);
	else if (family == AF_INET6 && len == sizeof addr->v6.sin6_addr)
		memcpy(&addr->v6.sin6_addr, ip, len);
	else
		return ERR_MALFORMED;
	return ERR_OK;
}

enum err
net_parse(struct net_addr *addr, const char *host, uint16_t port)
{
	memset(addr, 0, sizeof *addr);
	if (inet_pton(AF_INET, host, &addr->v4.sin_addr) == 1)
		addr->any.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, host, &addr->v6.sin6_addr) == 1)
		addr->any.sa_family = AF_INET6;
	else
		return ERR_MALFORMED;
	net_set_port(addr, port);
	return ERR_OK;
}

/* Finds the longest run of two or more zero groups (RFC 5952, 4.2). */
static int
longest_zeros(const uint8_t ip[static 16], int *at)
{
	int best = 1, run = 0;
	*at = -1;
	for (int i = 0; i < 8; i++) {
		run = bytes_get_be16(ip + 2 * i) == 0 ? run + 1 : 0;
		if (run > best) {
			best = run;
			*at = i + 1 - run;
		}
	}
	return best;
}

static void
format_ipv6(char dst[static NET_TEXT_MAX], const uint8_t ip[static 16])
{
	int zeros;
	int run = longest_zeros(ip, &zeros);
	size_t len = 0;
	dst[0] = '\0';
	for (int i = 0; i < 8; i++) {
		if (i == zeros) {
			len += fmt_text(dst + len, NET_TEXT_MAX - len, "::");
			i += run - 1;
			continue;
		}
		bool colon = i > 0 && i != zeros + run;
		len += fmt_text(dst + len, NET_TEXT_MAX - len, "%s%x",
				colon ? ":" : "", bytes_get_be16(ip + 2 * i));
	}
}

void
net_format_host(char dst[static NET_TEXT_MAX], const struct net_addr *addr)
{
	uint8_t ip[4];
	if (addr->any.sa_family == AF_INET6) {
		format_ipv6(dst, addr->v6.sin6_addr.s6_addr);
		return;
	}
	memcpy(ip, &addr->v4.sin_addr, sizeof ip);
	fmt_text(dst, NET_TEXT_MAX, "%d.%d.%d.%d", ip[0], ip[1], ip[2], ip[3]);
}

void
net_format(char dst[static NET_TEXT_MAX], const struct net_addr *addr)
{
	char host[NET_TEXT_MAX];
	bool v6 = addr->any.sa_family == AF_INET6;
	net_format_host(host, addr);
	fmt_text(dst, NET_TEXT_MAX, v6 ? "[%.45s]:%u" : "%.45s:%u", host,
		 net_port(addr));
}

uint16_t
net_port(const struct net_addr *addr)
{
	return ntohs(addr->any.sa_family == AF_INET6 ? addr->v6.sin6_port
						     : addr->v4.sin_port);
}

void
net_set_port(struct net_addr *addr, uint16_t port)
{
	if (addr->any.sa_family == AF_INET6)
		addr->v6.sin6_port = htons(port);
	else
		addr->v4.sin_port = htons(port);
}

bool
net_is_wildcard(const struct net_addr *addr)
{
	if (addr->any.sa_family == AF_INET6)
		return memcmp(&addr->v6.sin6_addr, &in6addr_any,
			      sizeof in6addr_any) == 0;
	return addr->v4.sin_addr.s_addr == htonl(INADDR_ANY);
}

/* Closes fd and keeps errno; returns e. */
static enum err
close_after(int fd, enum err e)
{
	int saved = errno;
	close(fd);
	errno = saved;
	return e;
}

static int
tcp_socket(const struct net_addr *addr)
{
	return socket(addr->any.sa_family,
		      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static void
set_option(int fd, int level, int name)
{
	int on = 1;
	(void)setsockopt(fd, level, name, &on, sizeof on);
}

bool
net_same_host(const struct net_addr *a, const struct net_addr *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET)
		return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
	return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr,
		      sizeof a->v6.sin6_addr) == 0 &&
	       a->v6.sin6_scope_id == b->v6.sin6_scope_id;
}

enum err
net_listen(struct net_addr *addr, int *fd)
{
	socklen_t len = addr_len(addr);
	int s = tcp_socket(addr);
	if (s < 0)
		return ERR_SYSTEM;
	set_option(s, SOL_SOCKET, SO_REUSEADDR);
	if (addr->any.sa_family == AF_INET6)
		set_option(s, IPPROTO_IPV6, IPV6_V6ONLY);
	if (bind(s, &addr->any, len) != 0)
		return close_after(s, errno == EACCES ? ERR_PERMISSION
						      : ERR_SYSTEM);
	if (listen(s, BACKLOG) != 0 || getsockname(s, &addr->any, &len) != 0)
		return close_after(s, ERR_SYSTEM);
	*fd = s;
	return ERR_OK;
}

enum err
net_accept(int listener, int *fd, struct net_addr *peer)
{
	socklen_t len = sizeof *peer;
	memset(peer, 0, sizeof *peer);
	int s = accept4(listener, &peer->any, &len,
			SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (s < 0) {
		bool ours = errno == EMFILE || errno == ENFILE ||
			    errno == ENOBUFS || errno == ENOMEM;
		return ours ? ERR_SYSTEM : ERR_BUSY;
	}
	set_option(s, IPPROTO_TCP, TCP_NODELAY);
	*fd = s;
	return ERR_OK;
}

enum err
net_connect(const struct net_addr *addr, const struct net_addr *from, int *fd)
{
	int s = tcp_socket(addr);
	if (s < 0)
		return ERR_SYSTEM;
	set_option(s, IPPROTO_TCP, TCP_NODELAY);
	if (from && bind(s, &from->any, addr_len(from)) != 0)
		return close_after(s, ERR_SYSTEM);
	if (connect(s, &addr->any, addr_len(addr)) != 0 && errno != EINPROGRESS)
		return close_after(s, ERR_UNREACHABLE);
	*fd = s;
	return ERR_OK;
}

enum err
net_connected(int fd)
{
	int error = 0;
	socklen_t len = sizeof error;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		return ERR_UNREACHABLE;
	errno = error;
	return error == 0 ? ERR_OK : ERR_UNREACHABLE;
}

void
net_reset_at_close(int fd, bool reset)
{
	struct linger now = { .l_onoff = reset, .l_linger = 0 };
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void
net_probe_silence(int fd, int seconds)
{
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds,
			 sizeof seconds);
}

/* What a failed call on a stream means. */
static enum err
stream_error(void)
{
	bool later = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
	return later ? ERR_BUSY : ERR_UNREACHABLE;
}

enum err
net_recv(int fd, void *dst, size_t cap, size_t *len)
{
	ssize_t n = recv(fd, dst, cap, 0);
	*len = n > 0 ? (size_t)n : 0;
	return n < 0 ? stream_error() : ERR_OK;
}

enum err
net_send(int fd, const void *src, size_t cap, size_t *len)
{
	ssize_t n = send(fd, src, cap, MSG_NOSIGNAL);
	*len = n > 0 ? (size_t)n : 0;
	return n < 0 ? stream_error() : ERR_OK;
}

bool
net_drain(int fd)
{
	uint8_t bin[4096];
	size_t len;
	for (size_t n = 0; n < DRAIN_MAX; n += len) {
		enum err e = net_recv(fd, bin, sizeof bin, &len);
		if (e == ERR_BUSY)
			return false;
		if (e != ERR_OK || len == 0)
			return true;
	}
	return false;
}

void
net_hang_up(int fd)
{
	(void)shutdown(fd, SHUT_WR);
	(void)net_drain(fd);
	close(fd);
}
