// SPDX-License-Identifier: MIT

/* The way to the other members: names, knocks, dials and pauses. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "applets/member/peers_part.h"
#include "core/base/fmt.h"
#include "core/base/log.h"
#include "core/ident/rng.h"

#define PAUSE_MIN 100   /* ms before a dial that failed is tried again */
#define PAUSE_MAX 10000 /* it doubles up to that */
#define HASTE 16        /* times shorter while the member counts as up */
#define PATIENCE 5000   /* ms that the higher index waits to be dialled */
#define RESET_GAP 200   /* ms between dials that knocks cause */
#define RESOLVE_MS 5000 /* for a name */
#define KNOCK_MS 3000   /* for a connection to knock with */

unsigned
part_index(const struct peer *p)
{
	return (unsigned)(p - p->all->peers);
}

/* Whether it is for us to dial. */
static bool
is_ours(const struct peer *p)
{
	return p->all->roster->self < part_index(p);
}

static int64_t
jitter(struct peer *p, unsigned ms)
{
	uint8_t byte;
	rng_bytes(p->all->config->rng, &byte, sizeof byte);
	return ms / 2 + ms * byte / 512;
}

static void
set_error(struct peer *p, const char *why)
{
	fmt_text(p->status.error, sizeof p->status.error, "%s", why);
}

void
part_dial_init(struct peer *p)
{
	const struct endpoint *end = &p->member->ends[0];
	p->dial_at = LOOP_NEVER;
	p->pause_ms = PAUSE_MIN;
	p->reset_at = -RESET_GAP;
	p->addr = 0;
	p->addrs_len = 1;
	p->wants_addrs = p->stale = false;
	p->knock = (struct loop_watch){ .fd = -1, .deadline = LOOP_NEVER };
	if (net_parse(&p->addrs[0], end->host, end->port) == ERR_OK)
		return;
	p->addrs_len = 0;
	p->wants_addrs = true;
}

void
part_plan(struct peer *p)
{
	int64_t now = loop_now();
	p->lost_at = now;
	if (p->all->stopping || p->dialled || p->dial_at != LOOP_NEVER)
		return;
	p->dial_at = is_ours(p) ? now : now + PATIENCE;
}

void
part_dial_done(struct peer *p)
{
	p->pause_ms = PAUSE_MIN;
	p->dial_at = LOOP_NEVER;
	p->status.error[0] = '\0';
}

/*
 * Sets when to dial again.  Who counts as up is being probed: a process that
 * is killed may still take a connection and break it when its port is closed;
 * then the next dial tells, whosever it is to dial.
 */
static void
plan_again(struct peer *p)
{
	bool probed = p->all->liveness.peers[part_index(p)].up;
	int64_t now = loop_now();
	p->dial_at = now + jitter(p, p->pause_ms) / (probed ? HASTE : 1);
	p->pause_ms = p->pause_ms < PAUSE_MAX / 2 ? p->pause_ms * 2 : PAUSE_MAX;
	if (!is_ours(p) && !probed && p->dial_at < p->lost_at + PATIENCE)
		p->dial_at = p->lost_at + PATIENCE;
}

void
part_dial_failed(struct peer *p)
{
	if (p->all->stopping || p->link)
		return;
	plan_again(p);
	/* A name may lead elsewhere by the next time. */
	struct net_addr addr;
	const struct endpoint *end = &p->member->ends[0];
	p->stale = p->addr >= p->addrs_len &&
		   net_parse(&addr, end->host, end->port) != ERR_OK;
}

/* The next address to try, or NULL while there is none. */
static const struct net_addr *
next_addr(struct peer *p)
{
	if (p->wants_addrs || p->stale || p->addrs_len == 0) {
		p->wants_addrs = true;
		part_resolve(p->all);
		return NULL;
	}
	if (p->addr >= p->addrs_len)
		p->addr = 0;
	return &p->addrs[p->addr++];
}

/* A socket that connects to addr, from where we are known to be. */
static enum err
connect_to(const struct peers *all, const struct net_addr *addr, int *fd)
{
	const struct net_addr *from = &all->config->from;
	bool same = from->any.sa_family == addr->any.sa_family;
	return net_connect(addr, same ? from : NULL, fd);
}

static void
fail(struct peer *p, enum err e)
{
	bool refused = e == ERR_UNREACHABLE && errno == ECONNREFUSED;
	set_error(p, strerror(errno));
	if (refused)
		liveness_refused(&p->all->liveness, part_index(p), loop_now());
	part_dial_failed(p);
}

void
part_dial(struct peer *p)
{
	struct peers *all = p->all;
	int fd;
	p->dial_at = LOOP_NEVER;
	if (p->dialled || p->link || all->stopping)
		return;
	const struct net_addr *addr = next_addr(p);
	if (!addr)
		return;
	struct link *l = part_take_slot(all);
	if (!l) {
		part_dial_failed(p);
		return;
	}
	enum err e = connect_to(all, addr, &fd);
	if (e == ERR_OK)
		e = link_dial(l, &all->kind, part_buffers(all, l), fd,
			      part_index(p), &p->member->ck);
	if (e == ERR_OK) {
		p->dialled = l;
		return;
	}
	int reason = errno;
	part_give_slot(all, l);
	errno = reason;
	fail(p, e);
}

