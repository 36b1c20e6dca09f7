// SPDX-License-Identifier: MIT
#include "applets/member/follow.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/log.h"
#include "core/doc/roster.h"
#include "core/ident/rng.h"

/* Conditions; those above 0 are exit statuses of a look that failed. */
enum {
	CONDITION_GOOD = 0,
	CONDITION_NEW = -1,
	CONDITION_NO_MEMBER = -2,
};

/* What a comparison takes: too much to be held in between. */
struct compare {
	struct roster fresh;
	char known[ROSTER_TEXT_MAX]; /* the roster in force as text */
};

/* When to look */

/* A random time of ms / 2 or less. */
static int64_t
jitter(const struct follow *f, int64_t ms)
{
	uint8_t r[2];
	rng_bytes(f->config->rng, r, sizeof r);
	return ms / 2 * (r[0] << 8 | r[1]) / UINT16_MAX;
}

/* A failure is followed by a look in ten seconds, twenty, and so on. */
static int64_t
find_pause(const struct follow *f)
{
	int64_t ms = f->config->interval_ms;
	int64_t again = FOLLOW_AGAIN_MS;
	for (unsigned i = 1; i < f->failures && again < ms; i++)
		again *= 2;
	if (f->failures > 0 && again < ms)
		ms = again;
	return ms - ms / 4 + jitter(f, ms);
}

static void
plan(struct follow *f)
{
	int64_t soon = f->began + FOLLOW_AGAIN_MS;
	int64_t at = loop_now() + find_pause(f);
	f->timer.deadline = f->soon && soon < at ? soon : at;
	f->soon = false;
}

void
follow_soon(struct follow *f)
{
	int64_t soon = f->began + FOLLOW_AGAIN_MS;
	if (look_is_on(&f->look))
		f->soon = true; /* this one may have missed it */
	else if (soon < f->timer.deadline)
		f->timer.deadline = soon;
}

/* What came of it */

/* Counts failures in a row, and logs what is not as it was before. */
static void
note(struct follow *f, int condition, const char *what)
{
	int before = f->condition;
	f->condition = condition;
	f->failures = condition > CONDITION_GOOD ? f->failures + 1 : 0;
	if (condition == before)
		return;
	if (condition != CONDITION_GOOD)
		log_line(LOG_LEVEL_INFO, "registry: %s", what);
	else if (before != CONDITION_NEW)
		log_line(LOG_LEVEL_INFO, "registry: followed again");
}

static void
fail(struct follow *f, enum err e, const char *what)
{
	note(f, err_status(e), what);
}

static const struct member *
self_of(const struct roster *r)
{
	for (size_t i = 0; i < r->members_len; i++)
		if (r->members[i].index == r->self)
			return &r->members[i];
	return NULL;
}

/* What keeps a roster with us in it from being taken, or NULL. */
static const char *
find_fault(const struct roster *known, const struct roster *fresh)
{
	const struct member *before = self_of(known);
	const struct member *now = self_of(fresh);
	if (!nodeid_equal(&known->id, &fresh->id) ||
	    strcmp(known->name, fresh->name) != 0)
		return "another cluster than ours";
	if (before && now &&
	    (!nodeid_equal(&before->id, &now->id) ||
	     !rsakey_equal(&before->ck, &now->ck) ||
	     !rsakey_equal(&before->sk, &now->sk)))
		return "another ID or other keys than ours";
	return NULL;
}

static void
take_text(struct follow *f, const char *text, size_t text_len,
	  struct compare *c)
{
	struct block_fault fault;
	size_t len = roster_format(c->known, f->roster);
	if (!f->unkept && len == text_len && memcmp(c->known, text, len) == 0) {
		note(f, CONDITION_GOOD, "");
		return;
	}
	if (roster_parse(&c->fresh, text, text_len, &fault) != ERR_OK) {
		fail(f, ERR_MALFORMED, "malformed list of members");
		return;
	}
	const char *what = find_fault(f->roster, &c->fresh);
	if (what) {
		fail(f, ERR_MALFORMED, what);
	} else if (c->fresh.self == ROSTER_NO_SELF) {
		note(f, CONDITION_NO_MEMBER,
		     "this node is no member any more; its roster stays");
	} else {
		note(f, CONDITION_GOOD, "");
		f->config->taken(f, &c->fresh);
	}
}

static void
take_result(struct look *l, const struct look_result *result)
{
	char *base = (char *)l - offsetof(struct follow, look);
	struct follow *f = (struct follow *)(void *)base;
	if (result->status != 0) {
		note(f, result->status, result->reason);
		plan(f);
		return;
	}
	void *c = mmap(NULL, sizeof(struct compare), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c == MAP_FAILED) {
		fail(f, ERR_SYSTEM, strerror(errno));
	} else {
		take_text(f, result->text, result->len, c);
		munmap(c, sizeof(struct compare));
	}
	plan(f);
}

static void
begin(struct loop_watch *timer, short revents)
{
	char *base = (char *)timer - offsetof(struct follow, timer);
	struct follow *f = (struct follow *)(void *)base;
	const struct follow_config *c = f->config;
	(void)revents;
	f->began = loop_now();
	timer->deadline = LOOP_NEVER;
	enum err e = look_start(&f->look, c->registry, c->folder,
				f->roster->name, c->min_bits);
	if (e == ERR_OK)
		return;
	fail(f, e, e == ERR_SYSTEM ? strerror(errno) : err_text(e));
	plan(f);
}

enum err
follow_init(struct follow *f, const struct follow_config *config,
	    const struct roster *roster)
{
	int64_t now = loop_now();
	int64_t first = config->interval_ms;
	if (first > FOLLOW_AGAIN_MS)
		first = FOLLOW_AGAIN_MS;
	*f = (struct follow){
		.config = config,
		.roster = roster,
		.timer = { .fd = -1, .ready = begin },
		.look = { .loop = config->loop,
			  .limit_ms = config->limit_ms,
			  .done = take_result },
		.began = now - FOLLOW_AGAIN_MS,
		.condition = CONDITION_NEW,
	};
	f->timer.deadline = now + 2 * jitter(f, first);
	look_init(&f->look);
	return loop_add(config->loop, &f->timer);
}

void
follow_reap(struct follow *f)
{
	look_reap(&f->look);
}

void
follow_stop(struct follow *f)
{
	look_stop(&f->look);
	loop_remove(f->config->loop, &f->timer);
}
