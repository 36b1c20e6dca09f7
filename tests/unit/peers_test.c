// SPDX-License-Identifier: MIT

/*
 * Members among themselves: dials that cross, which session stays, messages
 * and their answers, and members that come, go, move and are replaced.
 */

#include "tests/unit/peers_world.h"

#define LETTERS 64

static struct letter letters[LETTERS];

static bool
all_answered(size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (letters[i].answers == 0)
			return false;
	return true;
}

/* Whether each was answered once, and in their order. */
static bool
in_order(size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (letters[i].answers != 1 ||
		    (i > 0 && letters[i].at < letters[i - 1].at))
			return false;
	return true;
}

/* Whether node got exactly the first len numbers from the member. */
static bool
has_got(unsigned node, unsigned from, size_t len)
{
	const struct node *n = &world[node];
	for (size_t i = 0; i < n->got_len; i++)
		if (n->got[i] != i || n->from[i] != from)
			return false;
	return n->got_len == len;
}

/* m0 and m1 with one session, which m1 has dialled if so. */
static void
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

static void
test_crossing(void)
{
	node_start(0, 2);
	node_start(1, 2);
	part_dial(peer(1, 0));
	part_dial(peer(0, 1));
	until(is_up(0, 1) && is_up(1, 0), "both dial, both are up");
	until(is_settled(0, 1), "one session stays");
	ok(peer(0, 1)->link->dialled && !peer(1, 0)->link->dialled,
	   "the one that the lower has dialled");
	is_int(world[0].downs + world[1].downs, 0, "nobody was down");
	is_int(world[0].ups + world[1].ups, 2, "each was told once");
	world_end();
}

static void
test_messages(void)
{
	meet(false);
	for (unsigned i = 0; i < LETTERS; i++)
		letter_send(&letters[i], 0, 1, i, i % 2 ? 4 : 16000);
	until(all_answered(LETTERS), "all are answered");
	ok(in_order(LETTERS), "once, in order");
	ok(has_got(1, 0, LETTERS), "and have arrived");
	world[1].refuses = ERR_BUSY;
	letter_send(&letters[0], 0, 1, 0, 100);
	until(letters[0].answers, "busy is answered");
	is_int(letters[0].answer, PEER_BUSY, "so");
	world[1].refuses = ERR_REFUSED;
	letter_send(&letters[0], 0, 1, 0, 100);
	until(letters[0].answers, "no handler is answered");
	is_int(letters[0].answer, PEER_REFUSED, "so");
	letter_send(&letters[0], 0, 0, 0, 100);
	is_int(letters[0].answer, PEER_DOWN, "nothing for oneself");
	letter_send(&letters[0], 0, 5, 0, 100);
	is_int(letters[0].answer, PEER_DOWN, "nor for who does not exist");
	world_end();
}

static void
test_broken(void)
{
	meet(false);
	for (unsigned i = 0; i < LETTERS; i++)
		letter_send(&letters[i], 0, 1, i, 16000);
	node_kill(1);
	until(all_answered(LETTERS), "m1 is killed: all are answered");
	ok(in_order(LETTERS), "once, in order");
	is_int(letters[0].answer, PEER_UNKNOWN, "what was sent: unknown");
	is_int(letters[LETTERS - 1].answer, PEER_DOWN, "the rest: down");
	ok(!is_up(0, 1), "m1 is down");
	world_end();
}

static void
test_forget(void)
{
	meet(false);
	for (unsigned i = 0; i < LETTERS; i++)
		letter_send(&letters[i], 0, 1, i, 16000);
	for (unsigned i = 0; i < LETTERS; i += 2)
		peers_forget(&world[0].p, &letters[i].post);
	until(letters[LETTERS - 1].answers, "the last one is answered");
	unsigned odd = 0, even = 0;
	for (unsigned i = 0; i < LETTERS; i += 2) {
		even += letters[i].answers;
		odd += letters[i + 1].answers;
	}
	is_int(even, 0, "what was taken back is not answered");
	is_int(odd, LETTERS / 2, "all others are");
	world_end();
}

/* Reads nothing from a link until channel_resume: its network is slow. */
static void
hold(struct link *l)
{
	l->channel.held = true;
	l->channel.watch.events = POLLRDBAND;
}

/* m1 has dialled, and m0's own dial stands still; returns that one. */
static struct link *
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
static void
replace(const struct link *old, struct link *later)
{
	later->channel.watch.events = POLLOUT;
	until(peer(0, 1)->link == later && peer(1, 0)->link &&
		      peer(1, 0)->link != old,
	      "m0's session takes its place");
}

/*
 * Messages are on their way when another session takes the place of theirs:
 * what comes behind them must not overtake them.
 */
