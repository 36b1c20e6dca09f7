// SPDX-License-Identifier: MIT
#include "applets/member/client.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "applets/member/hello.h"
#include "applets/member/reach.h"
#include "applets/member/service.h"
#include "core/base/log.h"

#define HELLO_MS 10000 /* until a client has said who it is */
#define JOIN_MS 5000   /* for a connection to an address of a server */
#define FULL_MS 50     /* until a full queue may have room */
#define KILL_MS 5000   /* from SIGTERM to SIGKILL */
#define PROBE_S 60     /* of silence until TCP asks whether it is there */

static struct client *
client_of(struct channel *channel)
{
	return (struct client *)(void *)channel; /* its first member */
}

static void
log_client(const struct client *c, enum log_level level, const char *what)
{
	log_line(level, "client %lu %s%s%s: %s", c->number, c->peer,
		 c->known ? " " : "", c->known ? c->name : "", what);
}

/* Signals the command and its children; the leader is not reaped yet. */
static void
signal_command(const struct client *c, int signo)
{
	if (c->pid <= 0)
		return;
	kill(-c->pid, signo);
	kill(c->pid, signo); /* in case it has no group yet */
}

/* The command has ended, and nobody signals its group any more. */
static void
reap(struct client *c)
{
	int status = 0;
	(void)waitpid(c->pid, &status, 0);
	c->pid = 0;
	c->kill_at = LOOP_NEVER;
	bool killed = WIFSIGNALED(status);
	log_line(LOG_LEVEL_DEBUG, "client %lu: %s %d", c->number,
		 killed ? "signal" : "exit status",
		 killed ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void
free_if_over(struct client *c)
{
	if (c->exited && c->pid > 0 && !c->relay.running)
		reap(c);
	if (c->channel.phase != CHANNEL_GONE || c->pid > 0)
		return;
	c->used = false;
	origins_set(&c->service->origins, c->slot, NULL);
	slots_give(&c->service->slots, c->slot);
}

/* The channel is gone: so is whom a command that still writes writes to. */
static void
leave(struct client *c)
{
	bool writes = c->relay.running && !c->relay.from_done;
	c->state = CLIENT_LEAVING;
	relay_end(&c->relay);
	if (c->pid > 0 && writes)
		client_stop(c);
	free_if_over(c);
}

void
client_stop(struct client *c)
{
	signal_command(c, SIGTERM);
	if (c->pid > 0 && c->kill_at == LOOP_NEVER)
		c->kill_at = loop_now() + KILL_MS;
	service_watch(c->service, c->kill_at);
}

void
client_kill(struct client *c)
{
	signal_command(c, SIGKILL);
}

void
client_end(struct client *c, const char *why)
{
	log_client(c, LOG_LEVEL_DEBUG, why);
	channel_drop(&c->channel);
	leave(c);
}

/* Says no, and closes. */
static void
refuse(struct client *c, const char *why)
{
	log_client(c, LOG_LEVEL_INFO, why);
	hello_post_error(c, why);
	c->state = CLIENT_LEAVING;
	channel_close(&c->channel);
}

/* Closes when there is nothing to be expected of either side. */
static void
close_if_over(struct client *c)
{
	const struct relay *r = &c->relay;
	bool command = c->service->target.kind == TARGET_COMMAND;
	if (c->state != CLIENT_JOINED || !r->from_done || r->eof_due ||
	    !(r->to_done || (command && c->exited)))
		return;
	log_client(c, LOG_LEVEL_DEBUG, "served");
	c->state = CLIENT_LEAVING;
	relay_end(&c->relay);
	channel_close(&c->channel);
	free_if_over(c);
}

static enum err
open_target(struct client *c, struct target_ends *ends)
{
	const struct service_config *config = c->service->config;
	struct target_client about = {
		.remote = c->remote,
		.fd = c->channel.watch.fd,
		.name = c->known ? c->name : NULL,
		.id = c->known ? c->id : NULL,
		.self_name = config->self_name,
		.self_id = config->self_text,
		.cluster = config->cluster,
	};
	return target_open(&c->service->target, &about, &c->server, ends);
}

/* When the client itself has had its time. */
static int64_t
limit(const struct client *c)
{
	int64_t idle = c->service->config->idle_ms;
	/* Before it is open, the session looks after it. */
	if (c->state == CLIENT_GREETING && c->channel.open)
		return c->began + HELLO_MS;
	if (c->state == CLIENT_WAITING)
		return c->again;
	if (c->state != CLIENT_JOINED || c->channel.phase == CHANNEL_GONE)
		return LOOP_NEVER;
	if (c->relay.connecting)
		return c->began + JOIN_MS;
	return idle == LOOP_NEVER ? idle : c->relay.active + idle;
}

/* Once for the look at a name, or (EAGAIN) for room in a socket's queue. */
static bool
waits(struct client *c, int reason)
{
	bool full = reason == EAGAIN && loop_now() < c->began + JOIN_MS;
	if (!full && (c->waited || !target_look(&c->service->target)))
		return false;
	c->waited |= !full;
	c->again = full ? loop_now() + FULL_MS : LOOP_NEVER;
	c->server = 0;
	c->state = CLIENT_WAITING;
	service_watch(c->service, c->again);
	return true;
}

/*
 * Joins a client that may come in, of a server's addresses at the next one;
 * errno says what was wrong with the one before.
 */
static void
join(struct client *c)
{
	struct target_ends ends;
	if (c->server == 0) /* for this one or the next: it may have moved */
		(void)target_look(&c->service->target);
	enum err e = open_target(c, &ends);
	int reason = errno;
	if (e == ERR_OK) {
		c->pid = ends.pid;
		e = client_join(c, &ends);
	}
	if (e == ERR_OK || waits(c, reason))
		return;
	log_line(LOG_LEVEL_ERROR, "client %lu: %s: %s", c->number,
		 c->service->target.text, strerror(reason));
	refuse(c, REACH_UNAVAILABLE);
}

void
client_looked(struct client *c)
{
	if (c->state != CLIENT_WAITING)
		return;
	join(c);
	channel_resume(&c->channel);
}

static void
take_event(struct relay *r, enum relay_event event)
{
	struct client *c =
		(struct client *)(void *)((char *)r -
					  offsetof(struct client, relay));
	if (event != RELAY_SOURCE_BROKE) {
		hello_answer(c);
		close_if_over(c);
		return;
	}
	int reason = errno;
	relay_end(r);
	errno = reason;
	if (r->connecting) {
		join(c);
		return;
	}
	log_line(LOG_LEVEL_INFO, "client %lu: %s: %s", c->number,
		 c->service->target.text, strerror(reason));
	/* What it said before arrives, but without an Eof. */
	c->state = CLIENT_LEAVING;
	channel_close(&c->channel);
}

enum err
client_join(struct client *c, const struct target_ends *ends)
{
	enum err e = relay_start(&c->relay, c->service->config->loop,
				 &c->channel, ends->from, ends->to, take_event);
	if (e != ERR_OK)
		return e;
	if (ends->connecting)
		relay_wait_connected(&c->relay);
	c->began = loop_now();
	c->state = CLIENT_JOINED;
	service_watch(c->service, limit(c));
	hello_answer(c);
	return ERR_OK;
}

/* The first message, where there is a list of clients. */
static void
greet(struct client *c, const uint8_t *bytes, size_t len)
{
	c->known = hello_is_known(c, bytes, len);
	if (!c->known) {
		client_end(c, "sent away");
		return;
	}
	c->ack_due = true;
	join(c);
}

/* What is no part of the stream. */
static void
take_other(struct client *c, const cluster_XLClusterMsg *msg)
{
	if (!hello_is_next(c, msg)) {
		client_end(c, "out of order");
	} else if (msg->Op == cluster_XLClusterMsg_Tag_Bye) {
		hello_post_ack(c);
		c->state = CLIENT_LEAVING;
		channel_close(&c->channel);
	} else if (msg->Op == cluster_XLClusterMsg_Tag_Hello &&
		   c->service->any) {
		hello_post_ack(c);
	} else {
		refuse(c, "unexpected message");
	}
}

static bool
take_message(struct channel *channel, uint8_t *bytes, size_t len)
{
	struct client *c = client_of(channel);
	const cluster_XLClusterMsg *msg;
	if (c->state == CLIENT_GREETING) {
		greet(c, bytes, len);
		return true;
	}
	if (c->state == CLIENT_WAITING)
		return false;
	if (c->state != CLIENT_JOINED || !c->relay.running)
		return true;
	switch (relay_message(&c->relay, bytes, len, &msg)) {
	case RELAY_TAKEN:
		break;
	case RELAY_LATER:
		return false;
	case RELAY_OTHER:
		take_other(c, msg);
		break;
	case RELAY_WRONG:
		refuse(c, "malformed message");
		break;
	}
	return true;
}

static void
take_opened(struct channel *channel)
{
	struct client *c = client_of(channel);
	c->began = loop_now();
	if (c->service->any)
		join(c);
	else
		service_watch(c->service, limit(c));
}

static void
take_sent(struct channel *channel)
{
	relay_sent(&client_of(channel)->relay);
}

static void
take_closed(struct channel *channel, enum err why)
{
	client_end(client_of(channel),
		   why == ERR_OK ? "closed" : err_text(why));
}

void
client_set_kind(struct channel_kind *kind)
{
	kind->opened = take_opened;
	kind->message = take_message;
	kind->sent = take_sent;
	kind->closed = take_closed;
}

void
client_begin(struct client *c, struct service *s, size_t slot, int fd,
	     const struct net_addr *remote)
{
	memset(c, 0, sizeof *c);
	c->service = s;
	c->slot = slot;
	c->number = ++s->count;
	c->used = true;
	c->began = loop_now();
	c->kill_at = LOOP_NEVER;
	c->remote = *remote;
	net_format(c->peer, remote);
	net_probe_silence(fd, PROBE_S);
	log_client(c, LOG_LEVEL_DEBUG, "connected");
	if (channel_accept(&c->channel, &s->kind, slots_buffer(&s->slots, slot),
			   fd) != ERR_OK)
		free_if_over(c);
}

int64_t
client_sweep(struct client *c, int64_t now)
{
	errno = ETIMEDOUT;
	if (now >= c->kill_at) {
		log_client(c, LOG_LEVEL_INFO, "its command is killed");
		client_kill(c);
		c->kill_at = LOOP_NEVER;
		client_end(c, "had its time to read");
	} else if (now >= limit(c) && c->state == CLIENT_WAITING) {
		client_looked(c);
	} else if (now >= limit(c) && c->relay.connecting) {
		take_event(&c->relay, RELAY_SOURCE_BROKE);
	} else if (now >= limit(c)) {
		client_end(c, "timed out");
	}
	int64_t until = limit(c);
	if (!c->used)
		return LOOP_NEVER;
	return until < c->kill_at ? until : c->kill_at;
}

void
client_reap(struct client *c)
{
	siginfo_t info = { .si_pid = 0 };
	if (c->pid <= 0 || c->exited)
		return;
	c->exited = waitid(P_PID, (id_t)c->pid, &info,
			   WEXITED | WNOHANG | WNOWAIT) != 0 ||
		    info.si_pid == c->pid;
	if (!c->exited)
		return;
	close_if_over(c);
	if (c->used)
		free_if_over(c);
}
