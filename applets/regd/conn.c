// SPDX-License-Identifier: MIT
#include "applets/regd/conn.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/bytes.h"
#include "core/base/log.h"

#define GRACE 1000      /* ms an unknown client keeps its slot for certain */
#define QUIET 10000     /* ms without refusals until one is told again */
#define DRAIN_MAX 65536 /* bytes that are thrown away when closing */

#define CONN_OF(pointer, member)                                         \
	((struct conn *)(void *)((char *)(pointer)-offsetof(struct conn, \
							    member)))

/*
 * Closing a socket with unread bytes resets the connection, and the peer could
 * lose the Error or Ack that it was sent last.
 */
static void
close_socket(int fd)
{
	uint8_t bin[4096];
	size_t len = 1;
	(void)shutdown(fd, SHUT_WR);
	for (size_t n = 0; n < DRAIN_MAX && len > 0; n += len)
		if (net_recv(fd, bin, sizeof bin, &len) != ERR_OK)
			break;
	close(fd);
}

static void
free_slot(struct conn *c)
{
	serve_end(c->all->serve, &c->client);
	c->used = false;
	origins_set(&c->all->origins, c->slot, NULL);
	slots_give(&c->all->slots, c->slot);
}

/* Ends a session.  Its slot stays taken while the client waits. */
static void
end_conn(struct conn *c)
{
	log_line(LOG_LEVEL_DEBUG, "%lu %s: closed", c->client.number,
		 c->client.peer);
	if (c->client.state == SERVE_DECRYPTING)
		rsapool_cancel(c->all->pool, &c->job);
	session_wipe(&c->session);
	loop_remove(c->all->loop, &c->watch);
	close_socket(c->watch.fd);
	c->gone = true;
	if (c->client.state != SERVE_STORING)
		free_slot(c);
}

/* Whether the session has anything to do that no socket will tell. */
static bool
has_work(const struct conn *c, unsigned can)
{
	if (c->client.state == SERVE_STORING)
		return false;
	return (can & SESSION_CAN_MESSAGE) ||
	       ((can & SESSION_CAN_DECRYPT) && c->client.state == SERVE_HELLO);
}

/* Sets what is waited for next, or ends the session. */
static void
update(struct conn *c)
{
	unsigned can = session_can(&c->session);
	bool busy = (can & SESSION_CAN_SEND) || has_work(c, can) ||
		    c->client.state == SERVE_STORING;
	if ((can & SESSION_CLOSED) || (c->all->stopping && !busy)) {
		end_conn(c);
		return;
	}
	c->watch.events = 0;
	if (can & SESSION_CAN_RECV)
		c->watch.events |= POLLIN;
	if (can & SESSION_CAN_SEND)
		c->watch.events |= POLLOUT;
	c->watch.deadline =
		has_work(c, can) ? 0 : session_deadline(&c->session);
}

static void
receive(struct conn *c)
{
	size_t room, len;
	uint8_t *space = session_recv_space(&c->session, &room);
	while (room > 0) {
		enum err e = net_recv(c->watch.fd, space, room, &len);
		if (e == ERR_BUSY)
			return;
		if (e != ERR_OK)
			session_wipe(&c->session);
		else if (len == 0)
			session_recv_end(&c->session);
		else
			session_recv_done(&c->session, len, loop_now());
		space = session_recv_space(&c->session, &room);
	}
}

/* Sends what there is, but looks first whether the peer has broken its turn. */
static void
transmit(struct conn *c)
{
	size_t left, len;
	if (session_can(&c->session) & SESSION_CAN_SEND)
		receive(c);
	while (session_can(&c->session) & SESSION_CAN_SEND) {
		const uint8_t *data = session_send_data(&c->session, &left);
		enum err e = net_send(c->watch.fd, data, left, &len);
		if (e == ERR_BUSY)
			return;
		if (e != ERR_OK)
			session_wipe(&c->session);
		else
			session_send_done(&c->session, len, loop_now());
	}
}