static void
test_replaced_session(void)
{
	struct link *later = cross();
	struct link *old = peer(1, 0)->link;
	for (unsigned i = 0; i < LETTERS; i++)
		letter_send(&letters[i], 0, 1, i, 16000);
	hold(old);
	replace(old, later);
	channel_resume(&old->channel);
	until(all_answered(LETTERS), "all are answered");
	ok(in_order(LETTERS), "once, in order");
	ok(has_got(1, 0, LETTERS), "and have arrived in order");
	until(is_settled(0, 1), "one session stays");
	ok(peer(0, 1)->link->dialled, "the one that the lower has dialled");
	is_int(world[0].downs + world[1].downs, 0, "nobody was down");
	world_end();
}

/* m0 gets a roster in which node, if there is one, has index 1. */
static void
replace_m1(unsigned node)
{
	struct roster *r = world_roster(&world[0], 0);
	world_enter(r, 0, 0);
	if (node < NODES)
		world_enter(r, 1, node);
	world_swap(&world[0]);
}

/* Who has another's index must not seem to have said what that one did. */
static void
test_replaced_member(unsigned node)
{
	struct link *later = cross();
	struct link *old = peer(0, 1)->link;
	for (unsigned i = 0; i < 4; i++) {
		letter_send(&letters[i], 1, 0, i, 100);
		letter_send(&letters[4 + i], 0, 1, i, 100);
	}
	hold(old);
	hold(peer(1, 0)->link);
	replace(peer(1, 0)->link, later);
	replace_m1(node);
	is_int(world[0].downs, 1, "m1 is no member: it is down");
	for (unsigned i = 0; i < 4; i++)
		peers_forget(&world[0].p, &letters[4 + i].post);
	unsigned answers = letters[4].answers;
	channel_resume(&old->channel);
	until(letters[0].answers && letters[3].answers, "its sessions end");
	is_int(world[0].got_len, 0, "nothing of m1 is taken for the other's");
	is_int(letters[4].answers, answers, "what was taken back stays so");
	world_end();
}

/* The same members once more, in the other roster's place. */
static void
renew(unsigned node)
{
	struct roster *r = world_roster(&world[node], node);
	for (unsigned i = 0; i < 2; i++)
		world_enter(r, i, i);
	world_swap(&world[node]);
	memset(&world[node].rosters[!world[node].which], 0xff, sizeof *r);
}

/* A dial goes on with what the new roster says. */
static void
test_renewed_roster(void)
{
	node_start(0, 2);
	node_start(1, 2);
	part_dial(peer(0, 1));
	struct link *l = peer(0, 1)->dialled;
	l->channel.watch.events = POLLRDBAND;
	renew(0);
	l->channel.watch.events = POLLOUT;
	until(peer(0, 1)->link || peer(0, 1)->dialled != l, "it goes on");
	ok(peer(0, 1)->link == l, "with the key of the new roster");
	until(is_settled(0, 1), "both are up");
	renew(1);
	letter_send(&letters[0], 1, 0, 0, 100);
	until(letters[0].answers, "the session stays");
	is_int(letters[0].answer, PEER_HAS_IT, "and serves");
	world_end();
}

/* Whether somebody has begun a Hello; who only knocks is passed over. */
static bool
is_dialled(int listener)
{
	static int fd = -1;
	struct net_addr from;
	char byte;
	if (fd < 0 && net_accept(listener, &fd, &from) != ERR_OK)
		return false;
	ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return false;
	close(fd);
	fd = -1;
	return n == 1;
}

/* Who is known by a name is dialled again and again, by the higher, too. */
static void
test_name(void)
{
	struct net_addr addr;
	int listener;
	if (net_parse(&addr, "127.0.0.1", 0) != ERR_OK ||
	    net_listen(&addr, &listener) != ERR_OK)
		bail("no loopback");
	node_start(1, 1);
	struct roster *r = world_roster(&world[1], 1);
	struct member *m = world_enter(r, 0, 0);
	strcpy(m->ends[0].host, "localhost");
	m->ends[0].port = net_port(&addr);
	world_enter(r, 1, 1);
	world_swap(&world[1]);
	until(peer(1, 0)->addrs_len > 0, "the name is resolved");
	for (int i = 0; i < 3; i++) {
		bool came = false;
		part_dial(peer(1, 0));
		until((came = came || is_dialled(listener)), "it is dialled");
		until(!peer(1, 0)->dialled, "which comes to nothing");
	}
	close(listener);
	world_end();
}

int
main(void)
{
	world_setup();
	test_crossing();
	test_messages();
	test_broken();
	test_forget();
	test_replaced_session();
	test_replaced_member(2);
	test_replaced_member(NODES);
	test_renewed_roster();
	test_name();
	return done_testing();
}
