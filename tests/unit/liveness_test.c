// SPDX-License-Identifier: MIT

/* Who is up, in a world of many nodes with a clock and a network of its own. */

#include <stdlib.h>

#include "applets/member/liveness.h"
#include "tests/unit/tap.h"

#define NODES ROSTER_MEMBERS_MAX
#define DELAY 2 /* ms that a message takes */
#define MAIL 65536

enum what {
	ASK,
	ANSWER,
	SUSPECT,
	DIAL,
	REFUSE,
	WELCOME,
};

struct letter {
	int64_t at;
	enum what what;
	unsigned from, to, who;
};

static struct {
	int64_t now;
	unsigned nodes;
	struct liveness node[NODES];
	bool dead[NODES];         /* its process is gone */
	bool hung[NODES];         /* it neither reads nor acts */
	bool cut[NODES][NODES];   /* what is sent is lost */
	struct letter mail[MAIL]; /* in the order of sending */
	size_t first, last;
	unsigned downs, ups, asks, suspects;
	int64_t last_change;
} world;

static unsigned
node_of(const struct liveness *l)
{
	return (unsigned)(l - world.node);
}

static void
post(enum what what, unsigned from, unsigned to, unsigned who)
{
	world.mail[world.last++ % MAIL] = (struct letter){
		.at = world.now + DELAY,
		.what = what,
		.from = from,
		.to = to,
		.who = who,
	};
}

static void
take_keepalive(struct liveness *l, unsigned index)
{
	world.asks++;
	post(ASK, node_of(l), index, 0);
}

static void
take_dial(struct liveness *l, unsigned index)
{
	post(DIAL, node_of(l), index, 0);
}

static void
take_suspect(struct liveness *l, unsigned index)
{
	for (unsigned i = 0; i < world.nodes; i++)
		if (i != index && l->peers[i].session) {
			world.suspects++;
			post(SUSPECT, node_of(l), i, index);
		}
}

static void
take_changed(struct liveness *l, unsigned index, bool up)
{
	(void)l;
	(void)index;
	world.ups += up;
	world.downs += !up;
	world.last_change = world.now;
}

static const struct liveness_config config = {
	.keepalive_ms = 1000,
	.far_ms = 60000,
	.patience_ms = 2000,
	.probe_ms = 1000,
	.keepalive = take_keepalive,
	.dial = take_dial,
	.suspect = take_suspect,
	.changed = take_changed,
};

static void
deliver(const struct letter *m)
{
	struct liveness *to = &world.node[m->to];
	if (world.cut[m->from][m->to])
		return;
	if (world.dead[m->to]) {
		if (m->what == DIAL)
			post(REFUSE, m->to, m->from, 0);
		return;
	}
	switch (m->what) {
	case ASK:
		post(ANSWER, m->to, m->from, 0);
		break;
	case ANSWER:
		liveness_acked(to, m->from);
		break;
	case SUSPECT:
		liveness_probe(to, m->who, world.now);
		break;
	case DIAL:
		liveness_opened(to, m->from, world.now);
		post(WELCOME, m->to, m->from, 0);
		break;
	case WELCOME:
		liveness_opened(to, m->from, world.now);
		break;
	case REFUSE:
		liveness_refused(to, m->from, world.now);
		break;
	}
}

/* Lets ms pass.  What a hung node is sent waits for it. */
static void
run(int64_t ms)
{
	for (int64_t end = world.now + ms; world.now < end; world.now++) {
		size_t last = world.last;
		for (size_t i = world.first; i < last; i++) {
			struct letter m = world.mail[i % MAIL];
			if (m.at > world.now || world.hung[m.to])
				world.mail[world.last++ % MAIL] = m;
			else
				deliver(&m);
		}
		world.first = last;
		for (unsigned i = 0; i < world.nodes; i++)
			if (!world.dead[i] && !world.hung[i] &&
			    liveness_deadline(&world.node[i]) <= world.now)
				liveness_tick(&world.node[i], world.now);
	}
}

static void
forget_counts(void)
{
	world.downs = world.ups = world.asks = world.suspects = 0;
	world.last_change = world.now;
}

/* All see all. */
static void
start(unsigned nodes)
{
	memset(&world, 0, sizeof world);
	world.nodes = nodes;
	world.now = 1000;
	for (unsigned i = 0; i < nodes; i++)
		liveness_init(&world.node[i], &config, i, world.now + i * 7);
	for (unsigned i = 0; i < nodes; i++)
		for (unsigned j = 0; j < nodes; j++)
			if (i != j)
				liveness_opened(&world.node[i], j, world.now);
	forget_counts();
}

/* The process dies: its sessions break, and who dials it is refused. */
static void
kill_node(unsigned dead)
{
	world.dead[dead] = true;
	for (unsigned i = 0; i < world.nodes; i++)
		if (i != dead)
			liveness_broken(&world.node[i], dead, world.now);
}

/* How many of the living hold index to be up. */
static unsigned
count_up(unsigned index)
{
	unsigned count = 0;
	for (unsigned i = 0; i < world.nodes; i++)
		if (i != index && !world.dead[i] && !world.hung[i])
			count += world.node[i].peers[index].up;
	return count;
}

