// SPDX-License-Identifier: MIT
#ifndef TESTS_UNIT_PEERS_WORLD_H
#define TESTS_UNIT_PEERS_WORLD_H

/*
 * Up to four members in one process and one loop, each at an address of its
 * own on the loopback, with real sockets, sessions and keys between them.
 */

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "applets/member/linkout.h"
#include "applets/member/peers_part.h"
#include "core/base/fmt.h"
#include "core/ident/keyfile.h"
#include "core/ident/rng.h"
#include "core/run/listen.h"
#include "core/wire/peermsg.h"
#include "tests/unit/tap.h"
#include "tests/unit/vec.h"

#define NODES 4
#define LIMIT_MS 60000 /* for anything that has to come */
#define GOT_MAX 4096

struct node {
	struct peers p; /* first */
	struct peers_config config;
	struct roster rosters[2];
	unsigned which; /* of them is in force */
	struct rsapool pool;
	struct listen listen;
	struct rsakey_private key; /* ck and sk */
	bool runs;
	unsigned ups, downs, strangers;
	enum err refuses; /* messages, but for ERR_OK */
	size_t got_len;   /* messages: the number in each, and from whom */
	uint32_t got[GOT_MAX];
	unsigned from[GOT_MAX];
};

/* A message, which begins with its number. */
struct letter {
	struct peer_post post; /* first */
	uint8_t bytes[PEERMSG_CONTENTS_MAX];
	unsigned answers;
	enum peer_answer answer;
	unsigned at; /* how many were answered before */
};

static struct loop world_loop;
static struct rng world_rng;
static struct node world[NODES];
static unsigned world_answers;

