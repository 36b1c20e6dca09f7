// SPDX-License-Identifier: MIT
#include "applets/member/liveness.h"

#define NEVER INT64_MAX
#define NEAR 2    /* members that are asked each time */
#define SLACK 250 /* ms that this process may well have been kept waiting */
#define SPLIT_GAP 5000 /* ms between two that may have one cause */
#define PROBE_GAP 1000 /* ms between probes of one member */

void
liveness_forget(struct liveness *l, unsigned index, int64_t now)
{
	l->peers[index] = (struct liveness_peer){
		.since = now,
		.asked = NEVER,
		.probed = -PROBE_GAP,
		.verdict = NEVER,
	};
}

void
liveness_init(struct liveness *l, const struct liveness_config *config,
	      unsigned self, int64_t now)
{
	l->config = config;
	l->self = self;
	l->tick = now + config->keepalive_ms;
	l->silent = -SPLIT_GAP;
	for (unsigned i = 0; i < ROSTER_MEMBERS_MAX; i++)
		liveness_forget(l, i, now);
}

static void
set_up(struct liveness *l, unsigned index, bool up, int64_t now)
{
	struct liveness_peer *p = &l->peers[index];
	p->asked = p->verdict = NEVER;
	if (p->up == up)
		return;
	p->up = up;
	p->since = now;
	l->config->changed(l, index, up);
}

void
liveness_opened(struct liveness *l, unsigned index, int64_t now)
{
	struct liveness_peer *p = &l->peers[index];
	p->session = true;
	/*
	 * Spread, so that a minute's KeepAlives do not all go at once; nor do
	 * all members ask the same one at a time.
	 */
	unsigned ahead = (index - l->self) % ROSTER_MEMBERS_MAX;
	p->far_due = now + l->config->far_ms / ROSTER_MEMBERS_MAX * ahead;
	set_up(l, index, true, now);
}

static void
down(struct liveness *l, unsigned index, int64_t now)
{
	l->peers[index].session = false;
	set_up(l, index, false, now);
}

static void
ask(struct liveness *l, unsigned index, int64_t now)
{
	struct liveness_peer *p = &l->peers[index];
	if (p->asked == NEVER)
		p->asked = now;
	l->config->keepalive(l, index);
}

/* From now on it has probe_ms to show that it lives. */
static void
probe(struct liveness *l, unsigned index, int64_t now)
{
	struct liveness_peer *p = &l->peers[index];
	p->probed = now;
	if (p->verdict == NEVER)
		p->verdict = now + l->config->probe_ms;
	if (p->session)
		ask(l, index, now);
	else
		l->config->dial(l, index);
}

void
liveness_probe(struct liveness *l, unsigned index, int64_t now)
{
	struct liveness_peer *p = &l->peers[index];
	if (p->up && now - p->probed >= PROBE_GAP)
		probe(l, index, now);
}

void
liveness_broken(struct liveness *l, unsigned index, int64_t now)
{
	struct liveness_peer *p = &l->peers[index];
	p->session = false;
	p->asked = NEVER;
	if (!p->up)
		return;
	probe(l, index, now);
	l->config->suspect(l, index);
}

void
liveness_left(struct liveness *l, unsigned index, int64_t now)
{
	down(l, index, now);
}

void
liveness_refused(struct liveness *l, unsigned index, int64_t now)
{
	if (!l->peers[index].session)
		down(l, index, now);
}

void
liveness_acked(struct liveness *l, unsigned index)
{
	l->peers[index].asked = l->peers[index].verdict = NEVER;
}

void
liveness_heard(struct liveness *l, unsigned index, int64_t now)
{
	struct liveness_peer *p = &l->peers[index];
	p->verdict = NEVER;
	if (p->asked != NEVER)
		p->asked = now;
}

/* Asks the next two that are up, and those whose minute is over. */
static void
send_keepalives(struct liveness *l, int64_t now)
{
	unsigned near = 0;
	for (unsigned n = 1; n < ROSTER_MEMBERS_MAX; n++) {
		unsigned i = (l->self + n) % ROSTER_MEMBERS_MAX;
		struct liveness_peer *p = &l->peers[i];
		if (!p->up || !p->session)
			continue;
		bool is_near = near++ < NEAR;
		if (p->asked != NEVER || (!is_near && now < p->far_due))
			continue;
		p->far_due = now + l->config->far_ms;
		ask(l, i, now);
	}
}

/*
 * It had its time.  When it is the second one, the network may be in two parts
 * of which the ring finds but the ends: then all have to show that they live.
 */
static void
condemn(struct liveness *l, unsigned index, int64_t now)
{
	bool split = now - l->silent < SPLIT_GAP;
	l->silent = now;
	down(l, index, now);
	for (unsigned i = 0; split && i < ROSTER_MEMBERS_MAX; i++)
		liveness_probe(l, i, now);
}

static void
judge(struct liveness *l, unsigned index, int64_t now)
{
	struct liveness_peer *p = &l->peers[index];
	if (p->verdict <= now)
		condemn(l, index, now);
	else if (p->asked != NEVER && p->verdict == NEVER &&
		 p->asked + l->config->patience_ms <= now) {
		probe(l, index, now);
		l->config->suspect(l, index);
	}
}

int64_t
liveness_deadline(const struct liveness *l)
{
	int64_t first = l->tick;
	for (unsigned i = 0; i < ROSTER_MEMBERS_MAX; i++) {
		const struct liveness_peer *p = &l->peers[i];
		int64_t due = p->verdict;
		if (due == NEVER && p->asked != NEVER)
			due = p->asked + l->config->patience_ms;
		if (due < first)
			first = due;
	}
	return first;
}

/* Time in which this process did not run counts for nobody. */
static void
forgive(struct liveness *l, int64_t late)
{
	for (unsigned i = 0; i < ROSTER_MEMBERS_MAX; i++) {
		struct liveness_peer *p = &l->peers[i];
		if (p->asked != NEVER)
			p->asked += late;
		if (p->verdict != NEVER)
			p->verdict += late;
	}
}

void
liveness_tick(struct liveness *l, int64_t now)
{
	int64_t late = now - liveness_deadline(l);
	if (late > SLACK)
		forgive(l, late);
	for (unsigned i = 0; i < ROSTER_MEMBERS_MAX; i++)
		judge(l, i, now);
	if (l->tick > now)
		return;
	send_keepalives(l, now);
	/* In step with the clock, not with our delays. */
	while (l->tick <= now)
		l->tick += l->config->keepalive_ms;
}
