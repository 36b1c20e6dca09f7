// SPDX-License-Identifier: MIT
#include "core/run/listen.h"

#include <errno.h>
#include <unistd.h>

#define ACCEPT_MAX 64 /* at once, so that others get their turn */
#define PAUSE 100     /* ms until it is tried again */
#define QUIET 10000   /* ms without pauses until one is told again */

/* Lets connections wait. */
static void
pause_accepting(struct listen_socket *l, enum err why)
{
	int reason = errno;
	int64_t now = loop_now();
	errno = reason;
	if (now >= l->all->quiet_until)
		l->all->waits(l->all->owner, why);
	l->all->quiet_until = now + QUIET;
	l->watch.events = 0;
	l->watch.deadline = now + PAUSE;
}

static void
take_ready(struct loop_watch *watch, short revents)
{
	struct listen_socket *l = (struct listen_socket *)(void *)watch;
	const struct listen *all = l->all;
	struct net_addr peer;
	int fd;
	(void)revents;
	watch->events = POLLIN;
	watch->deadline = LOOP_NEVER;
	for (int i = 0; i < ACCEPT_MAX; i++) {
		if (!all->has_room(all->owner) && !all->drop_one(all->owner)) {
			pause_accepting(l, ERR_BUSY);
			return;
		}
		enum err e = net_accept(watch->fd, &fd, &peer);
		int reason = errno;
		if (e == ERR_SYSTEM && all->drop_one(all->owner))
			continue; /* that was a descriptor, too */
		errno = reason;
		if (e == ERR_SYSTEM)
			pause_accepting(l, e);
		if (e != ERR_OK)
			return;
		all->open(all->owner, fd, &peer);
	}
}

enum err
listen_add(struct listen *all, const struct net_addr *addr)
{
	if (all->len == LISTEN_MAX)
		return ERR_TOO_LONG;
	struct listen_socket *l = &all->sockets[all->len];
	all->addrs[all->len] = *addr;
	enum err e = net_listen(&all->addrs[all->len], &l->watch.fd);
	if (e == ERR_OK)
		all->len++;
	return e;
}

enum err
listen_start(struct listen *all)
{
	enum err e = ERR_OK;
	for (size_t i = 0; i < all->len && e == ERR_OK; i++) {
		struct listen_socket *l = &all->sockets[i];
		l->all = all;
		l->watch.events = POLLIN;
		l->watch.deadline = LOOP_NEVER;
		l->watch.ready = take_ready;
		e = loop_add(all->loop, &l->watch);
	}
	return e;
}

enum err
listen_move(struct listen *all, const struct net_addr *addr)
{
	struct net_addr now = *addr;
	int fd;
	enum err e = net_listen(&now, &fd);
	if (e != ERR_OK)
		return e;
	close(all->sockets[0].watch.fd);
	all->sockets[0].watch.fd = fd;
	all->addrs[0] = now;
	return ERR_OK;
}

void
listen_stop(struct listen *all)
{
	for (size_t i = 0; i < all->len; i++) {
		loop_remove(all->loop, &all->sockets[i].watch);
		close(all->sockets[i].watch.fd);
	}
	all->len = 0;
}