bool
part_is_at(const struct peer *p, const struct net_addr *from)
{
	for (size_t i = 0; i < p->addrs_len; i++)
		if (net_same_host(&p->addrs[i], from))
			return true;
	return false;
}

static void
end_knock(struct peer *p)
{
	if (p->knock.fd < 0)
		return;
	loop_remove(p->all->config->loop, &p->knock);
	close(p->knock.fd);
	p->knock.fd = -1;
}

/* The answer would be taken for that of who has this place next. */
static void
end_resolve(struct peer *p)
{
	struct peers *all = p->all;
	if (all->resolving.fd < 0 || all->resolved != part_index(p))
		return;
	loop_remove(all->config->loop, &all->resolving);
	resolver_stop(&all->resolver);
	all->resolving.fd = -1;
}

void
part_dial_stop(struct peer *p)
{
	struct link *l = p->dialled;
	end_resolve(p);
	p->dialled = NULL;
	p->dial_at = LOOP_NEVER;
	if (l) {
		link_drop(l);
		part_give_slot(p->all, l);
	}
	end_knock(p);
}

/* Whether our connection has to do with how the member was before. */
static bool
is_stuck(const struct peer *p, int64_t now)
{
	return p->dialled && p->dialled->channel.bytes_out == 0 &&
	       now - p->dialled->began > RESET_GAP;
}

void
part_dial_due(struct peer *p)
{
	if (!is_ours(p) && part_is_coming(p))
		p->dial_at = loop_now() + PATIENCE / 10;
	else
		part_dial(p);
}

void
part_take_knock(struct peers *all, const struct net_addr *from)
{
	int64_t now = loop_now();
	for (size_t i = 0; i < ROSTER_MEMBERS_MAX; i++) {
		struct peer *p = &all->peers[i];
		if (!p->member || p->link || now - p->reset_at < RESET_GAP ||
		    !is_ours(p) || !part_is_at(p, from))
			continue;
		p->reset_at = now;
		p->pause_ms = PAUSE_MIN;
		if (is_stuck(p, now))
			part_dial_stop(p);
		if (!p->dialled)
			p->dial_at = now;
	}
}

/* The connection is there, or not: it has served. */
static void
take_knocked(struct loop_watch *watch, short revents)
{
	(void)revents;
	end_knock((struct peer *)(void *)((char *)watch -
					  offsetof(struct peer, knock)));
}

void
part_knock(struct peer *p)
{
	int fd;
	if (p->addrs_len == 0 || p->knock.fd >= 0 ||
	    connect_to(p->all, &p->addrs[0], &fd) != ERR_OK)
		return;
	p->knock = (struct loop_watch){
		.fd = fd,
		.events = POLLOUT,
		.deadline = loop_now() + KNOCK_MS,
		.ready = take_knocked,
	};
	if (loop_add(p->all->config->loop, &p->knock) == ERR_OK)
		return;
	close(fd);
	p->knock.fd = -1;
}

static void
take_resolved(struct loop_watch *watch, short revents)
{
	struct peers *all =
		(struct peers *)(void *)((char *)watch -
					 offsetof(struct peers, resolving));
	struct peer *p = &all->peers[all->resolved];
	struct net_addr addrs[RESOLVER_ADDRS_MAX];
	size_t len = 0;
	loop_remove(all->config->loop, watch);
	watch->fd = -1;
	enum err e = ERR_TIMEOUT;
	if (revents != 0)
		e = resolver_finish(&all->resolver, addrs, &len);
	else
		resolver_stop(&all->resolver);
	p->wants_addrs = p->stale = false;
	p->addr = 0;
	if (e != ERR_OK || len == 0) {
		set_error(p, "no address for its host name");
		part_dial_failed(p);
	} else {
		memcpy(p->addrs, addrs, len * sizeof *addrs);
		p->addrs_len = len;
		/* Never: a dial was due, and has waited for the name. */
		if (is_ours(p) || p->dial_at == LOOP_NEVER)
			p->dial_at = loop_now();
		if (!is_ours(p) && !p->link)
			part_knock(p);
	}
	part_resolve(all);
}

void
part_resolve(struct peers *all)
{
	unsigned i, n = 0;
	if (all->resolving.fd >= 0 || all->stopping)
		return;
	/* The others first: one that takes long must not hold them up. */
	do {
		if (n++ == ROSTER_MEMBERS_MAX)
			return;
		i = (all->resolved + n) % ROSTER_MEMBERS_MAX;
	} while (!all->peers[i].member || !all->peers[i].wants_addrs);
	const struct endpoint *end = &all->peers[i].member->ends[0];
	all->resolved = i;
	if (resolver_start(&all->resolver, end->host, end->port) != ERR_OK) {
		all->peers[i].wants_addrs = false;
		part_dial_failed(&all->peers[i]);
		return;
	}
	all->resolving = (struct loop_watch){
		.fd = all->resolver.fd,
		.events = POLLIN,
		.deadline = loop_now() + RESOLVE_MS,
		.ready = take_resolved,
	};
	if (loop_add(all->config->loop, &all->resolving) == ERR_OK)
		return;
	resolver_stop(&all->resolver);
	all->resolving.fd = -1;
}
