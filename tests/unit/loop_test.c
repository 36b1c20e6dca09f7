// SPDX-License-Identifier: MIT
/* The poll loop: descriptors, deadlines, signals, changes while it turns. */
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/run/loop.h"
#include "tests/unit/tap.h"

struct probe {
	struct loop_watch watch; /* first, so that the watch is the probe */
	struct loop *loop;
	struct loop_watch *victim; /* removed when called */
	int calls;
	short revents;
};

static void
note(struct loop_watch *watch, short revents)
{
	struct probe *p = (struct probe *)watch;
	p->calls++;
	p->revents = revents;
	watch->deadline = LOOP_NEVER;
	if (p->victim)
		loop_remove(p->loop, p->victim);
}

static struct probe
make_probe(struct loop *loop, int fd, short events, int64_t deadline)
{
	return (struct probe){
		.watch = { .fd = fd,
			   .events = events,
			   .deadline = deadline,
			   .ready = note },
		.loop = loop,
	};
}

static void
test_descriptors(void)
{
	struct loop loop;
	int ends[2];
	is_int(loop_init(&loop, 2), ERR_OK, "a loop of two");
	is_int(pipe(ends), 0, "a pipe");
	struct probe in = make_probe(&loop, ends[0], POLLIN, LOOP_NEVER);
	struct probe timer = make_probe(&loop, -1, 0, loop_now());
	struct probe extra = make_probe(&loop, -1, 0, LOOP_NEVER);
	is_int(loop_add(&loop, &in.watch), ERR_OK, "first fits");
	is_int(loop_add(&loop, &timer.watch), ERR_OK, "second fits");
	is_int(loop_add(&loop, &extra.watch), ERR_BUSY, "third does not");
	is_int(loop_turn(&loop), ERR_OK, "a turn");
	is_int(timer.calls, 1, "the deadline has passed");
	is_int(timer.revents, 0, "and says so by 0");
	is_int(in.calls, 0, "nothing to read");
	ok(write(ends[1], "x", 1) == 1, "a byte comes");
	is_int(loop_turn(&loop), ERR_OK, "a turn");
	is_int(in.calls, 1, "something to read");
	is_int(in.revents, POLLIN, "POLLIN");
	is_int(timer.calls, 1, "a deadline fires once");
	in.watch.events = 0;
	timer.watch.deadline = loop_now();
	loop_turn(&loop);
	is_int(in.calls, 1, "not asked, not told");
	close(ends[1]);
	timer.watch.deadline = loop_now();
	loop_turn(&loop);
	is_int(in.calls, 1, "no POLLHUP for one that waits for nothing");
	loop_remove(&loop, &extra.watch);
	is_int(loop.len, 2, "removing a stranger does nothing");
	loop_remove(&loop, &in.watch);
	loop_remove(&loop, &in.watch);
	is_int(loop.len, 1, "removed once");
	close(ends[0]);
	loop_free(&loop);
}

/* Each of three removes another: whoever goes first, one is not called. */
static void
test_removal(void)
{
	struct loop loop;
	struct probe p[3];
	loop_init(&loop, 3);
	for (int i = 0; i < 3; i++) {
		p[i] = make_probe(&loop, -1, 0, 0);
		loop_add(&loop, &p[i].watch);
	}
	for (int i = 0; i < 3; i++)
		p[i].victim = &p[(i + 1) % 3].watch;
	loop_turn(&loop);
	for (int i = 0; i < 3; i++)
		ok(p[i].calls <= 1, "probe %d at most once", i);
	int calls = p[0].calls + p[1].calls + p[2].calls;
	is_int(calls, (int)(3 - loop.len), "who removed, removed one each");
	loop_free(&loop);
}

