// SPDX-License-Identifier: MIT
#include "core/run/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HEAR_MS 10        /* until a busy loop looks for signals */
#define UNPOLLED SIZE_MAX /* a watch's place in polls: none */

/*
 * Caught signals are blocked but inside ppoll(2), so that none is missed
 * between a look at the flags and the wait.
 */
static volatile sig_atomic_t came[NSIG];
static sigset_t blocked;   /* what loop_catch has blocked */
static sigset_t wait_mask; /* the process's mask without them */
static bool catches;

enum err
loop_init(struct loop *loop, size_t cap)
{
	*loop = (struct loop){ .cap = cap };
	loop->watches = calloc(cap, sizeof *loop->watches);
	loop->polls = calloc(cap, sizeof *loop->polls);
	if (loop->watches && loop->polls)
		return ERR_OK;
	loop_free(loop);
	return ERR_SYSTEM;
}

void
loop_free(struct loop *loop)
{
	free(loop->watches);
	free(loop->polls);
	*loop = (struct loop){ .cap = 0 };
}

enum err
loop_add(struct loop *loop, struct loop_watch *watch)
{
	if (loop->len == loop->cap)
		return ERR_BUSY;
	watch->slot = loop->len;
	watch->poll = UNPOLLED; /* before the next turn */
	loop->watches[loop->len++] = watch;
	return ERR_OK;
}

static bool
has(const struct loop *loop, const struct loop_watch *watch)
{
	return watch->slot < loop->len && loop->watches[watch->slot] == watch;
}

void
loop_remove(struct loop *loop, struct loop_watch *watch)
{
	if (!has(loop, watch))
		return;
	size_t last = --loop->len;
	loop->watches[watch->slot] = loop->watches[last];
	loop->watches[watch->slot]->slot = watch->slot;
}

int64_t
loop_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/*
 * Fills polls and returns the earliest deadline.  Timers are left out: poll
 * takes no more entries than there may be descriptors.
 */
static int64_t
prepare(struct loop *loop)
{
	int64_t first = LOOP_NEVER;
	loop->polls_len = 0;
	for (size_t i = 0; i < loop->len; i++) {
		struct loop_watch *w = loop->watches[i];
		if (w->deadline < first)
			first = w->deadline;
		w->poll = UNPOLLED;
		/* Without events there is no POLLHUP either. */
		if (w->fd < 0 || !w->events)
			continue;
		w->poll = loop->polls_len++;
		loop->polls[w->poll] = (struct pollfd){
			.fd = w->fd,
			.events = w->events,
		};
	}
	return first;
}

/*
 * Lets blocked signals in.  ppoll does that only when it has to wait: without
 * this a loop that is never idle would never hear of them.
 */
static void
hear_signals(struct loop *loop, int64_t now)
{
	static const struct timespec none;
	if (!catches || now < loop->hear_at)
		return;
	(void)ppoll(NULL, 0, &none, &wait_mask);
	loop->hear_at = now + HEAR_MS;
}

/* Waits until deadline; ready descriptors, 0, or -1. */
static int
wait_until(struct loop *loop, int64_t deadline)
{
	struct timespec left = { 0 };
	int64_t ms = deadline == LOOP_NEVER ? 0 : deadline - loop_now();
	if (ms > 0) {
		left.tv_sec = (time_t)(ms / 1000);
		left.tv_nsec = (long)(ms % 1000) * 1000000;
	}
	return ppoll(loop->polls, loop->polls_len,
		     deadline == LOOP_NEVER ? NULL : &left,
		     catches ? &wait_mask : NULL);
}

/* Some descriptors have two watches, and all together are too many at once. */
static int
wait_halves(struct loop *loop)
{
	static const struct timespec hear = { .tv_nsec = HEAR_MS * 1000000 };
	size_t half = loop->polls_len / 2;
	int n = ppoll(loop->polls, half, &hear, catches ? &wait_mask : NULL);
	int m = poll(loop->polls + half, loop->polls_len - half, 0);
	return n < 0 || m < 0 ? -1 : n + m;
}

/* What poll has found about a watch, once. */
static short
take_revents(const struct loop *loop, struct loop_watch *w)
{
	if (w->poll == UNPOLLED)
		return 0;
	short revents = loop->polls[w->poll].revents;
	w->poll = UNPOLLED;
	return revents;
}

enum err
loop_turn(struct loop *loop)
{
	int n = wait_until(loop, prepare(loop));
	if (n < 0 && errno == EINVAL)
		n = wait_halves(loop);
	if (n < 0 && errno != EINTR)
		return ERR_SYSTEM;
	int64_t now = loop_now();
	if (n > 0)
		hear_signals(loop, now);
	/*
	 * Backwards, so that a watch that is removed is replaced by one that
	 * has been looked at already, and added ones wait for the next turn.
	 */
	for (size_t i = loop->len; i-- > 0;) {
		if (i >= loop->len)
			continue;
		struct loop_watch *w = loop->watches[i];
		short revents = take_revents(loop, w);
		if (revents != 0 || w->deadline <= now)
			w->ready(w, revents);
	}
	return ERR_OK;
}

static void
remember(int signo)
{
	came[signo] = 1;
}

enum err
loop_catch(int signo)
{
	struct sigaction action = { .sa_handler = remember };
	if (!catches)
		sigemptyset(&blocked);
	sigaddset(&blocked, signo);
	if (sigprocmask(SIG_BLOCK, &blocked, NULL) != 0 ||
	    sigprocmask(SIG_BLOCK, NULL, &wait_mask) != 0 ||
	    sigaction(signo, &action, NULL) != 0)
		return ERR_SYSTEM;
	for (int i = 1; i < NSIG; i++)
		if (sigismember(&blocked, i) == 1)
			sigdelset(&wait_mask, i);
	catches = true;
	return ERR_OK;
}

bool
loop_signalled(int signo)
{
	bool yes = came[signo] != 0;
	came[signo] = 0;
	return yes;
}
