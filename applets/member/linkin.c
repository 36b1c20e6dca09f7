// SPDX-License-Identifier: MIT
#include "applets/member/linkin.h"

#include <stddef.h>
#include <string.h>

#include "applets/member/link_part.h"
#include "applets/member/linkout.h"
#include "core/wire/msg.h"
#include "core/wire/peermsg.h"

#define BUSY "busy"

/* The message in place; one a process, as it is large. */
static cluster_XLClusterMsg in;

void
linkin_digest(const struct link *l, uint8_t digest[static 32],
	      const struct nodeid *from, const struct nodeid *to)
{
	peermsg_digest_peer(digest, session_bind(&l->channel.session),
			    &l->kind->roster->id, from, to);
}

const struct nodeid *
linkin_self(const struct link *l)
{
	return &roster_find(l->kind->roster, l->kind->roster->self)->id;
}

/* Whether the signature in a Hello is that of from, for this session. */
static bool
is_signed(const struct link *l, const struct member *from)
{
	uint8_t digest[32];
	linkin_digest(l, digest, &from->id, linkin_self(l));
	return in.has_DigSig &&
	       rsakey_verify(&from->sk, RSAKEY_SHA256, digest, in.DigSig.bytes,
			     in.DigSig.size) == ERR_OK;
}

/*
 * Whose signature the Hello in place has to bear.  With an ID that is no
 * member's, that of one whom the ID picks: how long it takes to refuse a Hello
 * is not to tell who belongs.
 */
static const struct member *
signer(const struct roster *roster, const struct member *from)
{
	size_t pick = in.has_ID && in.ID.size > 0 ? in.ID.bytes[0] : 0;
	return from ? from : &roster->members[pick % roster->members_len];
}

static bool
is_our_cluster(const struct roster *roster)
{
	return in.has_ClusterID && in.ClusterID.size == roster->id.len &&
	       memcmp(in.ClusterID.bytes, roster->id.bytes, roster->id.len) ==
		       0;
}

static void
handle_hello(struct link *l)
{
	const struct roster *roster = l->kind->roster;
	const struct member *from =
		roster_find_id(roster, in.ID.bytes, in.has_ID ? in.ID.size : 0);
	bool good = is_signed(l, signer(roster, from));
	if (!from) {
		l->kind->stranger(l);
		part_reject(l, "unknown ID");
		return;
	}
	if (!good || from->index == roster->self || !is_our_cluster(roster)) {
		part_reject(l, "not a member's Hello");
		return;
	}
	l->index = from->index;
	linkout_ack(l);
	part_set_state(l, LINK_STATE_OPEN);
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
		part_reject(l, "wrong Ack");
		return;
	}
	l->acked_n = in.YourMsgN;
	part_set_state(l, LINK_STATE_OPEN);
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
}

/*
 * Takes the number of what is answered.  False: it is none, or the answer to
 * a message before it is missing.
 */
static bool
take_answer(struct link *l, enum peer_answer answer)
{
	const struct peer_post *first = l->sent.first;
	if (!is_answer(l) || (first && first->msg_n < in.YourMsgN))
		return false;
	l->acked_n = in.YourMsgN;
	if (l->acked_n >= l->suspect_n)
		l->suspect_n = l->suspects_sent = 0;
	answer_post(l, answer);
	linkout_due(l);
	l->kind->room(l);
	return true;
}

static void
handle_ack(struct link *l)
{
	if (!take_answer(l, PEER_HAS_IT)) {
		part_reject(l, "wrong Ack");
		return;
	}
	if (l->ask_n != 0 && l->acked_n >= l->ask_n) {
		l->rtt_us = linkout_now_us() - l->ask_us;
		l->ask_n = 0;
		l->kind->answered(l);
	}
}

static void
handle_error(struct link *l)
{
	bool busy = in.has_ErrDesc && MSG_IS(&in, ErrDesc, BUSY);
	if (!take_answer(l, busy ? PEER_BUSY : PEER_REFUSED))
		part_reject(l, "the member sent an Error");
}

static void
handle_keepalive(struct link *l)
{
	linkout_ack(l);
}

static void
handle_suspect(struct link *l)
{
	const struct member *who = roster_find_id(l->kind->roster, in.ID.bytes,
						  in.has_ID ? in.ID.size : 0);
	linkout_ack(l);
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
		linkout_ack(l);
		return;
	}
	linkout_error(l, e == ERR_BUSY ? BUSY : "no handler");
}

static void
handle_bye(struct link *l)
{
	linkout_ack(l);
	part_set_state(l, LINK_STATE_BYE);
	if (!l->sent.first)
		channel_close(&l->channel);
	/* Else it closes, once it has answered what is on its way. */
}

/* Our Bye was answered, or our last message behind theirs: that was all. */
static void
handle_last_ack(struct link *l)
{
	handle_ack(l);
	bool done = l->bye_n ? l->acked_n >= l->bye_n : !l->sent.first;
	if (done)
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
		part_reject(l, text);
		return;
	}
	l->in_n++; /* it is the message that was wrong which is answered */
	linkout_error(l, text);
	channel_close(&l->channel);
}

bool
linkin_take(struct channel *c, uint8_t *bytes, size_t len)
{
	struct link *l = LINK_OF(c, channel);
	if (!linkout_has_room(l, LINKOUT_SMALL))
		return false; /* until there is room to answer it */
	if (peermsg_decode(&in, bytes, len) != ERR_OK)
		refuse(l, "malformed message");
	else if (!in.has_MsgN || in.MsgN != l->in_n + 1)
		part_reject(l, "wrong message number");
	else if (in.Op >= OPS_LEN || !handlers[l->state][in.Op])
		refuse(l, "invalid msg type for current state");
	else {
		l->in_n++;
		if (l->state >= LINK_STATE_OPEN)
			l->kind->heard(l);
		handlers[l->state][in.Op](l);
	}
	return true;
}
