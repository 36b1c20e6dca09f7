// SPDX-License-Identifier: MIT
#include "applets/member/link.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "core/base/bytes.h"
#include "core/run/loop.h"
#include "core/wire/msg.h"
#include "core/wire/peermsg.h"

/*
 * Room that is left to Acks when a message is sent: else two members that
 * send much to each other could both wait until the other one reads.  An
 * empty buffer still takes the longest message.
 */
#define ROOM_FOR_ACKS 384
#define ANSWER_MAX 64 /* bytes of anything but Hello and App */

#define BUSY "busy"

#define LINK_OF(pointer, member)                                         \
	((struct link *)(void *)((char *)(pointer)-offsetof(struct link, \
							    member)))

typedef cluster_XLClusterMsg message;

/* One a process, as they are large. */
static message in, out;

static int64_t
now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

bool
link_is_open(const struct link *l)
{
	return l->state == LINK_STATE_OPEN;
}

static void
set_state(struct link *l, enum link_state state)
{
	l->state = state;
	l->began = loop_now();
}

static bool
has_room(struct link *l, size_t len)
{
	size_t cap = 0;
	return channel_post_space(&l->channel, &cap) && cap >= len;
}

/* Clears out for a new message. */
static void
begin(uint32_t op)
{
	memset(&out, 0, sizeof out);
	MSG_SET_NUMBER(&out, Op, op);
}

/* Numbers out and posts it.  Whoever calls has seen that there is room. */
static void
post(struct link *l)
{
	size_t cap;
	uint8_t *space = channel_post_space(&l->channel, &cap);
	MSG_SET_NUMBER(&out, MsgN, l->out_n + 1);
	size_t len = space ? peermsg_encode(&out, space, cap) : 0;
	if (len == 0)
		return;
	l->out_n++;
	channel_post_made(&l->channel, len);
}

static void
post_ack(struct link *l)
{
	begin(cluster_XLClusterMsg_Tag_Ack);
	MSG_SET_NUMBER(&out, YourMsgN, l->in_n);
	post(l);
}

static void
post_error(struct link *l, const char *text)
{
	begin(cluster_XLClusterMsg_Tag_Error);
	if (l->in_n > 0)
		MSG_SET_NUMBER(&out, YourMsgN, l->in_n);
	MSG_SET(&out, ErrDesc, text, strlen(text));
	post(l);
}

