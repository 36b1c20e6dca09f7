// SPDX-License-Identifier: MIT
#include "applets/member/link.h"

#include <errno.h>
#include <string.h>

#include "applets/member/link_part.h"
#include "applets/member/linkin.h"
#include "applets/member/linkout.h"
#include "core/run/loop.h"
#include "core/wire/peermsg.h"

bool
link_is_open(const struct link *l)
{
	return l->state == LINK_STATE_OPEN;
}

void
part_set_state(struct link *l, enum link_state state)
{
	l->state = state;
	l->began = loop_now();
}

/* Leaves nothing of the link with others. */
static void
let_go(struct link *l)
{
	if (l->signing)
		rsapool_cancel(l->kind->channel.pool, &l->sign);
	l->signing = false;
	posts_answer(&l->sent, PEER_UNKNOWN);
}

/* The end, whatever was the way there. */
static void
finish(struct link *l, enum link_end how, const char *why)
{
	let_go(l);
	l->kind->ended(l, how, why);
}

void
part_reject(struct link *l, const char *why)
{
	bool open = l->state >= LINK_STATE_OPEN;
	channel_drop(&l->channel);
	finish(l, open ? LINK_BROKEN : LINK_FAILED, why);
}

/* The signature of our Hello is there. */
static void
take_signature(struct rsapool_job *job)
{
	struct link *l = LINK_OF(job, sign);
	l->signing = false;
	if (job->result != ERR_OK) {
		part_reject(l, "cannot sign");
		return;
	}
	linkout_hello(l, job->data, job->len);
}

static void
take_opened(struct channel *c)
{
	struct link *l = LINK_OF(c, channel);
	if (!l->dialled)
		return;
	const struct member *to = roster_find(l->kind->roster, l->index);
	l->sign.op = RSAPOOL_SIGN;
	l->sign.hash = RSAKEY_SHA256;
	l->sign.urgent = true;
	l->sign.len = 32;
	l->sign.done = take_signature;
	l->signing = true;
	linkin_digest(l, l->sign.data, linkin_self(l), &to->id);
	rsapool_submit(l->kind->channel.pool, &l->sign);
}

static void
take_sent(struct channel *c)
{
	struct link *l = LINK_OF(c, channel);
	linkout_due(l);
	channel_resume(c);
	if (link_is_open(l))
		l->kind->room(l);
}

static void
take_closed(struct channel *c, enum err why)
{
	struct link *l = LINK_OF(c, channel);
	const char *text =
		why == ERR_UNREACHABLE ? strerror(errno) : err_text(why);
	enum link_end how = LINK_FAILED;
	if (l->state == LINK_STATE_BYE)
		how = LINK_BYE;
	else if (link_is_open(l))
		how = LINK_BROKEN;
	else if (why == ERR_UNREACHABLE && errno == ECONNREFUSED)
		how = LINK_REFUSED;
	finish(l, how, why == ERR_OK ? "closed by the member" : text);
}

void
link_kind_init(struct link_kind *kind)
{
	kind->channel.opened = take_opened;
	kind->channel.message = linkin_take;
	kind->channel.sent = take_sent;
	kind->channel.closed = take_closed;
}

static void
init(struct link *l, const struct link_kind *kind, enum link_state state,
     unsigned index)
{
	void *owner = l->owner;
	size_t slot = l->slot;
	memset(l, 0, sizeof *l);
	l->owner = owner;
	l->slot = slot;
	l->life = LINK_USED;
	l->kind = kind;
	l->index = index;
	l->dialled = state == LINK_STATE_ACK;
	posts_init(&l->sent);
	part_set_state(l, state);
}

enum err
link_accept(struct link *l, const struct link_kind *kind, uint8_t *buffers,
	    int fd)
{
	init(l, kind, LINK_STATE_HELLO, LINK_STRANGER);
	return channel_accept(&l->channel, &kind->channel, buffers, fd);
}

enum err
link_dial(struct link *l, const struct link_kind *kind, uint8_t *buffers,
	  int fd, unsigned index, const struct rsakey_public *ck)
{
	init(l, kind, LINK_STATE_ACK, index);
	return channel_dial(&l->channel, &kind->channel, buffers, fd, ck);
}

void
link_ask(struct link *l)
{
	l->ask_due = true;
	linkout_due(l);
}

void
link_suspect(struct link *l, unsigned index)
{
	l->suspects |= UINT64_C(1) << index;
	linkout_due(l);
}

/*
 * Whether so many bytes may follow those on their way: of long messages one is
 * enough, as KeepAlives and Acks, also TCP's own, come behind them.
 */
static bool
may_follow(const struct link *l, size_t len)
{
	for (const struct peer_post *p = l->sent.first; p; p = p->next)
		len += p->len;
	return !l->sent.first || len <= LINK_BYTES_MAX;
}

enum err
link_send(struct link *l, struct peer_post *p)
{
	if (!link_is_open(l) || !linkout_is_turn(l) || !may_follow(l, p->len) ||
	    !linkout_has_room(l, p->len + LINKOUT_FOR_ACKS))
		return ERR_BUSY;
	linkout_app(l, p->bytes, p->len);
	p->msg_n = l->out_n;
	posts_add(&l->sent, p);
	l->sent_len++;
	return ERR_OK;
}

void
link_forget(struct link *l, struct peer_post *p)
{
	if (posts_remove(&l->sent, p))
		l->sent_len--;
}

void
link_bye(struct link *l)
{
	if (l->state == LINK_STATE_BYE)
		return;
	if (!link_is_open(l)) {
		part_reject(l, "not needed");
		return;
	}
	part_set_state(l, LINK_STATE_BYE);
	l->bye_n = LINK_BYE_DUE;
	linkout_due(l);
}

void
link_drop(struct link *l)
{
	channel_drop(&l->channel);
	let_go(l);
}