static inline void
bail(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

static inline struct node *
node_of(struct peers *p)
{
	return (struct node *)(void *)p;
}

static inline void
world_changed(struct peers *p, unsigned index, bool up)
{
	(void)index;
	*(up ? &node_of(p)->ups : &node_of(p)->downs) += 1;
}

static inline enum err
world_message(struct peers *p, unsigned index, const uint8_t *bytes, size_t len)
{
	struct node *n = node_of(p);
	if (n->refuses != ERR_OK)
		return n->refuses;
	if (len < 4 || n->got_len == GOT_MAX)
		return ERR_BUSY;
	n->from[n->got_len] = index;
	memcpy(&n->got[n->got_len++], bytes, 4);
	return ERR_OK;
}

static inline void
world_stranger(struct peers *p)
{
	node_of(p)->strangers++;
}

static inline void
world_waits(void *owner, enum err why)
{
	(void)owner;
	(void)why;
}

static inline void
world_listen(struct node *n, uint16_t port)
{
	char host[NET_TEXT_MAX];
	struct net_addr addr;
	fmt_text(host, sizeof host, "127.0.83.%d", (int)(n - world) + 1);
	n->listen = (struct listen){
		.loop = &world_loop,
		.owner = &n->p,
		.has_room = peers_has_room,
		.drop_one = peers_drop_one,
		.open = peers_accept,
		.waits = world_waits,
	};
	if (net_parse(&addr, host, port) != ERR_OK ||
	    listen_add(&n->listen, &addr) != ERR_OK)
		bail("cannot listen");
}

/* Once, first: keys, and where each listens. */
static inline void
world_setup(void)
{
	static const char *const keys[NODES] = { "rsa1024-1.pem",
						 "rsa1024-2.pem",
						 "rsa2048-1.pem",
						 "rsa2048-2.pem" };
	static uint8_t pem[KEYFILE_MAX];
	rng_init_fixed(&world_rng, "peers", 5);
	if (loop_init(&world_loop, NODES * (peers_watches() + 4) + 1024) !=
	    ERR_OK)
		bail("no loop");
	for (size_t i = 0; i < NODES; i++) {
		size_t len = vec_file(keys[i], pem, sizeof pem);
		if (keyfile_parse_private(&world[i].key, pem, len) != ERR_OK)
			bail("cannot read the test keys");
		world_listen(&world[i], 0);
	}
}

/* Enters node as the member with index into r. */
static inline struct member *
world_enter(struct roster *r, unsigned index, unsigned node)
{
	struct member *m = &r->members[r->members_len++];
	const struct net_addr *addr = &world[node].listen.addrs[0];
	memset(m, 0, sizeof *m);
	m->index = index;
	fmt_text(m->name, sizeof m->name, "m%d", (int)node);
	m->id.len = NODEID_SHORT;
	memset(m->id.bytes, (int)node + 1, NODEID_SHORT);
	m->ck = m->sk = world[node].key.pub;
	m->ends_len = 1;
	m->ends[0].port = net_port(addr);
	net_format_host(m->ends[0].host, addr);
	return m;
}

/* An empty roster for self, which is not in force. */
static inline struct roster *
world_roster(struct node *n, unsigned self)
{
	struct roster *r = &n->rosters[!n->which];
	memset(r, 0, sizeof *r);
	r->id.len = NODEID_SHORT;
	r->endpoint_count = 1;
	r->max_size = ROSTER_MEMBERS_MAX;
	r->self = self;
	return r;
}

/* Puts it in force. */
static inline void
world_swap(struct node *n)
{
	n->which = !n->which;
	peers_set_roster(&n->p, &n->rosters[n->which]);
}

/* Starts a node, in a cluster of the first nodes. */
static inline void
node_start(unsigned index, unsigned nodes)
{
	struct node *n = &world[index];
	n->ups = n->downs = n->strangers = 0;
	n->got_len = 0;
	n->refuses = ERR_OK;
	n->config = (struct peers_config){
		.times = { .keepalive_ms = 1000,
			   .far_ms = 60000,
			   .patience_ms = 2000,
			   .probe_ms = 1000 },
		.loop = &world_loop,
		.pool = &n->pool,
		.rng = &world_rng,
		.hello_len = n->key.pub.n_len,
		.from = n->listen.addrs[0],
		.changed = world_changed,
		.message = world_message,
		.stranger = world_stranger,
	};
	net_set_port(&n->config.from, 0);
	struct roster *r = world_roster(n, index);
	for (unsigned i = 0; i < nodes; i++)
		world_enter(r, i, i);
	n->which = !n->which;
	if (rsapool_init(&n->pool, &n->key, &n->key, 0, &world_loop) !=
		    ERR_OK ||
	    peers_init(&n->p, &n->config, r) != ERR_OK ||
	    listen_start(&n->listen) != ERR_OK)
		bail("cannot start");
	n->runs = true;
}

static inline bool
world_turn(void)
{
	for (size_t i = 0; i < NODES; i++)
		if (world[i].runs)
			peers_turn(&world[i].p);
	return loop_turn(&world_loop) == ERR_OK;
}

/* Turns the loop until cond holds. */
#define until(cond, ...)                                              \
	do {                                                          \
		int64_t limit = loop_now() + LIMIT_MS;                \
		while (!(cond) && loop_now() < limit && world_turn()) \
			;                                             \
		ok(cond, __VA_ARGS__);                                \
	} while (0)

/* The node's process is gone. */
static inline void
node_kill(unsigned index)
{
	struct node *n = &world[index];
	uint16_t port = net_port(&n->listen.addrs[0]);
	struct peers *p = &n->p;
	if (!n->runs)
		return;
	n->runs = false;
	listen_stop(&n->listen);
	p->stopping = true;
	for (size_t i = 0; i < ROSTER_MEMBERS_MAX; i++)
		if (p->peers[i].member)
			part_dial_stop(&p->peers[i]);
	for (size_t i = 0; i < p->links.made; i++) {
		struct link *l = slots_item(&p->links, i);
		if (l->life == LINK_USED)
			link_drop(l);
	}
	resolver_stop(&p->resolver);
	loop_remove(&world_loop, &p->resolving);
	loop_remove(&world_loop, &p->timer);
	slots_free(&p->links);
	rsapool_free(&n->pool);
	world_listen(n, port);
}

static inline void
world_end(void)
{
	for (unsigned i = 0; i < NODES; i++)
		node_kill(i);
}

/* What a has of b. */
static inline struct peer *
peer(unsigned a, unsigned b)
{
	return &world[a].p.peers[b];
}

static inline bool
is_up(unsigned a, unsigned b)
{
	return world[a].p.liveness.peers[b].up;
}

/* How many links a has with the member with index b. */
static inline unsigned
links(unsigned a, unsigned b)
{
	unsigned count = 0;
	for (size_t i = 0; i < world[a].p.links.made; i++) {
		const struct link *l = slots_item(&world[a].p.links, i);
		count += l->life == LINK_USED && l->index == b;
	}
	return count;
}

/* One session, and nothing else. */
static inline bool
is_settled(unsigned a, unsigned b)
{
	return peer(a, b)->link && peer(b, a)->link && links(a, b) == 1 &&
	       links(b, a) == 1 && link_is_open(peer(a, b)->link);
}

static inline void
world_answered(struct peer_post *post, enum peer_answer answer)
{
	struct letter *l = (struct letter *)(void *)post;
	l->answers++;
	l->answer = answer;
	l->at = world_answers++;
}

static inline void
letter_send(struct letter *l, unsigned a, unsigned b, uint32_t number,
	    size_t len)
{
	memset(l, 0, sizeof *l);
	memcpy(l->bytes, &number, 4);
	l->post = (struct peer_post){ .bytes = l->bytes,
				      .len = len,
				      .answered = world_answered };
	peers_send(&world[a].p, b, &l->post);
}

#define LETTERS 64

static struct letter letters[LETTERS];

static inline bool
all_answered(size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (letters[i].answers == 0)
			return false;
	return true;
}

/* Whether each was answered once, and in their order. */
static inline bool
in_order(size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (letters[i].answers != 1 ||
		    (i > 0 && letters[i].at < letters[i - 1].at))
			return false;
	return true;
}

/* Reads nothing from a link until channel_resume: its network is slow. */
static inline void
hold(struct link *l)
{
	l->channel.held = true;
	l->channel.watch.events = POLLRDBAND;
}

/* m0 and m1 with one session, which m1 has dialled if so. */
static inline void
meet(bool by_higher)
{
	node_start(0, 2);
	node_start(1, 2);
	if (by_higher) {
		peer(0, 1)->dial_at = LOOP_NEVER;
		peer(0, 1)->reset_at = loop_now() + LIMIT_MS;
		part_dial(peer(1, 0));
	}
	until(is_settled(0, 1), "m0 and m1 meet");
	is_int(peer(0, 1)->link->dialled, !by_higher, "dialled by m%d",
	       by_higher);
}

/* m1 has dialled, and m0's own dial stands still; returns that one. */
static inline struct link *
cross(void)
{
	node_start(0, 4);
	node_start(1, 4);
	part_dial(peer(0, 1));
	struct link *later = peer(0, 1)->dialled;
	later->channel.watch.events = POLLRDBAND;
	part_dial(peer(1, 0));
	until(peer(0, 1)->link && peer(1, 0)->link, "m1 dials faster");
	return later;
}

/* It goes on, and its session takes the place of the other one. */
static inline void
replace(const struct link *old, struct link *later)
{
	later->channel.watch.events = POLLOUT;
	until(peer(0, 1)->link == later && peer(1, 0)->link &&
		      peer(1, 0)->link != old,
	      "m0's session takes its place");
}

/* Whether node got exactly the first len numbers from the member. */
static inline bool
has_got(unsigned node, unsigned from, size_t len)
{
	const struct node *n = &world[node];
	for (size_t i = 0; i < n->got_len; i++)
		if (n->got[i] != i || n->from[i] != from)
			return false;
	return n->got_len == len;
}

#endif
