// SPDX-License-Identifier: MIT
#include "applets/member/place.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "applets/member/daemon.h"
#include "core/base/log.h"
#include "core/base/say.h"

#define RESOLVE_MS 10000 /* for this node's own host name */
#define AGAIN_MS 10000   /* until what failed is tried again */

static const struct endpoint *
end_of(const struct daemon *d, size_t which)
{
	return &roster_find(d->roster, d->roster->self)->ends[which];
}

/* An address that is known without a look at names. */
static enum err
parse(const struct daemon *d, const struct endpoint *end, struct net_addr *addr)
{
	const char *bind = d->opt->bind;
	return net_parse(addr, bind ? bind : end->host, end->port);
}

/* Of the addresses of a name, the first that is this machine's. */
static const struct net_addr *
find_own(const struct net_addr *addrs, size_t len)
{
	int fd;
	for (size_t i = 0; i < len; i++) {
		struct net_addr probe = addrs[i];
		net_set_port(&probe, 0);
		if (net_listen(&probe, &fd) == ERR_OK) {
			close(fd);
			return &addrs[i];
		}
	}
	return &addrs[0];
}

static enum err
resolve(struct net_addr *addr, const struct endpoint *end)
{
	struct net_addr addrs[RESOLVER_ADDRS_MAX];
	struct resolver resolver;
	size_t len;
	enum err e = resolver_start(&resolver, end->host, end->port);
	if (e != ERR_OK)
		return e;
	struct pollfd fd = { .fd = resolver.fd, .events = POLLIN };
	if (poll(&fd, 1, RESOLVE_MS) != 1) {
		resolver_stop(&resolver);
		return ERR_UNREACHABLE;
	}
	e = resolver_finish(&resolver, addrs, &len);
	if (e == ERR_OK)
		*addr = *find_own(addrs, len);
	return e;
}

int
place_find(const struct daemon *d, size_t which, struct net_addr *addr)
{
	const struct endpoint *end = end_of(d, which);
	enum err e = parse(d, end, addr);
	if (e != ERR_OK)
		e = resolve(addr, end);
	if (e == ERR_OK)
		return 0;
	if (e == ERR_SYSTEM)
		return say_cannot(e, "resolve", end->host);
	say("cannot resolve %s: no such name", end->host);
	return err_status(ERR_UNREACHABLE);
}

static void
set_source(struct daemon *d)
{
	d->peers_config.from = d->listen.addrs[0];
	net_set_port(&d->peers_config.from, 0);
}

int
place_listen(struct daemon *d)
{
	struct net_addr addr;
	char text[NET_TEXT_MAX];
	int status = place_find(d, 0, &addr);
	if (status != 0)
		return status;
	enum err e = listen_add(&d->listen, &addr);
	int reason = errno;
	set_source(d);
	if (e == ERR_OK)
		return 0;
	net_format(text, &addr);
	if (reason == EADDRNOTAVAIL && !d->opt->bind)
		say("%s is no address of this machine: give one with --bind",
		    text);
	errno = reason;
	return say_cannot(e, "listen at", text);
}

/* The port of the end point that is looked at. */
static struct listen *
port(struct daemon *d)
{
	return d->place.end == 0 ? &d->listen : &d->service.listen;
}

/* How many ports there are to look at. */
static unsigned
ports(const struct daemon *d)
{
	return d->service.listen.len > 0 && d->roster->endpoint_count > 1 ? 2
									  : 1;
}

/* Trouble with an end point is logged once, and tried again. */
static void
fail(struct daemon *d, const char *what, const char *object, const char *why)
{
	unsigned bit = 1u << d->place.end;
	char text[NET_TEXT_MAX];
	net_format(text, port(d)->addrs);
	if (!(d->place.told & bit))
		log_line(LOG_LEVEL_ERROR, "cannot %s %s: %s; it stays at %s",
			 what, object, why, text);
	d->place.told |= bit;
}

static bool
is_at(const struct listen *l, const struct net_addr *addrs, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (net_same_host(&addrs[i], l->addrs) &&
		    net_port(&addrs[i]) == net_port(l->addrs))
			return true;
	return false;
}