static void
test_deadline(void)
{
	struct loop loop;
	loop_init(&loop, 2);
	int64_t start = loop_now();
	struct probe soon = make_probe(&loop, -1, 0, start + 20);
	struct probe late = make_probe(&loop, -1, 0, start + 1000000);
	loop_add(&loop, &soon.watch);
	loop_add(&loop, &late.watch);
	while (!soon.calls)
		loop_turn(&loop);
	ok(loop_now() >= start + 20, "not before its time");
	is_int(late.calls, 0, "the later one waits");
	loop_free(&loop);
}

static void
test_signals(void)
{
	struct loop loop;
	loop_init(&loop, 1);
	is_int(loop_catch(SIGTERM), ERR_OK, "catch SIGTERM");
	is_int(loop_catch(SIGHUP), ERR_OK, "catch SIGHUP");
	ok(!loop_signalled(SIGTERM), "nothing came yet");
	raise(SIGTERM);
	ok(!loop_signalled(SIGTERM), "it waits for the turn");
	is_int(loop_turn(&loop), ERR_OK, "a turn without watches ends");
	ok(loop_signalled(SIGTERM), "it came");
	ok(!loop_signalled(SIGTERM), "once");
	ok(!loop_signalled(SIGHUP), "the other did not");
	raise(SIGHUP);
	is_int(loop_turn(&loop), ERR_OK, "a turn");
	ok(loop_signalled(SIGHUP), "now it did");
	loop_free(&loop);
}

/* A loop that always has something to do. */
static void
test_signals_when_busy(void)
{
	struct loop loop;
	int ends[2];
	loop_init(&loop, 1);
	if (pipe(ends) != 0 || write(ends[1], "x", 1) != 1)
		return;
	struct probe p = make_probe(&loop, ends[0], POLLIN, LOOP_NEVER);
	loop_add(&loop, &p.watch);
	loop_turn(&loop);
	raise(SIGTERM);
	int64_t end = loop_now() + 20000;
	bool came = false;
	while (!came && loop_now() < end) {
		loop_turn(&loop);
		came = loop_signalled(SIGTERM);
	}
	ok(came, "a signal comes to a loop that is never idle");
	close(ends[0]);
	close(ends[1]);
	loop_free(&loop);
}

/* Timers do not count, and watches of one descriptor may be too many. */
static void
test_few_descriptors(void)
{
	static struct probe timers[40], readers[12];
	struct rlimit before, few;
	struct loop loop;
	int ends[2];
	unsigned calls = 0;
	loop_init(&loop, 52);
	if (pipe(ends) != 0 || write(ends[1], "x", 1) != 1)
		return;
	getrlimit(RLIMIT_NOFILE, &before);
	few = before;
	few.rlim_cur = 8;
	setrlimit(RLIMIT_NOFILE, &few);
	for (int i = 0; i < 40; i++) {
		timers[i] = make_probe(&loop, -1, 0, loop_now());
		loop_add(&loop, &timers[i].watch);
	}
	is_int(loop_turn(&loop), ERR_OK, "more timers than descriptors");
	for (int i = 0; i < 40; i++)
		calls += (unsigned)timers[i].calls;
	is_int(calls, 40, "all are called");
	for (int i = 0; i < 12; i++) {
		readers[i] = make_probe(&loop, ends[0], POLLIN, LOOP_NEVER);
		loop_add(&loop, &readers[i].watch);
	}
	is_int(loop_turn(&loop), ERR_OK, "one descriptor, many watches");
	calls = 0;
	for (int i = 0; i < 12; i++)
		calls += (unsigned)readers[i].calls;
	is_int(calls, 12, "all are called");
	char byte;
	is_int(read(ends[0], &byte, 1), 1, "nothing is there any more");
	raise(SIGTERM);
	is_int(loop_turn(&loop), ERR_OK, "a turn");
	ok(loop_signalled(SIGTERM), "and a signal comes to it");
	setrlimit(RLIMIT_NOFILE, &before);
	close(ends[0]);
	close(ends[1]);
	loop_free(&loop);
}

int
main(void)
{
	test_descriptors();
	test_removal();
	test_deadline();
	test_signals();
	test_signals_when_busy();
	test_few_descriptors();
	return done_testing();
}
