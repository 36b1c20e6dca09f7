// SPDX-License-Identifier: MIT

/* Connections that come in on the cluster port. */

#include "applets/member/peers_part.h"
#include "core/base/log.h"

#define GRACE 1000 /* ms a link without a Hello keeps its slot for certain */
#define CROWD 8    /* of them, for each member at an address */

/* Counts those that did not say who they are, and finds the oldest. */
static unsigned
count_strangers(const struct peers *all, const struct net_addr *from,
		struct link **oldest)
{
	unsigned count = 0;
	*oldest = NULL;
	for (size_t i = 0; i < all->links.made; i++) {
		struct link *l = slots_item(&all->links, i);
		if (l->life != LINK_USED || l->index != LINK_STRANGER ||
		    (from && !net_same_host(&l->from, from)))
			continue;
		count++;
		if (!*oldest || l->began < (*oldest)->began)
			*oldest = l;
	}
	return count;
}

bool
peers_has_room(void *peers)
{
	const struct peers *all = peers;
	struct link *oldest;
	return all->links.len < all->links.max &&
	       count_strangers(all, NULL, &oldest) < PART_STRANGERS_MAX;
}

static void
end_stranger(struct peers *all, struct link *l)
{
	link_drop(l);
	part_give_slot(all, l);
	part_bury(all);
}

bool
peers_drop_one(void *peers)
{
	struct link *oldest;
	(void)count_strangers(peers, NULL, &oldest);
	if (!oldest || oldest->began > loop_now() - GRACE)
		return false;
	end_stranger(peers, oldest);
	return true;
}

/* How many members may be there; in doubt about names, they are looked up. */
static unsigned
count_members_at(const struct peers *all, const struct net_addr *from)
{
	unsigned count = 0;
	for (size_t i = 0; i < ROSTER_MEMBERS_MAX; i++)
		count += all->peers[i].member &&
			 part_is_at(&all->peers[i], from);
	return count;
}

/* One more comes from an address: of too many there, the oldest ends. */
static void
limit_strangers(struct peers *all, const struct net_addr *from,
		unsigned members)
{
	struct link *oldest;
	if (!all->config->any_address &&
	    count_strangers(all, from, &oldest) >= CROWD * members)
		end_stranger(all, oldest);
}

void
peers_accept(void *peers, int fd, const struct net_addr *from)
{
	struct peers *all = peers;
	char text[NET_TEXT_MAX];
	unsigned members = count_members_at(all, from);
	if (members == 0 && !all->config->any_address) {
		net_format(text, from);
		log_line(LOG_LEVEL_DEBUG, "%s is no member's address", text);
		net_hang_up(fd);
		all->config->stranger(all);
		return;
	}
	limit_strangers(all, from, members);
	struct link *l = part_take_slot(all);
	if (!l) {
		net_hang_up(fd);
		return;
	}
	if (link_accept(l, &all->kind, part_buffers(all, l), fd) != ERR_OK) {
		part_give_slot(all, l);
		return;
	}
	l->from = *from;
	part_take_knock(all, from);
}
