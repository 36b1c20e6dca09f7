// SPDX-License-Identifier: MIT
#include "applets/member/peers.h"

#include <string.h>

#include "applets/member/peers_part.h"
#include "core/base/bytes.h"
#include "core/base/fmt.h"
#include "core/base/log.h"

/* Sessions and a dial of each member, and who says nothing. */
#define LINKS_MAX \
	((PART_SESSIONS_MAX + 1) * ROSTER_MEMBERS_MAX + PART_STRANGERS_MAX)
#define SWEEP_MS 1000

#define OF_LIVENESS(l) \
	((struct peers *)(void *)((char *)(l)-offsetof(struct peers, liveness)))

static void
send_keepalive(struct liveness *l, unsigned index)
{
	struct peer *p = &OF_LIVENESS(l)->peers[index];
	if (p->link)
		link_ask(p->link);
}

static void
probe_by_dial(struct liveness *l, unsigned index)
{
	part_dial(&OF_LIVENESS(l)->peers[index]);
}

static void
tell_suspicion(struct liveness *l, unsigned index)
{
	struct peers *all = OF_LIVENESS(l);
	for (unsigned i = 0; i < ROSTER_MEMBERS_MAX; i++)
		if (i != index && all->peers[i].link)
			link_suspect(all->peers[i].link, index);
}

static void
take_change(struct liveness *l, unsigned index, bool up)
{
	struct peers *all = OF_LIVENESS(l);
	struct peer *p = &all->peers[index];
	if (!up) {
		if (p->link) /* which stands, and nothing comes on it */
			fmt_text(p->status.error, sizeof p->status.error,
				 "no answer");
		part_drop_links(p);
		posts_answer(&p->waiting, PEER_DOWN);
		part_plan(p);
	}
	if (p->member && !all->stopping)
		all->config->changed(all, index, up);
}

static void
take_timer(struct loop_watch *watch, short revents)
{
	struct peers *all =
		(struct peers *)(void *)((char *)watch -
					 offsetof(struct peers, timer));
	int64_t now = loop_now();
	(void)revents;
	part_bury(all);
	if (all->stopping && now - all->swept < SWEEP_MS)
		return;
	if (!all->stopping && liveness_deadline(&all->liveness) <= now)
		liveness_tick(&all->liveness, now);
	part_judge_rivals(all, now);
	for (size_t i = 0; i < ROSTER_MEMBERS_MAX; i++)
		if (all->peers[i].dial_at <= now)
			part_dial_due(&all->peers[i]);
	if (now - all->swept < SWEEP_MS)
		return;
	all->swept = now;
	part_sweep(all, now);
}

void
peers_turn(struct peers *all)
{
	int64_t first = liveness_deadline(&all->liveness);
	for (size_t i = 0; i < ROSTER_MEMBERS_MAX; i++) {
		const struct peer *p = &all->peers[i];
		if (p->dial_at < first)
			first = p->dial_at;
		if (p->rival && p->rival_until < first)
			first = p->rival_until;
	}
	if (all->stopping)
		first = all->swept + SWEEP_MS;
	all->timer.deadline = all->ended ? 0 : first;
}

/* Takes a member that was not there in this form. */
static void
add_member(struct peers *all, const struct member *m)
{
	struct peer *p = &all->peers[m->index];
	memset(p, 0, sizeof *p);
	p->all = all;
	p->member = m;
	p->status.rtt_us = -1;
	posts_init(&p->waiting);
	part_dial_init(p);
	part_plan(p);
	if (m->index < all->roster->self)
		part_knock(p);
}

/* The member is one no more. */
static void
remove_member(struct peer *p)
{
	unsigned index = part_index(p);
	part_dial_stop(p);
	liveness_left(&p->all->liveness, index, loop_now());
	part_drop_links(p);
	posts_answer(&p->waiting, PEER_DOWN);
	p->member = NULL;
	p->wants_addrs = false;
	p->dial_at = LOOP_NEVER;
	liveness_forget(&p->all->liveness, index, loop_now());
}

static void
add_members(struct peers *all)
{
	for (size_t i = 0; i < all->roster->members_len; i++) {
		const struct member *m = &all->roster->members[i];
		struct peer *p = &all->peers[m->index];
		if (m->index != all->roster->self && !p->member)
			add_member(all, m);
	}
	part_resolve(all);
}

