// SPDX-License-Identifier: MIT
#include "applets/join/dial.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "applets/join/progress.h"
#include "core/base/fmt.h"
#include "core/doc/regcred.h"
#include "core/ident/rng.h"
#include "core/run/loop.h"

#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS 2000

void
dial_init(struct dial *d, const struct regcred *registry, struct rng *rng,
	  int64_t deadline)
{
	memset(d, 0, sizeof *d);
	d->registry = registry;
	d->rng = rng;
	d->deadline = deadline;
	strcpy(d->why, "cannot reach the registry: timed out");
	dial_reset(d);
}

void
dial_reset(struct dial *d)
{
	d->pause_ms = PAUSE_MIN_MS;
	d->end = 0;
	d->addr = d->addrs_len = 0;
}

bool
dial_wait(int fd, short events, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = events };
	for (;;) {
		int64_t left = deadline - loop_now();
		int ms = left > INT_MAX ? INT_MAX : left > 0 ? (int)left : 0;
		int n = poll(&p, 1, ms);
		if (n > 0)
			return true;
		if (n == 0 && left <= ms)
			return false;
		if (n < 0 && errno != EINTR)
			return true; /* what is done next tells why */
	}
}

void
dial_sleep(struct rng *rng, unsigned ms, int64_t deadline)
{
	uint8_t jitter;
	rng_bytes(rng, &jitter, sizeof jitter);
	int64_t until = loop_now() + ms / 2 + ms * jitter / 512;
	(void)dial_wait(-1, 0, until < deadline ? until : deadline);
}

bool
dial_pause(struct dial *d)
{
	dial_sleep(d->rng, d->pause_ms, d->deadline);
	d->pause_ms *= 2;
	if (d->pause_ms > PAUSE_MAX_MS)
		d->pause_ms = PAUSE_MAX_MS;
	d->end = 0;
	d->addr = d->addrs_len = 0;
	return loop_now() < d->deadline;
}

/* When a step that begins now has to be over. */
static int64_t
step_deadline(const struct dial *d)
{
	int64_t until = loop_now() + DIAL_STEP_MS;
	return until < d->deadline ? until : d->deadline;
}

static enum err
failed(struct dial *d, const char *verb, const char *what, const char *why)
{
	fmt_text(d->why, sizeof d->why, "cannot %s %s: %s", verb, what, why);
	progress("%s", d->why);
	return ERR_UNREACHABLE;
}

/* Finds the addresses of the end point that is next. */
static enum err
resolve(struct dial *d)
{
	const struct endpoint *ep = &d->registry->ends[d->end++];
	struct resolver r;
	d->addr = 0;
	d->addrs_len = 1;
	if (net_parse(&d->addrs[0], ep->host, ep->port) == ERR_OK)
		return ERR_OK;
	d->addrs_len = 0;
	enum err e = resolver_start(&r, ep->host, ep->port);
	if (e != ERR_OK)
		return e;
	if (!dial_wait(r.fd, POLLIN, step_deadline(d))) {
		resolver_stop(&r);
		return failed(d, "resolve", ep->host, "timed out");
	}
	if (resolver_finish(&r, d->addrs, &d->addrs_len) != ERR_OK)
		return failed(d, "resolve", ep->host, "no such name");
	return ERR_OK;
}

static enum err
connect_to(struct dial *d, const struct net_addr *addr, int *fd)
{
	net_format(d->at, addr);
	enum err e = net_connect(addr, NULL, fd);
	if (e == ERR_SYSTEM && errno != EAFNOSUPPORT)
		return e;
	if (e != ERR_OK)
		return failed(d, "reach", d->at, strerror(errno));
	if (!dial_wait(*fd, POLLOUT, step_deadline(d))) {
		close(*fd);
		return failed(d, "reach", d->at, strerror(ETIMEDOUT));
	}
	if (net_connected(*fd) != ERR_OK) {
		failed(d, "reach", d->at, strerror(errno));
		close(*fd);
		return ERR_UNREACHABLE;
	}
	return ERR_OK;
}

enum err
dial_next(struct dial *d, int *fd)
{
	while (d->addr < d->addrs_len || d->end < d->registry->ends_len) {
		bool connect = d->addr < d->addrs_len;
		enum err e = connect ? connect_to(d, &d->addrs[d->addr++], fd)
				     : resolve(d);
		if (e == ERR_SYSTEM || (connect && e == ERR_OK))
			return e;
		if (loop_now() >= d->deadline)
			break;
	}
	d->end = 0;
	d->addr = d->addrs_len = 0;
	return ERR_UNREACHABLE;
}
