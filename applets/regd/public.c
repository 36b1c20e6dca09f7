// SPDX-License-Identifier: MIT
#include "applets/regd/public.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/fmt.h"
#include "core/base/log.h"

#define PORT_TRIES 16 /* until one port is free at every address */

bool
public_add_address(struct public *p, const char *text)
{
	char host[NET_TEXT_MAX];
	size_t len = strlen(text);
	if (p->listen_len == LISTEN_MAX || len >= sizeof host)
		return false;
	bool brackets = len > 2 && text[0] == '[' && text[len - 1] == ']';
	fmt_text(host, sizeof host, "%s", brackets ? text + 1 : text);
	if (brackets)
		host[len - 2] = '\0';
	return net_parse(&p->listen[p->listen_len++], host, 0) == ERR_OK;
}

/* Reads ADDR or ADDR:PORT; port is for the former. */
static enum err
parse_given(struct endpoint *ep, const char *text, uint16_t port)
{
	struct net_addr addr;
	char full[ENDPOINT_TEXT_MAX + 8];
	if (net_parse(&addr, text, port) == ERR_OK) {
		net_format(full, &addr);
		return endpoint_parse(ep, full, strlen(full));
	}
	if (endpoint_parse(ep, text, strlen(text)) == ERR_OK)
		return ERR_OK;
	size_t n = fmt_text(full, sizeof full, "%s:%u", text, port);
	if (n >= sizeof full)
		return ERR_TOO_LONG;
	return endpoint_parse(ep, full, n);
}

bool
public_add_given(struct public *p, const char *text)
{
	struct endpoint ep; /* of the longest port, as that is not known yet */
	if (p->given_len == REGCRED_ENDS_MAX ||
	    parse_given(&ep, text, UINT16_MAX) != ERR_OK)
		return false;
	p->given[p->given_len++] = text;
	return true;
}

/* Whether addr is [::] on a kernel that has no IPv6. */
static bool
is_missing(const struct net_addr *addr)
{
	return addr->any.sa_family == AF_INET6 && net_is_wildcard(addr) &&
	       (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL);
}

/* Listens everywhere at one port; with 0 the first address chooses. */
static enum err
listen_at(const struct net_addr *addrs, size_t len, uint16_t port,
	  struct listen *listen, struct net_addr *failed)
{
	for (size_t i = 0; i < len; i++) {
		*failed = addrs[i];
		net_set_port(failed, port);
		enum err e = listen_add(listen, failed);
		if (e != ERR_OK && (len == 1 || !is_missing(failed)))
			return e;
		if (e == ERR_OK && port == 0)
			port = net_port(&listen->addrs[0]);
	}
	return ERR_OK;
}

enum err
public_listen(const struct public *p, struct listen *listen,
	      struct net_addr *failed)
{
	struct net_addr any[2];
	const struct net_addr *addrs = p->listen;
	size_t len = p->listen_len;
	if (len == 0) {
		(void)net_parse(&any[0], "0.0.0.0", 0);
		(void)net_parse(&any[1], "::", 0);
		addrs = any;
		len = 2;
	}
	for (int i = 1;; i++) {
		enum err e = listen_at(addrs, len, p->port, listen, failed);
		if (e == ERR_OK || p->port != 0 || errno != EADDRINUSE ||
		    i == PORT_TRIES)
			return e;
		int saved = errno;
		listen_stop(listen);
		errno = saved;
	}
}

static void
add_end(struct regcred *cred, const struct net_addr *addr)
{
	char text[NET_TEXT_MAX];
	if (cred->ends_len == REGCRED_ENDS_MAX)
		return;
	net_format(text, addr);
	if (endpoint_parse(&cred->ends[cred->ends_len], text, strlen(text)) ==
	    ERR_OK)
		cred->ends_len++;
}

/* The addresses at which others reach a wildcard of this family. */
static void
add_global_ends(struct regcred *cred, const struct net_addr *wildcard)
{
	struct net_addr addrs[REGCRED_ENDS_MAX];
	size_t len = net_global_addrs(addrs, REGCRED_ENDS_MAX);
	for (size_t i = 0; i < len; i++) {
		net_set_port(&addrs[i], net_port(wildcard));
		if (addrs[i].any.sa_family == wildcard->any.sa_family)
			add_end(cred, &addrs[i]);
	}
}

enum err
public_list_ends(const struct public *p, const struct listen *listen,
		 struct regcred *cred)
{
	cred->ends_len = 0;
	for (size_t i = 0; i < p->given_len; i++) {
		uint16_t port = net_port(&listen->addrs[0]);
		if (parse_given(&cred->ends[cred->ends_len], p->given[i],
				port) != ERR_OK)
			return ERR_USAGE;
		cred->ends_len++;
	}
	for (size_t i = 0; i < listen->len && p->given_len == 0; i++) {
		const struct net_addr *addr = &listen->addrs[i];
		if (net_is_wildcard(addr))
			add_global_ends(cred, addr);
		else
			add_end(cred, addr);
	}
	return cred->ends_len > 0 ? ERR_OK : ERR_USAGE;
}

enum err
public_write_cred(const struct regcred *cred, const char *path)
{
	static char text[REGCRED_TEXT_MAX], old[REGCRED_TEXT_MAX];
	size_t old_len;
	size_t len = regcred_format(text, cred);
	if (file_read(path, old, sizeof old, &old_len) == ERR_OK &&
	    old_len == len && memcmp(old, text, len) == 0)
		return ERR_OK;
	return file_write(path, 0644, text, len);
}
