// SPDX-License-Identifier: MIT
#include "applets/join/gather.h"

#include <stdio.h>
#include <string.h>

#include "core/base/fmt.h"

static uint64_t
bit(unsigned index)
{
	return (uint64_t)1 << index;
}

static unsigned
count_bits(uint64_t bits)
{
	unsigned n = 0;
	for (; bits; bits &= bits - 1)
		n++;
	return n;
}

/* The bits of a whole cluster; all ones while its size is not known. */
static uint64_t
all_bits(const struct roster *r)
{
	if (r->max_size == 0 || r->max_size == ROSTER_MEMBERS_MAX)
		return UINT64_MAX;
	return bit(r->max_size) - 1;
}

void
gather_start(struct gather *g)
{
	g->roster->members_len = 0;
	g->roster->self = ROSTER_NO_SELF;
	g->have = 0;
	g->stale = false;
}

void
gather_ask(struct gather *g, reg_XLRegMsg *msg)
{
	const struct roster *r = g->roster;
	g->asked = all_bits(r) & ~g->have;
	MSG_SET_NUMBER(msg, Op, reg_XLRegMsg_Tag_GetCluster);
	if (r->id.len > 0)
		MSG_SET(msg, ClusterID, r->id.bytes, r->id.len);
	else
		MSG_SET(msg, ClusterName, r->name, strlen(r->name));
	if (r->max_size > 0)
		MSG_SET_NUMBER(msg, Which, g->asked);
}

/* What is wrong with the reply's fields about the cluster, or NULL. */
static const char *
check_cluster(struct gather *g, const reg_XLRegMsg *msg)
{
	struct roster *r = g->roster;
	struct nodeid id;
	if (!msg->has_ClusterID ||
	    nodeid_from_bytes(&id, msg->ClusterID.bytes, msg->ClusterID.size))
		return "bad cluster ID";
	if (r->id.len > 0 && !nodeid_equal(&id, &r->id))
		return "another cluster ID";
	if (!msg->has_ClusterMaxSize && r->max_size == 0)
		return "no cluster size";
	if (msg->has_ClusterMaxSize &&
	    (msg->ClusterMaxSize < 2 ||
	     msg->ClusterMaxSize > ROSTER_MEMBERS_MAX))
		return "bad cluster size";
	if (msg->has_ClusterMaxSize && r->max_size > 0 &&
	    msg->ClusterMaxSize != r->max_size)
		return "another cluster size";
	r->id = id;
	if (r->max_size == 0)
		r->max_size = msg->ClusterMaxSize;
	return NULL;
}

/* What is wrong with Which and its count, or NULL. */
static const char *
check_which(const struct gather *g, const reg_XLRegMsg *msg)
{
	const struct roster *r = g->roster;
	uint64_t which = msg->has_Which ? msg->Which : 0;
	if (which & ~(g->asked & all_bits(r)))
		return "members that were not asked for";
	if (count_bits(which) != msg->Tokens_count)
		return "Which does not fit the tokens";
	if (!msg->has_ClusterSize)
		return NULL;
	if (msg->ClusterSize > r->max_size ||
	    msg->ClusterSize < count_bits(which))
		return "bad number of members";
	/* Some of the others must be among those that were asked for. */
	if (msg->ClusterSize > count_bits(g->have) && which == 0)
		return "members without tokens";
	return NULL;
}

/* What is wrong with a member by itself, or NULL. */
static const char *
check_member(const struct gather *g, const reg_Token *token, struct member *m)
{
	const struct member *self = g->self;
	const char *what = msg_check_token(m, token, g->min_bits);
	if (what)
		return what;
	if (m->id.len == 0)
		return "no ID";
	if (m->ends_len < g->roster->endpoint_count || m->ends_len < 1)
		return "too few end points";
	if (token->has_DigSig && msg_verify_token(token, m) != ERR_OK)
		return "bad digital signature";
	if (self && nodeid_equal(&m->id, &self->id) &&
	    (!rsakey_equal(&m->ck, &self->ck) ||
	     !rsakey_equal(&m->sk, &self->sk) ||
	     strcmp(m->name, self->name) != 0))
		return "our ID, but not our name and keys";
	return NULL;
}

/* The member held that has the name or the ID of m, or NULL. */
static const struct member *
find_double(const struct roster *r, const struct member *m)
{
	for (size_t i = 0; i < r->members_len; i++)
		if (strcmp(r->members[i].name, m->name) == 0 ||
		    nodeid_equal(&r->members[i].id, &m->id))
			return &r->members[i];
	return NULL;
}

/* Puts m at its place in index order. */
static void
insert(struct gather *g, const struct member *m)
{
	struct roster *r = g->roster;
	size_t at = r->members_len;
	for (; at > 0 && r->members[at - 1].index > m->index; at--)
		r->members[at] = r->members[at - 1];
	r->members[at] = *m;
	r->members_len++;
	g->have |= bit(m->index);
	if (g->self && nodeid_equal(&m->id, &g->self->id))
		r->self = m->index;
}

static enum gather_next
start_again(struct gather *g)
{
	gather_start(g);
	g->again++;
	return GATHER_MORE;
}

static enum gather_next
take_tokens(struct gather *g, const reg_XLRegMsg *msg, char *why, size_t cap)
{
	struct member m;
	uint64_t which = msg->has_Which ? msg->Which : 0;
	for (unsigned i = 0; i < msg->Tokens_count; i++, which &= which - 1) {
		unsigned index = count_bits((which & -which) - 1);
		const char *what = check_member(g, &msg->Tokens[i], &m);
		if (what) {
			fmt_text(why, cap, "member %u: %s", index, what);
			return GATHER_BROKEN;
		}
		m.index = index;
		const struct member *other = find_double(g->roster, &m);
		/* Since an earlier reply its owner may have moved. */
		if (other && !(msg->Which & bit(other->index)) &&
		    g->again < GATHER_AGAIN_MAX)
			return start_again(g);
		if (other) {
			fmt_text(why, cap, "members %u and %u are the same",
				 other->index, index);
			return GATHER_BROKEN;
		}
		insert(g, &m);
	}
	return GATHER_COMPLETE;
}

enum gather_next
gather_take(struct gather *g, const reg_XLRegMsg *msg, char *why, size_t cap)
{
	const char *what = check_cluster(g, msg);
	if (!what)
		what = check_which(g, msg);
	if (what) {
		fmt_text(why, cap, "%s", what);
		return GATHER_BROKEN;
	}
	enum gather_next next = take_tokens(g, msg, why, cap);
	if (next != GATHER_COMPLETE)
		return next;
	if (g->have == (all_bits(g->roster)))
		return GATHER_COMPLETE;
	if (msg->Tokens_count == 0 ||
	    (msg->has_ClusterSize &&
	     msg->ClusterSize <= g->roster->members_len))
		return GATHER_PART;
	return GATHER_MORE;
}
