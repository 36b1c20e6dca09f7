// SPDX-License-Identifier: MIT

/*
 * Members among themselves: dials that cross, which session stays, messages
 * and their answers, and members that come, go, move and are replaced.
 */

#include "applets/member/linkin.h"
#include "core/wire/peermsg.h"
#include "tests/unit/peers_world.h"

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

/* What is under way at a time is little, so that KeepAlives find their way. */
static void
test_under_way(void)
{
	meet(false);
	const struct link *l = peer(0, 1)->link;
	for (unsigned i = 0; i < 4; i++)
		letter_send(&letters[i], 0, 1, i, 16000);
	is_int(l->sent_len, 1, "long ones go one by one");
	until(all_answered(4), "all are answered");
	for (unsigned i = 0; i < 20; i++)
		letter_send(&letters[i], 0, 1, 4 + i, 1000);
	is_int(l->sent_len, LINK_APPS_MAX, "short ones together");
	until(all_answered(20), "all are answered");
	ok(in_order(20) && has_got(1, 0, 24), "and have arrived");
	world_end();
}

/* A roster of 64 for node, most of whom are never there. */
static void
enter_many(unsigned node)
{
	struct roster *r = world_roster(&world[node], node);
	for (unsigned i = 0; i < ROSTER_MEMBERS_MAX; i++) {
		struct member *m = world_enter(r, i, i < 2 ? i : 2);
		memset(m->id.bytes, (int)i + 1, NODEID_SHORT);
	}
	world_swap(&world[node]);
}

static void
make_narrow(struct link *l)
{
	int len = 16384;
	setsockopt(l->channel.watch.fd, SOL_SOCKET, SO_SNDBUF, &len,
		   sizeof len);
	setsockopt(l->channel.watch.fd, SOL_SOCKET, SO_RCVBUF, &len,
		   sizeof len);
}

/* Both send all they can, and suspect everybody else: none waits for ever. */
static void
test_full_both_ways(void)
{
	meet(false);
	for (unsigned n = 0; n < 2; n++) {
		enter_many(n);
		world[n].p.times.patience_ms = LIMIT_MS;
		make_narrow(peer(n, !n)->link);
	}
	for (unsigned i = 0; i < LETTERS; i++)
		letter_send(&letters[i], i % 2, !(i % 2), i, 16000);
	for (unsigned i = 2; i < ROSTER_MEMBERS_MAX; i++) {
		link_suspect(peer(0, 1)->link, i);
		link_suspect(peer(1, 0)->link, i);
	}
	until(all_answered(LETTERS), "all are answered");
	unsigned has = 0;
	for (unsigned i = 0; i < LETTERS; i++)
		has += letters[i].answers == 1 &&
		       letters[i].answer == PEER_HAS_IT;
	is_int(has, LETTERS, "once, and have arrived");
	until(peer(0, 1)->link->suspects == 0, "all suspicions are told");
	world_end();
}

/* The other end of l has sent an Ack of ours with this number. */
static void
acknowledge(struct link *l, uint64_t number)
{
	static cluster_XLClusterMsg ack;
	uint8_t bytes[64];
	ack.has_Op = ack.has_MsgN = ack.has_YourMsgN = true;
	ack.Op = cluster_XLClusterMsg_Tag_Ack;
	ack.MsgN = l->in_n + 1;
	ack.YourMsgN = number;
	linkin_take(&l->channel, bytes,
		    peermsg_encode(&ack, bytes, sizeof bytes));
}