static void
test_peace(unsigned nodes)
{
	start(nodes);
	run(120000);
	is_int(world.downs, 0, "%u nodes: nobody is called down", nodes);
	is_int(world.suspects, 0, "%u nodes: or suspected", nodes);
	unsigned far = nodes > 3 ? nodes - 3 : 0;
	unsigned near = nodes > 2 ? 2 : nodes - 1;
	/* The first minute's go early, so that they are spread. */
	unsigned most = nodes * (120 * near + 3 * far);
	unsigned least = nodes * (119 * near + 1 * far);
	ok(world.asks <= most && world.asks >= least,
	   "%u nodes: %u KeepAlives, %u to %u", nodes, world.asks, least, most);
}

static void
test_killed(unsigned nodes)
{
	start(nodes);
	run(5000);
	int64_t then = world.now;
	kill_node(nodes / 2);
	run(5000);
	is_int(world.downs, nodes - 1, "%u nodes: all see that one is dead",
	       nodes);
	ok(world.last_change - then <= 3 * DELAY, "as soon as it refuses");
	is_int(count_up(0), nodes - 2, "and nobody else is down");
}

static void
test_hung(unsigned nodes)
{
	start(nodes);
	run(5000);
	int64_t then = world.now;
	world.hung[1] = true;
	run(10000);
	is_int(count_up(1), 0, "%u nodes: all see that one hangs", nodes);
	is_int(world.downs, nodes - 1, "and nobody else is down");
	ok(world.last_change - then <= 4500, "after %" PRId64 " ms",
	   world.last_change - then);
	world.hung[1] = false;
	forget_counts();
	run(100);
	is_int(world.node[1].peers[0].up, true,
	       "who was stopped holds nobody down for that");
}

static void
test_partition(unsigned nodes, unsigned some)
{
	start(nodes);
	run(5000);
	int64_t then = world.now;
	for (unsigned i = 0; i < nodes; i++)
		for (unsigned j = 0; j < nodes; j++)
			world.cut[i][j] = (i < some) != (j < some);
	run(20000);
	is_int(world.downs, 2 * some * (nodes - some),
	       "%u and %u nodes: each side sees the other down", some,
	       nodes - some);
	ok(world.last_change - then <= 5500, "after %" PRId64 " ms",
	   world.last_change - then);
	is_int(count_up(0), some - 1, "and its own up");
}

static void
test_silent_loss(void)
{
	/* One path alone is cut: the others' probes find both alive. */
	start(8);
	world.cut[0][4] = world.cut[4][0] = true;
	run(90000);
	is_int(count_up(4), 6, "a cut path: one alone holds the other down");
	is_int(count_up(2), 7, "and nobody else is");
}

static void
test_bye(void)
{
	start(4);
	for (unsigned i = 1; i < 4; i++)
		liveness_left(&world.node[i], 0, world.now);
	is_int(world.downs, 3, "Bye: down at once");
	is_int(world.suspects, 0, "without suspicion");
	liveness_opened(&world.node[2], 0, world.now);
	is_int(world.node[2].peers[0].up, true, "a right Hello: up at once");
	is_int(world.node[2].peers[0].since, world.now, "since now");
}

static void
test_broken(void)
{
	start(4);
	forget_counts();
	liveness_broken(&world.node[1], 2, world.now);
	liveness_broken(&world.node[2], 1, world.now);
	is_int(world.suspects, 4, "a session that breaks is told to all");
	run(3000);
	is_int(world.downs, 0, "and nobody is down who can be dialled");
	is_int(world.node[1].peers[2].session, true, "the session is back");
}

/* On a slow way the answer is behind much else; then it is not there. */
static void
test_heard(void)
{
	start(2);
	world.cut[0][1] = true;
	for (int i = 0; i < 10; i++) {
		run(2900);
		liveness_heard(&world.node[0], 1, world.now);
	}
	is_int(world.node[0].peers[1].up, true, "who is heard is up");
	ok(world.node[0].peers[1].asked != INT64_MAX, "but has not answered");
	run(3001);
	is_int(world.node[0].peers[1].up, false, "and no more when it is not");
	start(2);
	liveness_heard(&world.node[0], 1, world.now);
	is_int(world.node[0].peers[1].asked, INT64_MAX, "nothing to answer");
}

static void
test_probes(void)
{
	start(4);
	run(100);
	forget_counts();
	for (int i = 0; i < 10; i++)
		liveness_probe(&world.node[0], 3, world.now);
	is_int(world.asks, 1, "Suspects cause one probe a second");
	run(1000);
	forget_counts();
	liveness_probe(&world.node[0], 3, world.now);
	is_int(world.asks, 1, "and another then");
	liveness_forget(&world.node[0], 3, world.now);
	forget_counts();
	liveness_probe(&world.node[0], 3, world.now + 5000);
	is_int(world.asks, 0, "who is no member is not probed");
}

int
main(void)
{
	test_peace(2);
	test_peace(3);
	test_peace(8);
	test_peace(64);
	test_killed(2);
	test_killed(8);
	test_killed(64);
	test_hung(3);
	test_hung(8);
	test_hung(64);
	test_partition(5, 3);
	test_partition(64, 20);
	test_silent_loss();
	test_bye();
	test_broken();
	test_heard();
	test_probes();
	return done_testing();
}