/* Goes to the first of the addresses where it can, if it is at none of them. */
static void
go(struct daemon *d, const struct net_addr *addrs, size_t len)
{
	struct listen *l = port(d);
	char text[NET_TEXT_MAX];
	enum err e = ERR_UNREACHABLE;
	bool stays = is_at(l, addrs, len);
	for (size_t i = 0; i < len && e != ERR_OK && !stays; i++) {
		net_format(text, &addrs[i]);
		e = listen_move(l, &addrs[i]);
	}
	if (e != ERR_OK && !stays) {
		fail(d, "listen at", text, strerror(errno));
		return;
	}
	d->place.told &= ~(1u << d->place.end);
	if (stays)
		return;
	log_line(LOG_LEVEL_INFO, "listening at %s", text);
	set_source(d);
}

/* Begins to resolve the name of the end point that is looked at. */
static bool
ask(struct daemon *d, const struct endpoint *end)
{
	struct place *p = &d->place;
	if (resolver_start(&p->resolver, end->host, end->port) != ERR_OK) {
		fail(d, "resolve", end->host, strerror(errno));
		return false;
	}
	p->watch.fd = p->resolver.fd;
	p->watch.events = POLLIN;
	p->watch.deadline = loop_now() + RESOLVE_MS;
	return true;
}

/* Names may lead elsewhere, and trouble may be over. */
static void
plan(struct daemon *d)
{
	const struct endpoint *ends = end_of(d, 0);
	bool named = !d->opt->bind && (ends[0].kind == ENDPOINT_NAME ||
				       ends[1].kind == ENDPOINT_NAME);
	d->place.watch.deadline = named || d->place.told != 0
					  ? loop_now() + AGAIN_MS
					  : LOOP_NEVER;
}

/* Ends a look that is under way; then there is no watch in the loop. */
static void
end_look(struct daemon *d)
{
	struct place *p = &d->place;
	loop_remove(&d->loop, &p->watch);
	resolver_stop(&p->resolver);
	p->watch.fd = -1;
	p->watch.events = 0;
}

/*
 * Looks at the end point whose turn it is, and at those behind it.  The watch
 * is a new one to the loop, which may still hold what the last one was told of.
 */
static void
look(struct daemon *d)
{
	struct place *p = &d->place;
	struct net_addr addr;
	end_look(d);
	(void)loop_add(&d->loop, &p->watch); /* where it was before */
	for (; p->end < ports(d); p->end++) {
		const struct endpoint *end = end_of(d, p->end);
		if (parse(d, end, &addr) == ERR_OK)
			go(d, &addr, 1);
		else if (ask(d, end))
			return;
	}
	plan(d);
}

static void
take(struct loop_watch *watch, short revents)
{
	char *base = (char *)watch - offsetof(struct daemon, place.watch);
	struct daemon *d = (struct daemon *)(void *)base;
	struct place *p = &d->place;
	struct net_addr addrs[RESOLVER_ADDRS_MAX];
	size_t len;
	if (watch->fd >= 0) {
		if (revents != 0 &&
		    resolver_finish(&p->resolver, addrs, &len) == ERR_OK)
			go(d, addrs, len);
		else
			fail(d, "resolve", end_of(d, p->end)->host,
			     "no such name");
		p->end++;
	} else if (p->told != 0 || peers_up(&d->peers) == 1) {
		p->end = 0;
	} else {
		/* Members are there: it is where they know it to be. */
		plan(d);
		return;
	}
	look(d);
}

enum err
place_init(struct daemon *d)
{
	struct place *p = &d->place;
	p->resolver.fd = p->watch.fd = -1;
	p->watch.ready = take;
	plan(d);
	return loop_add(&d->loop, &p->watch);
}

void
place_move(struct daemon *d)
{
	d->place.told = 0;
	d->place.end = 0;
	look(d);
}

void
place_stop(struct daemon *d)
{
	end_look(d);
	listen_stop(&d->listen);
}