enum err
peers_init(struct peers *all, const struct peers_config *config,
	   const struct roster *roster)
{
	memset(all, 0, sizeof *all);
	all->config = config;
	all->roster = roster;
	all->resolving.fd = -1;
	all->resolver = (struct resolver){ .pid = -1, .fd = -1 };
	all->swept = loop_now();
	all->timer = (struct loop_watch){ .fd = -1, .ready = take_timer };
	for (size_t i = 0; i < ROSTER_MEMBERS_MAX; i++) {
		all->peers[i].all = all;
		all->peers[i].dial_at = LOOP_NEVER;
		all->peers[i].knock.fd = -1;
	}
	all->times = config->times;
	all->times.keepalive = send_keepalive;
	all->times.dial = probe_by_dial;
	all->times.suspect = tell_suspicion;
	all->times.changed = take_change;
	liveness_init(&all->liveness, &all->times, roster->self, loop_now());
	part_set_kind(all);
	enum err e = slots_init(&all->links, LINKS_MAX, sizeof(struct link),
				CHANNEL_BUFFERS_LEN);
	if (e == ERR_OK)
		e = loop_add(config->loop, &all->timer);
	if (e == ERR_OK)
		add_members(all);
	return e;
}

size_t
peers_watches(void)
{
	return LINKS_MAX + ROSTER_MEMBERS_MAX + 2;
}

/* Whether both are one member whose session can stay. */
static bool
is_same(const struct member *a, const struct member *b)
{
	return nodeid_equal(&a->id, &b->id) && rsakey_equal(&a->ck, &b->ck) &&
	       rsakey_equal(&a->sk, &b->sk);
}

/* Takes a member's present entry; its address may have changed. */
static void
renew_member(struct peer *p, const struct member *m)
{
	const struct endpoint *old = &p->member->ends[0];
	const struct endpoint *now = &m->ends[0];
	bool moved =
		strcmp(old->host, now->host) != 0 || old->port != now->port;
	p->member = m;
	if (p->dialled)
		p->dialled->channel.ck = &m->ck;
	if (!moved)
		return;
	part_dial_stop(p);
	part_dial_init(p);
	if (!p->link)
		part_plan(p);
}

void
peers_set_roster(struct peers *all, const struct roster *roster)
{
	bool moved = roster->self != all->roster->self;
	for (unsigned i = 0; i < ROSTER_MEMBERS_MAX; i++) {
		struct peer *p = &all->peers[i];
		const struct member *m = roster_find(roster, i);
		if (p->member && (!m || moved || !is_same(p->member, m)))
			remove_member(p);
	}
	all->roster = all->kind.roster = roster;
	all->liveness.self = roster->self;
	for (unsigned i = 0; i < ROSTER_MEMBERS_MAX; i++)
		if (all->peers[i].member)
			renew_member(&all->peers[i], roster_find(roster, i));
	add_members(all);
}

static void
add_figures(struct peer_status *s, const struct link *l)
{
	if (!l)
		return;
	s->messages_in += l->apps_in;
	s->messages_out += l->apps_out;
	s->bytes_in += l->channel.bytes_in;
	s->bytes_out += l->channel.bytes_out;
}

void
peers_status(const struct peers *all, unsigned index,
	     struct peer_status *status)
{
	const struct peer *p = &all->peers[index];
	*status = p->status;
	status->self = index == all->roster->self;
	status->up = status->self || all->liveness.peers[index].up;
	status->since = all->liveness.peers[index].since;
	add_figures(status, p->link);
	add_figures(status, p->rival);
}

unsigned
peers_up(const struct peers *all)
{
	unsigned up = 1;
	for (size_t i = 0; i < ROSTER_MEMBERS_MAX; i++)
		up += all->liveness.peers[i].up;
	return up;
}

bool
peers_have_quorum(const struct peers *all)
{
	return 2 * peers_up(all) > all->roster->members_len;
}

void
peers_send(struct peers *all, unsigned index, struct peer_post *post)
{
	struct peer *p = &all->peers[index];
	post->index = index;
	if (!all->liveness.peers[index].up) {
		post->answered(post, PEER_DOWN);
		return;
	}
	posts_add(&p->waiting, post);
	part_flush(p);
}

void
peers_forget(struct peers *all, struct peer_post *post)
{
	struct peer *p = &all->peers[post->index];
	if (!p->member || posts_remove(&p->waiting, post))
		return;
	for (size_t i = 0; i < all->links.made; i++) {
		struct link *l = slots_item(&all->links, i);
		if (l->life == LINK_USED)
			link_forget(l, post);
	}
}

void
peers_stop(struct peers *all)
{
	all->stopping = true;
	for (size_t i = 0; i < ROSTER_MEMBERS_MAX; i++) {
		struct peer *p = &all->peers[i];
		if (!p->member)
			continue;
		part_dial_stop(p);
		if (p->link)
			link_bye(p->link);
		if (p->rival)
			link_bye(p->rival);
	}
	all->swept = loop_now();
}

bool
peers_are_busy(const struct peers *all)
{
	return all->links.len > 0;
}
