// SPDX-License-Identifier: MIT

/* Connections that come in on the cluster port. */

#include <unistd.h>

#include "applets/member/peers_part.h"
#include "core/base/log.h"

#define GRACE 1000 /* ms a link without a Hello keeps its slot for certain */

bool
peers_has_room(void *peers)
{
	const struct peers *all = peers;
	return all->links.len < all->links.max;
}

bool
peers_drop_one(void *peers)
{
	struct peers *all = peers;
	struct link *oldest = NULL;
	for (size_t i = 0; i < all->links.made; i++) {
		struct link *l = slots_item(&all->links, i);
		if (l->life == LINK_USED && l->index == LINK_STRANGER &&
		    (!oldest || l->began < oldest->began))
			oldest = l;
	}
	if (!oldest || oldest->began > loop_now() - GRACE)
		return false;
	link_drop(oldest);
	part_give_slot(all, oldest);
	part_bury(all);
	return true;
}

/* Whether a member may be there; in doubt about names, they are looked up. */
static bool
is_member_at(struct peers *all, const struct net_addr *from)
{
	for (size_t i = 0; i < ROSTER_MEMBERS_MAX; i++)
		if (all->peers[i].member && part_is_at(&all->peers[i], from))
			return true;
	return false;
}

void
peers_accept(void *peers, int fd, const struct net_addr *from)
{
	struct peers *all = peers;
	char text[NET_TEXT_MAX];
	bool known = is_member_at(all, from);
	if (!known && !all->config->any_address) {
		net_format(text, from);
		log_line(LOG_LEVEL_DEBUG, "%s is no member's address", text);
		close(fd);
		all->config->stranger(all);
		return;
	}
	struct link *l = part_take_slot(all);
	if (!l) {
		close(fd);
		return;
	}
	if (link_accept(l, &all->kind, part_buffers(all, l), fd) != ERR_OK) {
		part_give_slot(all, l);
		return;
	}
	l->from = *from;
	part_take_knock(all, from);
}
