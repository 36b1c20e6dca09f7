// SPDX-License-Identifier: MIT
#include "applets/member/linkout.h"

#include <string.h>
#include <time.h>

#include "applets/member/link.h"
#include "core/wire/msg.h"
#include "core/wire/peermsg.h"

/* One a process, as it is large. */
static cluster_XLClusterMsg out;

int64_t
linkout_now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

bool
linkout_has_room(struct link *l, size_t len)
{
	size_t cap = 0;
	return channel_post_space(&l->channel, &cap) && cap >= len;
}

bool
linkout_is_turn(const struct link *l)
{
	return l->sent_len + l->suspects_sent < LINK_APPS_MAX;
}

/* Clears out for a new message. */
static void
begin(uint32_t op)
{
	peermsg_clear(&out);
	MSG_SET_NUMBER(&out, Op, op);
}

/* Numbers it and sends it. */
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

void
linkout_hello(struct link *l, const uint8_t *sig, size_t sig_len)
{
	const struct roster *roster = l->kind->roster;
	const struct nodeid *id = &roster_find(roster, roster->self)->id;
	begin(cluster_XLClusterMsg_Tag_Hello);
	MSG_SET(&out, ID, id->bytes, id->len);
	MSG_SET(&out, ClusterID, roster->id.bytes, roster->id.len);
	MSG_SET(&out, DigSig, sig, sig_len);
	post(l);
}

void
linkout_ack(struct link *l)
{
	begin(cluster_XLClusterMsg_Tag_Ack);
	MSG_SET_NUMBER(&out, YourMsgN, l->in_n);
	post(l);
}

void
linkout_error(struct link *l, const char *text)
{
	begin(cluster_XLClusterMsg_Tag_Error);
	MSG_SET_NUMBER(&out, YourMsgN, l->in_n);
	MSG_SET(&out, ErrDesc, text, strlen(text));
	post(l);
}

void
linkout_app(struct link *l, const uint8_t *bytes, size_t len)
{
	begin(cluster_XLClusterMsg_Tag_App);
	MSG_SET(&out, Contents, bytes, len);
	post(l);
}

static void
bye(struct link *l)
{
	begin(cluster_XLClusterMsg_Tag_Bye);
	post(l);
	l->bye_n = l->out_n;
}

static void
ask(struct link *l)
{
	l->ask_due = false;
	begin(cluster_XLClusterMsg_Tag_KeepAlive);
	post(l);
	/* An answer to the first that has none is as good. */
	if (l->ask_n != 0)
		return;
	l->ask_n = l->out_n;
	l->ask_us = linkout_now_us();
}

/* Says that the member with index is suspected, if there is one. */
static void
suspect(struct link *l, unsigned index)
{
	const struct member *who = roster_find(l->kind->roster, index);
	l->suspects &= ~(UINT64_C(1) << index);
	if (!who)
		return;
	begin(cluster_XLClusterMsg_Tag_Suspect);
	MSG_SET(&out, ID, who->id.bytes, who->id.len);
	post(l);
	l->suspect_n = l->out_n;
	l->suspects_sent++;
}

static bool
has_small_room(struct link *l)
{
	return linkout_has_room(l, LINKOUT_SMALL + LINKOUT_FOR_ACKS);
}

void
linkout_due(struct link *l)
{
	if (l->ask_due && has_small_room(l))
		ask(l);
	for (unsigned i = 0; i < ROSTER_MEMBERS_MAX; i++)
		if ((l->suspects >> i & 1) && linkout_is_turn(l) &&
		    has_small_room(l))
			suspect(l, i);
	if (l->bye_n == LINK_BYE_DUE && has_small_room(l))
		bye(l);
}
