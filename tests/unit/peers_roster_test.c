// SPDX-License-Identifier: MIT

/*
 * Members when the roster changes: who is replaced, removed or moved, and what
 * was under way then.
 */

#include "tests/unit/peers_world.h"

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

/* A name that leads nowhere is asked for at times, and holds up no other. */
static void
test_no_name(void)
{
	node_start(1, 1);
	struct roster *r = world_roster(&world[1], 1);
	strcpy(world_enter(r, 0, 0)->ends[0].host, "no..name");
	world_enter(r, 1, 1);
	strcpy(world_enter(r, 2, 2)->ends[0].host, "localhost");
	world_swap(&world[1]);
	struct peer *p = peer(1, 0);
	until(*p->status.error && peer(1, 2)->addrs_len > 0,
	      "one is not found, the other is");
	ok(!p->wants_addrs && p->dial_at > loop_now(), "there is a pause");
	p->dial_at = loop_now();
	until(p->wants_addrs, "and then it is looked up again");
	world_end();
}

/* A name is looked up when it is no name any more. */
static void
test_name_gone(void)
{
	node_start(1, 1);
	for (unsigned i = 0; i < 2; i++) {
		struct roster *r = world_roster(&world[1], 1);
		struct member *m = world_enter(r, 0, 0);
		world_enter(r, 1, 1);
		if (i == 0)
			strcpy(m->ends[0].host, "localhost");
		world_swap(&world[1]);
	}
	node_start(0, 2);
	until(is_settled(0, 1), "it is where the roster says by now");
	world_end();
}

/* m0 and m1 have changed places, and m1 knows it first. */
static void
test_own_index(void)
{
	meet(false);
	letter_send(&letters[0], 1, 0, 0, 100);
	for (unsigned n = 2; n-- > 0;) {
		struct roster *r = world_roster(&world[n], !n);
		world_enter(r, 0, 1);
		world_enter(r, 1, 0);
		world_swap(&world[n]);
	}
	is_int(letters[0].answers, 1, "what was under way is answered");
	is_int(world[0].downs + world[1].downs, 2, "both see the other leave");
	until(is_up(0, 0) && is_up(1, 1), "and come back by its new index");
	until(links(0, 0) == 1 && links(1, 1) == 1, "with one session");
	ok(!is_up(0, 1) && !is_up(1, 0), "nobody is there by his own");
	ok(peer(1, 1)->link && peer(1, 1)->link->dialled,
	   "dialled by who is the lower now");
	letter_send(&letters[1], 0, 0, 1, 100);
	until(letters[1].answers, "a message");
	is_int(letters[1].answer, PEER_HAS_IT, "arrives");
	is_int(world[1].from[world[1].got_len - 1], 1, "from the new index");
	world_end();
}

/* Another member takes the place of m1, and m1 that of nobody. */
static void
test_newcomer(void)
{
	meet(false);
	replace_m1(2);
	node_start(2, 1);
	struct roster *r = world_roster(&world[2], 1);
	world_enter(r, 0, 0);
	world_enter(r, 1, 2);
	world_swap(&world[2]);
	until(peer(0, 1)->link && peer(2, 0)->link, "the newcomer is up");
	ok(nodeid_equal(&peer(0, 1)->member->id, &r->members[1].id),
	   "by its ID");
	until(world[0].strangers > 0, "who was replaced is a stranger");
	is_int(links(0, 1), 1, "and has no session");
	letter_send(&letters[0], 1, 0, 0, 100);
	until(letters[0].answers, "its message");
	ok(letters[0].answer != PEER_HAS_IT && world[0].got_len == 0,
	   "goes nowhere");
	world_end();
}

/* m1 listens elsewhere. */
static void
test_moved(void)
{
	meet(false);
	for (unsigned n = 0; n < 2; n++) {
		struct roster *r = world_roster(&world[n], n);
		world_enter(r, 0, 0);
		struct member *m = world_enter(r, 1, 1);
		m->ends[0].port = net_port(&world[3].listen.addrs[0]);
		strcpy(m->ends[0].host, "127.0.83.4");
		world_swap(&world[n]);
	}
	ok(peer(0, 1)->link && is_up(0, 1), "who has moved keeps its session");
	is_int(net_port(&peer(0, 1)->addrs[0]),
	       net_port(&world[3].listen.addrs[0]), "and is dialled there");
	world_end();
}

/* Who stops says so to all, and nothing stays behind. */
static void
test_stop(void)
{
	meet(false);
	for (unsigned i = 0; i < LETTERS; i++)
		letter_send(&letters[i], 0, 1, i, 16000);
	for (int i = 0; i < 3; i++)
		world_turn();
	peers_stop(&world[1].p);
	until(!peers_are_busy(&world[1].p), "m1 has left");
	until(!is_up(0, 1), "m0 knows");
	until(all_answered(LETTERS), "and what has become of its messages");
	ok(in_order(LETTERS), "once, in order");
	unsigned has = 0, unknown = 0;
	for (unsigned i = 0; i < LETTERS; i++) {
		has += letters[i].answer == PEER_HAS_IT;
		unknown += letters[i].answer == PEER_UNKNOWN;
	}
	is_int(unknown, 0, "for certain");
	ok(has_got(1, 0, has), "m1 has what it has acknowledged");
	world_end();
}

int
main(void)
{
	world_setup();
	test_replaced_member(2);
	test_replaced_member(NODES);
	test_renewed_roster();
	test_name();
	test_no_name();
	test_name_gone();
	test_own_index();
	test_newcomer();
	test_moved();
	test_stop();
	return done_testing();
}
