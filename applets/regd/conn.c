// SPDX-License-Identifier: MIT
#include "applets/regd/conn.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"

#define GRACE 1000  /* ms an unknown client keeps its slot for certain */
#define QUIET 10000 /* ms without refusals until one is told again */

static struct conn *
conn_of(struct channel *channel)
{
	return (struct conn *)(void *)channel; /* its first member */
}

static void
free_slot(struct conn *c)
{
	serve_end(c->all->serve, &c->client);
	origins_set(&c->all->origins, c->slot, NULL);
	slots_give(&c->all->slots, c->slot);
}

/* The channel has ended.  Its slot stays taken while the client waits. */
static void
leave(struct conn *c)
{
	log_line(LOG_LEVEL_DEBUG, "%lu %s: closed", c->client.number,
		 c->client.peer);
	if (c->client.state != SERVE_STORING)
		free_slot(c);
}

static void
end_conn(struct conn *c)
{
	channel_drop(&c->channel);
	leave(c);
}

static void
take_closed(struct channel *channel, enum err why)
{
	(void)why;
	leave(conn_of(channel));
}

/* Whether there is nothing that the session has asked, or is to hear. */
static bool
is_idle(const struct conn *c)
{
	return !(session_can(&c->channel.session) &
		 (SESSION_CAN_SEND | SESSION_CAN_MESSAGE));
}

static void
take_sent(struct channel *channel)
{
	const struct conn *c = conn_of(channel);
	if (c->all->stopping && is_idle(c))
		channel_close(channel);
}

static void
take_opened(struct channel *channel)
{
	struct conn *c = conn_of(channel);
	c->client.state = SERVE_ANONYMOUS;
	c->began = loop_now();
	take_sent(channel);
}

/* Posts the answer to the message in hand. */
static void
post_answer(struct conn *c)
{
	const struct answer *a = &c->all->serve->answer;
	if (channel_post(&c->channel, a->bytes, a->len) != ERR_OK)
		end_conn(c);
	else if (c->client.state == SERVE_CLOSING || c->all->stopping)
		channel_close(&c->channel);
}

/* What it says, serve takes from the session. */
static bool
take_message(struct channel *channel, uint8_t *bytes __attribute__((unused)),
	     size_t len)
{
	struct conn *c = conn_of(channel);
	(void)len;
	serve_message(c->all->serve, &c->client, &channel->session);
	if (c->client.state == SERVE_STORING)
		return false;
	post_answer(c);
	return true;
}

/* The store has settled what the client waited for. */
static void
take_settled(struct client *client)
{
	struct conn *c = (struct conn *)(void *)((char *)client -
						 offsetof(struct conn, client));
	struct serve *serve = c->all->serve;
	if (c->channel.phase == CHANNEL_GONE) {
		free_slot(c);
		return;
	}
	if (serve->answer.len == 0)
		serve_message(serve, client, &c->channel.session);
	if (client->state == SERVE_STORING)
		return;
	channel_release(&c->channel);
	post_answer(c);
}

/* Whether all that the client has done can be had without any key. */
static bool
is_unknown(const struct conn *c)
{
	unsigned can = session_can(&c->channel.session);
	return c->channel.phase != CHANNEL_GONE &&
	       !(can & SESSION_CAN_DECRYPT) &&
	       (c->client.state == SERVE_HELLO ||
		c->client.state == SERVE_ANONYMOUS);
}

/*
 * Ends the session that has been unknown for the longest time, if that is
 * GRACE; of those from one address, unless it is NULL.
 */
static bool
drop_oldest(struct conns *all, const struct net_addr *from)
{
	struct conn *oldest = NULL;
	for (size_t i = 0; i < all->slots.made; i++) {
		struct conn *c = slots_item(&all->slots, i);
		if ((!from || origins_is(&all->origins, i, from)) &&
		    is_unknown(c) && (!oldest || c->began < oldest->began))
			oldest = c;
	}
	if (!oldest || oldest->began > loop_now() - GRACE)
		return false;
	log_line(LOG_LEVEL_DEBUG, "%lu %s: makes room", oldest->client.number,
		 oldest->client.peer);
	end_conn(oldest);
	return true;
}

/* Whether another session may come from there. */
static bool
admits(struct conns *all, const struct net_addr *from)
{
	char text[NET_TEXT_MAX];
	if (origins_count(&all->origins, from) < all->max_per_address ||
	    drop_oldest(all, from))
		return true;
	int64_t now = loop_now();
	if (now >= all->quiet_until) {
		net_format_host(text, from);
		log_line(LOG_LEVEL_ERROR,
			 "connections are refused: %s has %zu sessions", text,
			 all->max_per_address);
	}
	all->quiet_until = now + QUIET;
	return false;
}

/* Begins a session on a connected socket, which is then its own. */
static void
open_conn(void *owner, int fd, const struct net_addr *peer)
{
	struct conns *all = owner;
	size_t slot = SLOTS_NONE;
	if (admits(all, peer))
		slot = slots_take(&all->slots);
	if (slot == SLOTS_NONE) {
		net_hang_up(fd);
		return;
	}
	origins_set(&all->origins, slot, peer);
	struct conn *c = slots_item(&all->slots, slot);
	c->all = all;
	c->slot = slot;
	c->began = loop_now();
	serve_begin(&c->client, ++all->count, peer);
	log_line(LOG_LEVEL_DEBUG, "%lu %s: connected", c->client.number,
		 c->client.peer);
	if (channel_accept(&c->channel, &all->kind,
			   slots_buffer(&all->slots, slot), fd) != ERR_OK)
		leave(c);
}

static bool
drop_one(void *owner)
{
	return drop_oldest(owner, NULL);
}

static bool
has_room(void *owner)
{
	const struct conns *all = owner;
	return all->slots.len < all->slots.max;
}

static void
tell_waiting(void *owner, enum err why)
{
	(void)owner;
	log_line(LOG_LEVEL_ERROR, "connections have to wait: %s",
		 why == ERR_BUSY ? "all sessions are taken" : strerror(errno));
}

enum err
conns_listen(struct conns *all, struct listen *listen)
{
	listen->loop = all->kind.loop;
	listen->owner = all;
	listen->has_room = has_room;
	listen->drop_one = drop_one;
	listen->open = open_conn;
	listen->waits = tell_waiting;
	return listen_start(listen);
}

void
conns_stop(struct conns *all)
{
	all->stopping = true;
	for (size_t i = 0; i < all->slots.made; i++) {
		struct conn *c = slots_item(&all->slots, i);
		if (c->channel.phase != CHANNEL_GONE && is_idle(c))
			end_conn(c);
	}
}

enum err
conns_init(struct conns *all, size_t max)
{
	all->count = 0;
	all->stopping = false;
	all->kind.opened = take_opened;
	all->kind.message = take_message;
	all->kind.sent = take_sent;
	all->kind.closed = take_closed;
	all->serve->resume = take_settled;
	all->quiet_until = 0;
	enum err e = origins_init(&all->origins, max);
	return e == ERR_OK ? slots_init(&all->slots, max, sizeof(struct conn),
					CHANNEL_BUFFERS_LEN)
			   : e;
}

void
conns_free(struct conns *all)
{
	slots_free(&all->slots);
	origins_free(&all->origins);
}
