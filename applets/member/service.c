// SPDX-License-Identifier: MIT
#include "applets/member/service.h"

#include <errno.h>
#include <string.h>

#include "applets/member/client.h"
#include "core/base/log.h"
#include "core/base/say.h"

#define HELLO_MS 10000  /* for a Hello block */
#define LINGER_MS 30000 /* for the last that was sent to a client */
#define GRACE_MS 1000   /* a client nobody knows keeps its slot for certain */

static struct client *
client_at(const struct service *s, size_t slot)
{
	struct client *c = slots_item(&s->slots, slot);
	return c->used ? c : NULL;
}

void
service_watch(struct service *s, int64_t at)
{
	if (at < s->sweep.deadline)
		s->sweep.deadline = at;
}

/* Calls what with each client; it may end. */
static void
for_each(struct service *s, void (*what)(struct client *c))
{
	for (size_t i = 0; i < s->slots.made; i++) {
		struct client *c = client_at(s, i);
		if (c)
			what(c);
	}
}

static void
take_looked(struct target *target)
{
	struct service *s =
		(struct service *)(void *)((char *)target -
					   offsetof(struct service, target));
	for_each(s, client_looked);
}

static void
take_sweep(struct loop_watch *watch, short revents)
{
	struct service *s =
		(struct service *)(void *)((char *)watch -
					   offsetof(struct service, sweep));
	int64_t now = loop_now();
	(void)revents;
	watch->deadline = LOOP_NEVER;
	for (size_t i = 0; i < s->slots.made; i++) {
		struct client *c = client_at(s, i);
		if (c)
			service_watch(s, client_sweep(c, now));
	}
}

static bool
has_room(void *owner)
{
	const struct service *s = owner;
	return s->slots.len < s->slots.max;
}

/* Ends the client that has for the longest time not said who it is. */
static bool
drop_one(void *owner)
{
	struct service *s = owner;
	struct client *oldest = NULL;
	for (size_t i = 0; i < s->slots.made; i++) {
		struct client *c = client_at(s, i);
		if (c && c->state == CLIENT_GREETING &&
		    (!oldest || c->began < oldest->began))
			oldest = c;
	}
	if (!oldest || oldest->began > loop_now() - GRACE_MS)
		return false;
	client_end(oldest, "makes room");
	return true;
}

static void
take_connection(void *owner, int fd, const struct net_addr *peer)
{
	struct service *s = owner;
	size_t slot = SLOTS_NONE;
	if (origins_count(&s->origins, peer) < s->config->max_per_address)
		slot = slots_take(&s->slots);
	if (slot == SLOTS_NONE) {
		net_hang_up(fd);
		return;
	}
	origins_set(&s->origins, slot, peer);
	client_begin(slots_item(&s->slots, slot), s, slot, fd, peer);
}

static void
tell_waiting(void *owner, enum err why)
{
	(void)owner;
	log_line(LOG_LEVEL_ERROR, "clients have to wait: %s",
		 why == ERR_BUSY ? "there are too many" : strerror(errno));
}

const char *
service_wrong(const struct service_config *config)
{
	struct target target;
	if (!config->target)
		return config->clients ? "--clients needs --service" : NULL;
	if (!config->clients)
		return "--service needs --clients: a file of keys, or any";
	if (target_parse(&target, config->target) != ERR_OK)
		return "--service is no command, tcp:HOST:PORT or unix:PATH";
	return NULL;
}

/* Says what is wrong with the file of clients; returns the exit status. */
static int
load_clients(struct service *s)
{
	const char *path = s->config->clients, *what;
	unsigned line;
	if (s->any)
		return 0;
	enum err e = clients_load(&s->clients, path, s->config->min_bits, &line,
				  &what);
	if (e == ERR_MALFORMED)
		say("%s:%u: %s", path, line, what);
	else if (e != ERR_OK)
		return say_cannot(e, "read", path);
	return err_status(e);
}

static int
listen_at(struct service *s, const struct net_addr *addr)
{
	char text[NET_TEXT_MAX];
	enum err e = listen_add(&s->listen, addr);
	net_format(text, addr);
	return e == ERR_OK ? 0 : say_cannot(e, "listen at", text);
}

static enum err
make_room(struct service *s)
{
	const struct service_config *config = s->config;
	s->kind = (struct channel_kind){
		.loop = config->loop,
		.pool = config->pool,
		.config = { .dialects = DIALECT_BIT(DIALECT_SEALED),
			    .pipelined = true,
			    .hello_ms = HELLO_MS,
			    .message_ms = config->idle_ms,
			    .idle_ms = SESSION_NEVER,
			    .rng = config->rng },
		.hello_len = config->hello_len,
		.linger_ms = LINGER_MS,
		.gives_all = true,
	};
	client_set_kind(&s->kind);
	s->listen.loop = config->loop;
	s->listen.owner = s;
	s->listen.has_room = has_room;
	s->listen.drop_one = drop_one;
	s->listen.open = take_connection;
	s->listen.waits = tell_waiting;
	enum err e = slots_init(&s->slots, config->max_clients,
				sizeof(struct client), CHANNEL_BUFFERS_LEN);
	if (e == ERR_OK)
		e = origins_init(&s->origins, config->max_clients);
	if (e == ERR_OK)
		e = loop_add(config->loop, &s->sweep);
	return e == ERR_OK ? listen_start(&s->listen) : e;
}

int
service_start(struct service *s, const struct service_config *config,
	      const struct net_addr *addr)
{
	*s = (struct service){ .config = config };
	if (!config->target)
		return 0;
	s->any = strcmp(config->clients, "any") == 0;
	s->sweep.fd = -1;
	s->sweep.deadline = LOOP_NEVER;
	s->sweep.ready = take_sweep;
	(void)target_parse(&s->target, config->target); /* service_wrong did */
	s->target.loop = config->loop;
	s->target.looked = take_looked;
	int status = load_clients(s);
	if (status == 0)
		status = listen_at(s, addr);
	if (status != 0)
		return status;
	enum err e = make_room(s);
	if (e != ERR_OK)
		return say_cannot(e, "make", "room for --max-clients");
	(void)target_look(&s->target);
	return 0;
}

void
service_reload(struct service *s)
{
	const char *path = s->config->clients;
	s->target.look_at = 0;
	(void)target_look(&s->target);
	if (!s->config->target || s->any)
		return;
	if (load_clients(s) == 0)
		log_line(LOG_LEVEL_INFO, "%s: %zu clients", path,
			 s->clients.len);
	else
		log_line(LOG_LEVEL_ERROR, "%s: it stays as it was", path);
}

void
service_reap(struct service *s)
{
	for_each(s, client_reap);
}

/* Who is at a command has its last words; a server would have no last. */
static void
stop_client(struct client *c)
{
	if (c->pid > 0)
		client_stop(c);
	else
		client_end(c, "stopping");
}

void
service_stop(struct service *s)
{
	s->kind.linger_ms = GRACE_MS;
	listen_stop(&s->listen);
	target_stop(&s->target);
	for_each(s, stop_client);
}

bool
service_busy(const struct service *s)
{
	return s->slots.len > 0;
}

void
service_kill(struct service *s)
{
	for_each(s, client_kill);
}
