// SPDX-License-Identifier: MIT

/* Connections with other members: which of them stay. */

#include <string.h>

#include "applets/member/peers_part.h"
#include "core/base/fmt.h"
#include "core/run/net.h"

#define OPEN_MS 10000   /* for Hello and Ack on a link */
#define BYE_MS 2000     /* for the answer to a Bye */
#define CONNECT_MS 3000 /* for a connection of ours */

uint8_t *
part_buffers(const struct peers *all, const struct link *l)
{
	return slots_buffer(&all->links, l->slot);
}

struct link *
part_take_slot(struct peers *all)
{
	size_t slot = slots_take(&all->links);
	if (slot == SLOTS_NONE)
		return NULL;
	struct link *l = slots_item(&all->links, slot);
	l->slot = slot;
	l->owner = all;
	return l;
}

void
part_give_slot(struct peers *all, struct link *l)
{
	l->life = LINK_ENDED;
	all->ended = true;
}

bool
part_is_coming(const struct peer *p)
{
	for (size_t i = 0; i < p->all->links.made; i++) {
		const struct link *l = slots_item(&p->all->links, i);
		if (l->life == LINK_USED && l->index == LINK_STRANGER &&
		    part_is_at(p, &l->from))
			return true;
	}
	return false;
}

/* Calls with each link that is in use. */
static void
each_link(struct peers *all, void (*call)(struct link *l, int64_t now),
	  int64_t now)
{
	for (size_t i = 0; i < all->links.made; i++) {
		struct link *l = slots_item(&all->links, i);
		if (l->life == LINK_USED)
			call(l, now);
	}
}

void
part_bury(struct peers *all)
{
	if (!all->ended)
		return;
	all->ended = false;
	for (size_t i = 0; i < all->links.made; i++) {
		struct link *l = slots_item(&all->links, i);
		if (l->life != LINK_ENDED)
			continue;
		l->life = LINK_FREE;
		slots_give(&all->links, i);
	}
}

static struct peers *
peers_of(const struct link *l)
{
	return l->owner;
}

/* The member at the other end, or NULL while that is not known. */
static struct peer *
peer_of(const struct link *l)
{
	return l->index == LINK_STRANGER ? NULL : &peers_of(l)->peers[l->index];
}

/* What the link has done becomes part of the member's figures. */
static void
retire(struct peer *p, struct link *l)
{
	p->status.messages_in += l->apps_in;
	p->status.messages_out += l->apps_out;
	p->status.bytes_in += l->channel.bytes_in;
	p->status.bytes_out += l->channel.bytes_out;
	l->apps_in = l->apps_out = 0;
	l->channel.bytes_in = l->channel.bytes_out = 0;
}

static void
drop(struct peer *p, struct link *l)
{
	retire(p, l);
	link_drop(l);
	part_give_slot(p->all, l);
}

/*
 * What the other end has not acknowledged would be sent again for minutes, and
 * an end of the stream wait behind it: where packets get through one way only,
 * it is told at once so.
 */
static void
reset(struct peer *p, struct link *l)
{
	if (l->channel.phase != CHANNEL_GONE)
		net_reset_at_close(l->channel.watch.fd, true);
	drop(p, l);
}

/* Also sessions that say Bye: the index may be another's from now on. */
void
part_drop_links(struct peer *p)
{
	p->link = p->rival = NULL;
	for (size_t i = 0; i < p->all->links.made; i++) {
		struct link *l = slots_item(&p->all->links, i);
		if (l->life == LINK_USED && l->index == part_index(p) &&
		    l != p->dialled)
			reset(p, l);
	}
}

/* Whether messages are on their way on a session that another replaced. */
static bool
has_older_posts(const struct peer *p)
{
	for (size_t i = 0; i < p->all->links.made; i++) {
		const struct link *l = slots_item(&p->all->links, i);
		if (l->life == LINK_USED && l->index == part_index(p) &&
		    l != p->link && l->sent.first)
			return true;
	}
	return false;
}

void
part_flush(struct peer *p)
{
	struct peer_post *post;
	/* What waits must not overtake them. */
	if (!p->link || !p->waiting.first || has_older_posts(p))
		return;
	while ((post = posts_take(&p->waiting))) {
		if (link_send(p->link, post) == ERR_OK)
			continue;
		posts_put_back(&p->waiting, post);
		return;
	}
}

static void
end_rival(struct peer *p)
{
	if (p->rival)
		link_bye(p->rival);
	p->rival = NULL;
}

/*
 * Two sessions with one member: the one that the lower index has dialled
 * stays, but a dead one is not kept for that.
 */
static void
choose(struct peer *p, struct link *l)
{
	struct link *old = p->link;
	bool we_are_lower = p->all->roster->self < l->index;
	if (l->dialled == old->dialled || l->dialled == we_are_lower) {
		p->link = l;
		link_bye(old);
		end_rival(p);
		return;
	}
	end_rival(p);
	p->rival = l;
	p->rival_until = loop_now() + p->all->times.probe_ms;
	link_ask(old);
}