/* Posts the answer to the message in place. */
static void
answer(struct conn *c)
{
	const struct answer *a = &c->all->serve->answer;
	int64_t now = loop_now();
	session_message_done(&c->session, now);
	if (session_post(&c->session, a->bytes, a->len, now) != ERR_OK)
		session_wipe(&c->session);
	else if (c->client.state == SERVE_CLOSING || c->all->stopping)
		session_close(&c->session);
}

static void
take_message(struct conn *c)
{
	serve_message(c->all->serve, &c->client, &c->session);
	if (c->client.state != SERVE_STORING)
		answer(c);
}

static void
take_plain(struct rsapool_job *job)
{
	struct conn *c = CONN_OF(job, job);
	c->client.state = SERVE_ANONYMOUS;
	c->began = loop_now();
	session_hello_plain(&c->session, job->data,
			    job->result == ERR_OK ? job->len : 0, loop_now());
	bytes_wipe(job->data, sizeof job->data);
	transmit(c);
	update(c);
}

static void
submit_hello(struct conn *c)
{
	size_t len;
	const uint8_t *block = session_hello_block(&c->session, &len);
	struct bytes_writer w = bytes_writer(c->job.data, sizeof c->job.data);
	bytes_put(&w, block, len);
	c->job.op = RSAPOOL_DECRYPT;
	c->job.len = len;
	c->job.done = take_plain;
	c->client.state = SERVE_DECRYPTING;
	rsapool_submit(c->all->pool, &c->job);
}

static void
take_ready(struct loop_watch *watch, short revents)
{
	struct conn *c = CONN_OF(watch, watch);
	session_tick(&c->session, loop_now());
	if (revents != 0)
		receive(c);
	unsigned can = session_can(&c->session);
	if (has_work(c, can) && (can & SESSION_CAN_DECRYPT))
		submit_hello(c);
	else if (has_work(c, can))
		take_message(c);
	transmit(c);
	update(c);
}

/* The store has settled what the client waited for. */
static void
take_settled(struct client *client)
{
	struct conn *c = CONN_OF(client, client);
	if (c->gone) {
		free_slot(c);
		return;
	}
	if (c->all->serve->answer.len > 0)
		answer(c);
	else
		take_message(c);
	transmit(c);
	update(c);
}

/* Whether all that the client has done can be had without any key. */
static bool
is_unknown(const struct conn *c)
{
	return c->used && (c->client.state == SERVE_HELLO ||
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
		close(fd);
		return;
	}
	origins_set(&all->origins, slot, peer);
	struct conn *c = slots_item(&all->slots, slot);
	uint8_t *buffers = slots_buffer(&all->slots, slot);
	c->all = all;
	c->slot = slot;
	c->used = true;
	c->gone = false;
	c->began = loop_now();
	c->watch = (struct loop_watch){ .fd = fd, .ready = take_ready };
	serve_begin(&c->client, ++all->count, peer);
	session_init_responder(&c->session, &all->config, buffers,
			       buffers + SESSION_BUF_LEN, all->hello_len,
			       c->began);
	log_line(LOG_LEVEL_DEBUG, "%lu %s: connected", c->client.number,
		 c->client.peer);
	if (loop_add(all->loop, &c->watch) != ERR_OK)
		session_wipe(&c->session);
	update(c);
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
	listen->loop = all->loop;
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
		if (c->used && !c->gone)
			update(c);
	}
}

enum err
conns_init(struct conns *all, size_t max)
{
	all->count = 0;
	all->stopping = false;
	all->serve->resume = take_settled;
	all->quiet_until = 0;
	enum err e = origins_init(&all->origins, max);
	return e == ERR_OK ? slots_init(&all->slots, max, sizeof(struct conn),
					2 * SESSION_BUF_LEN)
			   : e;
}

void
conns_free(struct conns *all)
{
	slots_free(&all->slots);
	origins_free(&all->origins);
}
