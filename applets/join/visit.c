// SPDX-License-Identifier: MIT
#include "applets/join/visit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "applets/join/progress.h"
#include "core/base/fmt.h"
#include "core/run/loop.h"

#define REPLY_MS 10000 /* for a reply, above what it may be held back */
#define BYE_MS 2000    /* for the goodbye, which nothing depends on */
#define POLL_MIN_MS 50
#define POLL_MAX_MS 1000

static reg_XLRegMsg message; /* 133 KB: the request, then its reply */

__attribute__((format(printf, 3, 4))) static enum err
fail(struct visit *v, enum err err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fmt_vtext(v->why, sizeof v->why, format, args);
	va_end(args);
	v->err = err;
	return err;
}

/* What it means that there was no reply to what was sent. */
static enum err
fail_reply(struct visit *v, enum err e, const char *sent)
{
	const char *at = v->dial.at;
	if (e == ERR_TIMEOUT)
		return fail(v, e, "timed out: no reply to %s from %s", sent,
			    at);
	if (e == ERR_PROTOCOL)
		return fail(v, e, "%s broke the protocol: bad reply to %s", at,
			    sent);
	if (e == ERR_UNREACHABLE)
		return fail(v, e, "%s closed after %s", at, sent);
	return fail(v, ERR_MALFORMED, "cannot send %s: %s", sent, err_text(e));
}

static enum err
open_session(struct visit *v, int fd)
{
	progress("connected to %s", v->dial.at);
	enum err e = call_open(&v->call, fd, v->plan->dialect,
			       &v->plan->registry->ck, v->rng,
			       dial_within(REPLY_MS, v->deadline));
	v->met = v->met || e == ERR_OK;
	if (e == ERR_UNREACHABLE)
		return fail_reply(v, e, "Hello: is regCred.dat current?");
	return e == ERR_OK ? e : fail_reply(v, e, "Hello");
}

static enum err
fail_incomplete(struct visit *v)
{
	const struct roster *r = v->enroll.roster;
	return fail(v, ERR_TIMEOUT, "timed out with %zu of %u members",
		    r->members_len, r->max_size);
}

/* Sends the next request and takes its reply; next is what follows. */
static enum err
ask(struct visit *v, enum enroll_next *next)
{
	struct enroll *e = &v->enroll;
	const uint8_t *bind = v->plan->dialect == DIALECT_SEALED
				      ? session_bind(&v->call.session)
				      : NULL;
	int64_t ms = REPLY_MS + (e->held ? 1000 * ENROLL_HOLD_SECONDS : 0);
	if (enroll_is_served(e))
		ms = BYE_MS;
	if (enroll_ask(e, &message, bind) != ERR_OK)
		return fail(v, ERR_MALFORMED, "cannot sign with sk.pem");
	enum err err =
		call_ask(&v->call, &message, dial_within(ms, v->deadline));
	if (err == ERR_OK) {
		*next = enroll_take(e, &message);
		return ERR_OK;
	}
	if (enroll_is_served(e) && err != ERR_PROTOCOL) {
		*next = ENROLL_DONE;
		return ERR_OK;
	}
	if (err == ERR_TIMEOUT && e->held)
		return fail_incomplete(v);
	return fail_reply(v, err, msg_op_name(e->step));
}

/* Tells how far the cluster is and waits a little, longer each time. */
static enum err
wait_for_members(struct visit *v)
{
	const struct roster *r = v->enroll.roster;
	unsigned there = (unsigned)r->members_len;
	progress("%u of %u members, waiting for %u", there, r->max_size,
		 r->max_size - there);
	if (dial_sleep(v->rng, &v->poll_ms, POLL_MAX_MS, v->deadline))
		return ERR_OK;
	return fail_incomplete(v);
}