/* Of too many sessions, the one ends that has said Bye first. */
static void
limit_sessions(struct peer *p)
{
	struct link *oldest = NULL;
	unsigned count = 0;
	for (size_t i = 0; i < p->all->links.made; i++) {
		struct link *l = slots_item(&p->all->links, i);
		if (l->life != LINK_USED || l->index != part_index(p))
			continue;
		count++;
		if (l->state == LINK_STATE_BYE && l != p->link &&
		    l != p->rival && (!oldest || l->began < oldest->began))
			oldest = l;
	}
	if (oldest && count > PART_SESSIONS_MAX)
		drop(p, oldest);
}

static void
take_opened(struct link *l)
{
	struct peer *p = peer_of(l);
	if (p->dialled == l)
		p->dialled = NULL;
	limit_sessions(p);
	if (p->all->stopping) {
		link_bye(l);
		return;
	}
	if (p->link)
		choose(p, l);
	else
		p->link = l;
	part_dial_done(p);
	liveness_opened(&p->all->liveness, l->index, loop_now());
	part_flush(p);
}

static void
take_heard(struct link *l)
{
	struct peer *p = peer_of(l);
	if (l == p->link)
		liveness_heard(&p->all->liveness, l->index, loop_now());
}

static void
take_answered(struct link *l)
{
	struct peer *p = peer_of(l);
	p->status.rtt_us = l->rtt_us;
	if (l != p->link)
		return;
	liveness_acked(&p->all->liveness, l->index);
	end_rival(p);
}

static void
take_suspects(struct link *l, unsigned index)
{
	struct peers *all = peers_of(l);
	if (all->peers[index].member)
		liveness_probe(&all->liveness, index, loop_now());
}

static enum err
take_app(struct link *l, const uint8_t *bytes, size_t len)
{
	struct peers *all = peers_of(l);
	return all->config->message(all, l->index, bytes, len);
}

static void
take_room(struct link *l)
{
	part_flush(peer_of(l));
}

static void
take_stranger(struct link *l)
{
	peers_of(l)->config->stranger(peers_of(l));
}

/* The session in use has ended. */
static void
lose(struct peer *p, enum link_end how)
{
	struct liveness *liveness = &p->all->liveness;
	unsigned index = part_index(p);
	p->link = p->rival;
	p->rival = NULL;
	if (p->link) {
		liveness_acked(liveness, index);
		part_flush(p);
		return;
	}
	if (how == LINK_BYE)
		liveness_left(liveness, index, loop_now());
	else
		liveness_broken(liveness, index, loop_now());
	part_plan(p);
}

static void
take_ended(struct link *l, enum link_end how, const char *why)
{
	struct peer *p = peer_of(l);
	part_give_slot(peers_of(l), l);
	if (!p)
		return;
	retire(p, l);
	if (how != LINK_BYE)
		fmt_text(p->status.error, sizeof p->status.error, "%s", why);
	else if (l == p->link)
		p->status.error[0] = '\0';
	if (l == p->rival) {
		p->rival = NULL;
	} else if (l == p->link) {
		lose(p, how);
	} else if (l == p->dialled) {
		p->dialled = NULL;
		if (how == LINK_REFUSED)
			liveness_refused(&p->all->liveness, l->index,
					 loop_now());
		part_dial_failed(p);
	}
	part_flush(p);
}

void
part_set_kind(struct peers *all)
{
	struct link_kind *kind = &all->kind;
	kind->channel.loop = all->config->loop;
	kind->channel.pool = all->config->pool;
	kind->channel.hello_len = all->config->hello_len;
	/* Whom members are kept from by clients, they hold for down. */
	kind->channel.urgent = !all->config->any_address;
	kind->channel.connect_ms = CONNECT_MS;
	kind->channel.linger_ms = BYE_MS;
	kind->channel.config = (struct session_config){
		.dialects = DIALECT_BIT(DIALECT_SEALED),
		.pipelined = true,
		.hello_ms = OPEN_MS,
		.message_ms = OPEN_MS,
		.idle_ms = SESSION_NEVER,
		.rng = all->config->rng,
	};
	kind->roster = all->roster;
	kind->opened = take_opened;
	kind->heard = take_heard;
	kind->answered = take_answered;
	kind->suspects = take_suspects;
	kind->message = take_app;
	kind->room = take_room;
	kind->stranger = take_stranger;
	kind->ended = take_ended;
	link_kind_init(kind);
}

void
part_judge_rivals(struct peers *all, int64_t now)
{
	for (size_t i = 0; i < ROSTER_MEMBERS_MAX; i++) {
		struct peer *p = &all->peers[i];
		if (!p->rival || now < p->rival_until)
			continue;
		struct link *old = p->link;
		p->link = p->rival;
		p->rival = NULL;
		drop(p, old);
		liveness_acked(&all->liveness, (unsigned)i);
		part_flush(p);
	}
}

static void
sweep(struct link *l, int64_t now)
{
	int64_t limit = l->state == LINK_STATE_BYE ? BYE_MS : OPEN_MS;
	if (link_is_open(l) || now - l->began < limit)
		return;
	link_drop(l);
	take_ended(l, l->state == LINK_STATE_BYE ? LINK_BYE : LINK_FAILED,
		   "timed out");
}

void
part_sweep(struct peers *all, int64_t now)
{
	each_link(all, sweep, now);
}
