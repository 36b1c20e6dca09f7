// SPDX-License-Identifier: MIT
#include "applets/regd/listen.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "applets/regd/conn.h"
#include "core/base/log.h"

#define ACCEPT_MAX 64 /* at once, so that others get their turn */
#define PAUSE 100     /* ms until it is tried again */
#define QUIET 10000   /* ms without pauses until one is told again */

/* Lets connections wait. */
static void
pause_accepting(struct listen_socket *l, const char *reason)
{
	int64_t now = loop_now();
	if (now >= l->all->quiet_until)
		log_line(LOG_LEVEL_ERROR, "connections have to wait: %s",
			 reason);
	l->all->quiet_until = now + QUIET;
	l->watch.events = 0;
	l->watch.deadline = now + PAUSE;
}

static void
take_ready(struct loop_watch *watch, short revents)
{
	struct listen_socket *l = (struct listen_socket *)(void *)watch;
	struct conns *conns = l->all->conns;
	struct net_addr peer;
	int fd;
	(void)revents;
	watch->events = POLLIN;
	watch->deadline = LOOP_NEVER;
	for (int i = 0; i < ACCEPT_MAX; i++) {
		if (!conns_have_room(conns) && !conns_drop_one(conns)) {
			pause_accepting(l, "all sessions are taken");
			return;
		}
		enum err e = net_accept(watch->fd, &fd, &peer);
		int reason = errno;
		if (e == ERR_SYSTEM && conns_drop_one(conns))
			continue; /* that was a descriptor, too */
		if (e == ERR_SYSTEM)
			pause_accepting(l, strerror(reason));
		if (e != ERR_OK)
			return;
		conns_open(conns, fd, &peer);
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

void
listen_stop(struct listen *all)
{
	for (size_t i = 0; i < all->len; i++) {
		loop_remove(all->loop, &all->sockets[i].watch);
		close(all->sockets[i].watch.fd);
	}
	all->len = 0;
}