/* All that waited for room, as far as there is room now. */
static void
post_due(struct link *l)
{
	if (l->ask_due && has_room(l, ANSWER_MAX)) {
		l->ask_due = false;
		begin(cluster_XLClusterMsg_Tag_KeepAlive);
		post(l);
		l->ask_n = l->out_n;
		l->ask_us = now_us();
	}
	for (unsigned i = 0; l->suspects && has_room(l, ANSWER_MAX); i++) {
		uint64_t bit = UINT64_C(1) << i;
		const struct member *who = roster_find(l->kind->roster, i);
		if (!(l->suspects & bit))
			continue;
		l->suspects &= ~bit;
		if (!who)
			continue;
		begin(cluster_XLClusterMsg_Tag_Suspect);
		MSG_SET(&out, ID, who->id.bytes, who->id.len);
		post(l);
	}
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

/* The other side does not belong, or breaks the rules: silence. */
static void
reject(struct link *l, const char *why)
{
	bool open = l->state >= LINK_STATE_OPEN;
	channel_drop(&l->channel);
	finish(l, open ? LINK_BROKEN : LINK_FAILED, why);
}

/* What a Hello's signature covers, from the one to the other. */
static void
digest_hello(const struct link *l, uint8_t digest[static 32],
	     const struct nodeid *from, const struct nodeid *to)
{
	peermsg_digest_peer(digest, session_bind(&l->channel.session),
			    &l->kind->roster->id, from, to);
}

static const struct nodeid *
self_id(const struct link *l)
{
	return &roster_find(l->kind->roster, l->kind->roster->self)->id;
}

/* The signature of our Hello is there. */
static void
take_signature(struct rsapool_job *job)
{
	struct link *l = LINK_OF(job, sign);
	const struct nodeid *id = self_id(l);
	const struct nodeid *cluster = &l->kind->roster->id;
	l->signing = false;
	if (job->result != ERR_OK) {
		reject(l, "cannot sign");
		return;
	}
	begin(cluster_XLClusterMsg_Tag_Hello);
	MSG_SET(&out, ID, id->bytes, id->len);
	MSG_SET(&out, ClusterID, cluster->bytes, cluster->len);
	MSG_SET(&out, DigSig, job->data, job->len);
	post(l);
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
	l->sign.len = 32;
	l->sign.done = take_signature;
	l->signing = true;
	digest_hello(l, l->sign.data, self_id(l), &to->id);
	rsapool_submit(l->kind->channel.pool, &l->sign);
}

/* Whether the signature in a Hello is that of from, for this session. */
static bool
is_signed(const struct link *l, const struct member *from)
{
	uint8_t digest[32];
	digest_hello(l, digest, &from->id, self_id(l));
	return in.has_DigSig &&
	       rsakey_verify(&from->sk, RSAKEY_SHA256, digest, in.DigSig.bytes,
			     in.DigSig.size) == ERR_OK;
}

static void
handle_hello(struct link *l)
{
	const struct roster *roster = l->kind->roster;
	const struct member *from =
		roster_find_id(roster, in.ID.bytes, in.has_ID ? in.ID.size : 0);
	if (!from) {
		l->kind->stranger(l);
		reject(l, "unknown ID");
		return;
	}
	if (from->index == roster->self || !in.has_ClusterID ||
	    in.ClusterID.size != roster->id.len ||
	    memcmp(in.ClusterID.bytes, roster->id.bytes, roster->id.len) != 0 ||
	    !is_signed(l, from)) {
		reject(l, "not a member's Hello");
		return;
	}
	l->index = from->index;
	post_ack(l);
	set_state(l, LINK_STATE_OPEN);
	l->kind->opened(l);
}

/* Whether the message in place answers one of ours that was not answered. */
static bool
is_answer(const struct link *l)
{
	return in.has_YourMsgN && in.YourMsgN > l->acked_n &&
	       in.YourMsgN <= l->out_n;
}

static void
handle_welcome(struct link *l)
{
	if (!is_answer(l)) {
		reject(l, "wrong Ack");
		return;
	}
	l->acked_n = in.YourMsgN;
	set_state(l, LINK_STATE_OPEN);
	l->kind->opened(l);
}

/* The message that this Ack or Error answers, if it is one, has its answer. */
static void
answer_post(struct link *l, enum peer_answer answer)
{
	struct peer_post *p = l->sent.first;
	if (!p || p->msg_n != in.YourMsgN)
		return;
	(void)posts_take(&l->sent);
	l->sent_len--;
	if (answer == PEER_HAS_IT)
		l->apps_out++;
	p->answered(p, answer);
	l->kind->room(l);
}

static void
handle_ack(struct link *l)
{
	if (!is_answer(l)) {
		reject(l, "wrong Ack");
		return;
	}
	l->acked_n = in.YourMsgN;
	answer_post(l, PEER_HAS_IT);
	if (l->ask_n != 0 && l->acked_n >= l->ask_n) {
		l->rtt_us = now_us() - l->ask_us;
		l->ask_n = 0;
		l->kind->answered(l);
	}
}

static void
handle_error(struct link *l)
{
	if (!is_answer(l)) {
		reject(l, "the member sent an Error");
		return;
	}
	l->acked_n = in.YourMsgN;
	answer_post(l, in.has_ErrDesc && MSG_IS(&in, ErrDesc, BUSY)
			       ? PEER_BUSY
			       : PEER_REFUSED);
}

static void
handle_keepalive(struct link *l)
{
	post_ack(l);
}

static void
handle_suspect(struct link *l)
{
	const struct member *who = roster_find_id(l->kind->roster, in.ID.bytes,
						  in.has_ID ? in.ID.size : 0);
	post_ack(l);
	if (who)
		l->kind->suspects(l, who->index);
}

static void
handle_app(struct link *l)
{
	enum err e = l->kind->message(l, in.Contents.bytes,
				      in.has_Contents ? in.Contents.size : 0);
	if (e == ERR_OK) {
		l->apps_in++;
		post_ack(l);
		return;
	}
	post_error(l, e == ERR_BUSY ? BUSY : "no handler");
}

static void
handle_bye(struct link *l)
{
	post_ack(l);
	set_state(l, LINK_STATE_BYE);
	if (!l->sent.first)
		channel_close(&l->channel);
	/* Else it closes, once it has answered what is on its way. */
}

/* Ours was answered, maybe: then nothing is left to be said. */
static void
handle_last_ack(struct link *l)
{
	handle_ack(l);
	if (l->acked_n == l->out_n && l->state == LINK_STATE_BYE)
		channel_close(&l->channel);
}

#define OPS_LEN (cluster_XLClusterMsg_Tag_Suspect + 1)

/* What is understood in each state; all else ends the link. */
static void (*const handlers[LINK_STATES][OPS_LEN])(struct link *l) = {
	[LINK_STATE_HELLO] = {
		[cluster_XLClusterMsg_Tag_Hello] = handle_hello,
	},
	[LINK_STATE_ACK] = {
		[cluster_XLClusterMsg_Tag_Ack] = handle_welcome,
	},
	[LINK_STATE_OPEN] = {
		[cluster_XLClusterMsg_Tag_Ack] = handle_ack,
		[cluster_XLClusterMsg_Tag_KeepAlive] = handle_keepalive,
		[cluster_XLClusterMsg_Tag_Bye] = handle_bye,
		[cluster_XLClusterMsg_Tag_Error] = handle_error,
		[cluster_XLClusterMsg_Tag_App] = handle_app,
		[cluster_XLClusterMsg_Tag_Suspect] = handle_suspect,
	},
	[LINK_STATE_BYE] = {
		[cluster_XLClusterMsg_Tag_Ack] = handle_last_ack,
		[cluster_XLClusterMsg_Tag_KeepAlive] = handle_keepalive,
		[cluster_XLClusterMsg_Tag_Bye] = handle_bye,
		[cluster_XLClusterMsg_Tag_Error] = handle_error,
		[cluster_XLClusterMsg_Tag_App] = handle_app,
		[cluster_XLClusterMsg_Tag_Suspect] = handle_suspect,
	},
};

/* Tells a member what was wrong, and others nothing. */
static void
refuse(struct link *l, const char *text)
{
	if (l->state < LINK_STATE_OPEN) {
		reject(l, text);
		return;
	}
	post_error(l, text);
	channel_close(&l->channel);
}

static bool
take_message(struct channel *c, uint8_t *bytes, size_t len)
{
	struct link *l = LINK_OF(c, channel);
	if (!has_room(l, ANSWER_MAX))
		return false; /* until there is room to answer it */
	if (peermsg_decode(&in, bytes, len) != ERR_OK)
		refuse(l, "malformed message");
	else if (!in.has_MsgN || in.MsgN != l->in_n + 1)
		reject(l, "wrong message number");
	else if (in.Op >= OPS_LEN || !handlers[l->state][in.Op])
		refuse(l, "invalid msg type for current state");
	else {
		l->in_n++;
		handlers[l->state][in.Op](l);
	}
	return true;
}

static void
take_sent(struct channel *c)
{
	struct link *l = LINK_OF(c, channel);
	post_due(l);
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
	kind->channel.message = take_message;
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
	set_state(l, state);
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
	post_due(l);
}

void
link_suspect(struct link *l, unsigned index)
{
	l->suspects |= UINT64_C(1) << index;
	post_due(l);
}

enum err
link_send(struct link *l, struct peer_post *p)
{
	if (!link_is_open(l) || l->sent_len == LINK_APPS_MAX ||
	    !has_room(l, p->len + ROOM_FOR_ACKS))
		return ERR_BUSY;
	begin(cluster_XLClusterMsg_Tag_App);
	MSG_SET(&out, Contents, p->bytes, p->len);
	post(l);
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
	if (!link_is_open(l)) {
		reject(l, "not needed");
		return;
	}
	begin(cluster_XLClusterMsg_Tag_Bye);
	post(l);
	set_state(l, LINK_STATE_BYE);
}

void
link_drop(struct link *l)
{
	channel_drop(&l->channel);
	let_go(l);
}