/* The cluster may be created by a box that is slower to start. */
static enum err
fail_refused(struct visit *v, bool absent)
{
	if (!absent || v->plan->job != ENROLL_JOIN || !v->patient)
		return fail(v, ERR_REFUSED, "refused by the registry: %s",
			    v->enroll.why);
	progress("no cluster %s yet", v->plan->cluster);
	return fail(v, ERR_TIMEOUT, "timed out: %s", v->enroll.why);
}

/* Does the job in the session that is open. */
static enum err
talk(struct visit *v)
{
	enum enroll_next next = ENROLL_ASK;
	size_t known = 0;
	enroll_start(&v->enroll);
	v->poll_ms = POLL_MIN_MS;
	for (;;) {
		enum err err = ask(v, &next);
		if (err != ERR_OK)
			return err;
		switch (next) {
		case ENROLL_ASK:
			break;
		case ENROLL_PAUSE:
			if (v->enroll.roster->members_len != known)
				v->poll_ms = POLL_MIN_MS;
			known = v->enroll.roster->members_len;
			err = wait_for_members(v);
			if (err != ERR_OK)
				return err;
			break;
		case ENROLL_DONE:
			return ERR_OK;
		case ENROLL_ABSENT:
		case ENROLL_REFUSED:
			return fail_refused(v, next == ENROLL_ABSENT);
		case ENROLL_BROKEN:
			return fail(v, ERR_PROTOCOL,
				    "the registry broke the protocol: %s",
				    v->enroll.why);
		}
	}
}

/* One session from Hello to Bye; opened says whether it got past Hello. */
static enum err
visit_once(struct visit *v, int fd, bool *opened)
{
	enum err e = open_session(v, fd);
	*opened = e == ERR_OK;
	if (*opened)
		e = talk(v);
	call_close(&v->call);
	if (*opened && e == ERR_UNREACHABLE)
		dial_reset(&v->dial); /* it was there a moment ago */
	return e;
}

/* Whether another session may bring what this one did not. */
static bool
is_passing(enum err e)
{
	return e == ERR_UNREACHABLE || e == ERR_TIMEOUT;
}

/* What it comes to when there is no more time. */
static enum err
give_up(struct visit *v)
{
	char why[VISIT_WHY_MAX];
	if (!v->patient || !v->met || v->err != ERR_UNREACHABLE)
		return v->err;
	memcpy(why, v->why, sizeof why);
	return fail(v, ERR_TIMEOUT, "timed out: %.380s", why);
}

/* No end point took a connection. */
static enum err
fail_dial(struct visit *v, enum err e)
{
	size_t ends = v->plan->registry->ends_len;
	if (ends == 1)
		return fail(v, e, "%s", v->dial.why);
	return fail(v, e, "no answer at %zu end points, the last: %s", ends,
		    v->dial.why);
}

/* One pass over the end points, up to the first session that opens. */
static enum err
visit_pass(struct visit *v)
{
	bool tried = false;
	bool opened = false;
	enum err e = ERR_OK;
	int fd;
	while (!opened) {
		e = dial_next(&v->dial, &fd);
		if (e == ERR_SYSTEM)
			return fail(v, e, "cannot dial: %s", strerror(errno));
		if (e != ERR_OK)
			return tried ? v->err : fail_dial(v, e);
		tried = true;
		e = visit_once(v, fd, &opened);
		if (!is_passing(e))
			return e;
		progress("%s", v->why);
	}
	return e;
}

enum err
visit_run(struct visit *v, const struct enroll_plan *plan,
	  struct roster *roster, struct rng *rng, int64_t wait_ms)
{
	memset(v, 0, sizeof *v);
	v->plan = plan;
	v->rng = rng;
	v->patient = wait_ms > 0;
	v->deadline = v->patient ? loop_now() + wait_ms : LOOP_NEVER;
	enroll_init(&v->enroll, plan, roster);
	dial_init(&v->dial, plan->registry, rng, v->deadline);
	for (;;) {
		enum err e = visit_pass(v);
		if (!is_passing(e))
			return e;
		if (!v->patient || !dial_pause(&v->dial))
			return give_up(v);
	}
}
