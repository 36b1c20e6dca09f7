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
	if (r->id.len > 0)
		MSG_SET(msg, ClusterID, r->id.bytes, r->id.len);
	if (r->max_size > 0)
		MSG_SET_NUMBER(msg, Which, g->asked);
}

const char *
gather_take_cluster(struct roster *r, const reg_XLRegMsg *msg)
{
	uint32_t size =
		msg->has_ClusterMaxSize ? msg->ClusterMaxSize : r->max_size;
	struct nodeid id;
	if (!msg->has_ClusterID ||
	    nodeid_from_bytes(&id, msg->ClusterID.bytes, msg->ClusterID.size))
		return "bad cluster ID";
	if (r->id.len > 0 && !nodeid_equal(&id, &r->id))
		return "another cluster ID";
	if (msg->has_ClusterName && !MSG_IS(msg, ClusterName, r->name))
		return "another cluster name";
	if (size < 2 || size > ROSTER_MEMBERS_MAX)
		return "bad cluster size";
	if (r->max_size > 0 && size != r->max_size)
		return "another cluster size";
	if (msg->has_ClusterSize && msg->ClusterSize > size)
		return "bad number of members";
	r->id = id;
	r->max_size = size;
	return NULL;
}

/* What is wrong with Which and its count, or NULL. */
static const char *
check_which(const struct gather *g, const reg_XLRegMsg *msg, uint64_t which)
{
	if (which & ~(g->asked & all_bits(g->roster)))
		return "members that were not asked for";
	if (count_bits(which) != msg->Tokens_count)
		return "Which does not fit the tokens";
	if (!msg->has_ClusterSize)
		return NULL;
	if (msg->ClusterSize < msg->Tokens_count)
		return "bad number of members";
	/* Some of the others must be among those that were asked for. */
	if (msg->ClusterSize > g->roster->members_len && which == 0)
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
	struct member *at = r->members;
	struct member *end = at + r->members_len++;
	while (at < end && at->index < m->index)
		at++;
	memmove(at + 1, at, (size_t)(end - at) * sizeof *at);
	*at = *m;
	g->have |= bit(m->index);
	if (g->self && nodeid_equal(&m->id, &g->self->id))
		r->self = m->index;
}

/*
 * Takes the token of a member; then have is 0 when all has to be asked for
 * anew.  What is wrong, or NULL.
 */
static const char *
take_token(struct gather *g, const reg_Token *token, unsigned index)
{
	struct member m = { .index = index };
	const char *what = check_member(g, token, &m);
	if (what) {
		fmt_text(g->why, sizeof g->why, "member %u: %s", index, what);
		return g->why;
	}
	const struct member *other = find_double(g->roster, &m);
	if (!other) {
		insert(g, &m);
		return NULL;
	}
	/* Since an earlier reply its owner may have moved. */
	if (!(g->asked & bit(other->index)) && g->again < GATHER_AGAIN_MAX) {
		g->again++;
		gather_start(g);
		return NULL;
	}
	fmt_text(g->why, sizeof g->why, "members %u and %u are the same",
		 other->index, index);
	return g->why;
}

const char *
gather_take(struct gather *g, const reg_XLRegMsg *msg, enum gather_next *next)
{
	const struct roster *r = g->roster;
	const reg_Token *token = msg->Tokens;
	uint64_t which = msg->has_Which ? msg->Which : 0;
	const char *what = gather_take_cluster(g->roster, msg);
	if (!what)
		what = check_which(g, msg, which);
	*next = GATHER_MORE;
	for (unsigned i = 0; !what && which; i++, which >>= 1) {
		if (!(which & 1))
			continue;
		what = take_token(g, token++, i);
		if (g->have == 0)
			return what;
	}
	if (g->have == all_bits(r))
		*next = GATHER_COMPLETE;
	else if (msg->Tokens_count == 0 ||
		 (msg->has_ClusterSize && msg->ClusterSize <= r->members_len))
		*next = GATHER_PART;
	return what;
}
