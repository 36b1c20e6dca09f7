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

static void
start_over(struct dial *d)
{
	d->end = 0;
	d->addr = d->addrs_len = 0;
}

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
	start_over(d);
}

int64_t
dial_within(int64_t ms, int64_t deadline)
{
	int64_t until = loop_now() + ms;
	return until < deadline ? until : deadline;
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

bool
dial_sleep(struct rng *rng, unsigned *ms, unsigned max_ms, int64_t deadline)
{
	uint8_t jitter;
	rng_bytes(rng, &jitter, sizeof jitter);
	unsigned about = *ms / 2 + *ms * jitter / 512;
	(void)dial_wait(-1, 0, dial_within(about, deadline));
	*ms = *ms < max_ms / 2 ? *ms * 2 : max_ms;
	return loop_now() < deadline;
}

bool
dial_pause(struct dial *d)
{
	start_over(d);
	return dial_sleep(d->rng, &d->pause_ms, PAUSE_MAX_MS, d->deadline);
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
	const char *why = "no such name";
	if (!dial_wait(r.fd, POLLIN, dial_within(DIAL_STEP_MS, d->deadline))) {
		resolver_stop(&r);
		why = "timed out";
	} else if (resolver_finish(&r, d->addrs, &d->addrs_len) == ERR_OK) {
		return ERR_OK;
	}
	return failed(d, "resolve", ep->host, why);
}

static enum err
connect_to(struct dial *d, const struct net_addr *addr, int *fd)
{
	net_format(d->at, addr);
	enum err e = net_connect(addr, NULL, fd);
	if (e == ERR_SYSTEM && errno != EAFNOSUPPORT)
		return e;
	int why = errno;
	if (e == ERR_OK) {
		int64_t until = dial_within(DIAL_STEP_MS, d->deadline);
		bool there = dial_wait(*fd, POLLOUT, until);
		if (there && net_connected(*fd) == ERR_OK)
			return ERR_OK;
		why = there ? errno : ETIMEDOUT;
		close(*fd);
	}
	return failed(d, "reach", d->at, strerror(why));
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
	start_over(d);
	return ERR_UNREACHABLE;
}