static void
test_answers(void)
{
	meet(false);
	struct link *l = peer(0, 1)->link;
	link_ask(l);
	uint64_t first = l->out_n;
	link_ask(l);
	peer(0, 1)->status.rtt_us = -1;
	acknowledge(l, first);
	ok(peer(0, 1)->status.rtt_us >= 0, "the first of two is an answer");
	letter_send(&letters[0], 0, 1, 0, 100);
	letter_send(&letters[1], 0, 1, 1, 100);
	acknowledge(l, l->out_n);
	ok(all_answered(2) && in_order(2), "who passes one over is cut off");
	is_int(letters[0].answer, PEER_UNKNOWN, "unknown");
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

#define CROWD 500

/*
 * A session takes the place of one that is in doubt: what was dialled in that
 * doubt must not take it back.
 */
static void
test_third_session(void)
{
	node_start(0, 4);
	node_start(1, 4);
	peer(0, 1)->reset_at = loop_now() + LIMIT_MS;
	/* As if there were many members, and this one were far. */
	world[1].p.liveness.tick = loop_now() + LIMIT_MS;
	part_dial(peer(1, 0));
	struct link *doubt = peer(1, 0)->dialled;
	doubt->channel.watch.events = POLLRDBAND;
	until(peer(0, 1)->link && peer(1, 0)->link, "m0 dials faster");
	hold(peer(0, 1)->link);
	hold(peer(1, 0)->link);
	doubt->channel.watch.events = POLLOUT;
	until(peer(1, 0)->rival == doubt && peer(0, 1)->rival,
	      "m1's session waits");
	peer(0, 1)->link = peer(0, 1)->rival = NULL; /* as after a restart */
	part_dial(peer(0, 1));
	until(peer(0, 1)->link && peer(1, 0)->link &&
		      link_is_open(peer(1, 0)->link) &&
		      !peer(1, 0)->link->channel.held,
	      "m0 dials again");
	until(!peer(0, 1)->rival && !peer(1, 0)->rival, "m1's is gone");
	ok(peer(0, 1)->link->dialled && !peer(1, 0)->link->dialled,
	   "and m0's stays");
	world_end();
}

/* A connection to m0 from the address of node, which says nothing. */
static int
knock(unsigned node)
{
	struct net_addr from = world[node].listen.addrs[0];
	int fd;
	net_set_port(&from, 0);
	if (net_connect(&world[0].listen.addrs[0], &from, &fd) != ERR_OK)
		bail("cannot connect");
	return fd;
}

/* Who comes from a member's address in a crowd is in nobody's way. */
static void
test_crowd(void)
{
	static int fds[CROWD];
	node_start(0, 4);
	for (size_t i = 0; i < CROWD; i++) {
		fds[i] = knock(3);
		if (i % 8 == 0)
			world_turn();
	}
	ok(world[0].p.links.len < 64, "a crowd takes few links");
	node_start(2, 4);
	part_dial(peer(0, 1));
	ok(peer(0, 1)->dialled, "a member can be dialled");
	part_dial_stop(peer(0, 2));
	peer(0, 2)->reset_at = loop_now() + LIMIT_MS;
	part_dial(peer(2, 0));
	until(is_settled(0, 2), "another one can dial");
	for (size_t i = 0; i < CROWD; i++)
		close(fds[i]);
	world_end();
}

/* A member that opens sessions and never ends one. */
static void
test_many_sessions(void)
{
	node_start(0, 4);
	node_start(1, 4);
	peer(0, 1)->dial_at = LOOP_NEVER;
	peer(0, 1)->reset_at = loop_now() + LIMIT_MS;
	for (int i = 0; i < 20; i++) {
		struct link *l = peer(1, 0)->link;
		peer(1, 0)->link = NULL;
		if (l)
			hold(l);
		part_dial(peer(1, 0));
		until(peer(1, 0)->link, "one more");
		until(peer(0, 1)->link, "is open");
	}
	ok(links(0, 1) < 6, "%u are there", links(0, 1));
	world_end();
}

int
main(void)
{
	world_setup();
	test_crossing();
	test_messages();
	test_under_way();
	test_full_both_ways();
	test_answers();
	test_broken();
	test_forget();
	test_replaced_session();
	test_third_session();
	test_crowd();
	test_many_sessions();
	return done_testing();
}
