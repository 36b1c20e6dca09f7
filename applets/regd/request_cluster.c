// SPDX-License-Identifier: MIT

/* Create, Join and GetCluster. */

#include <string.h>

#include "applets/regd/request.h"
#include "core/ident/endpoint.h"

/* A new cluster as asked for.  Returns NULL, or the text of the refusal. */
static const char *
plan_cluster(struct serve *s, struct registry_cluster *plan,
	     const reg_XLRegMsg *msg)
{
	uint32_t count = msg->has_EndPointCount ? msg->EndPointCount : 1;
	uint32_t size = msg->has_ClusterMaxSize ? msg->ClusterMaxSize : 0;
	size = size < CLUSTER_MIN ? CLUSTER_MIN : size;
	size = size > CLUSTER_MAX ? CLUSTER_MAX : size;
	if (!text_is_name(msg->ClusterName.bytes, msg->ClusterName.size))
		return "bad name";
	if (count < 1 || count > 2)
		return "end point count must be 1 or 2";
	*plan = (struct registry_cluster){
		.attrs = msg->has_ClusterAttrs ? msg->ClusterAttrs : 0,
		.max_size = (uint8_t)size,
		.endpoint_count = (uint8_t)count,
		.name_len = (uint8_t)msg->ClusterName.size,
	};
	memcpy(plan->name, msg->ClusterName.bytes, plan->name_len);
	nodeid_random(&plan->id, s->id_len, s->rng);
	return NULL;
}

void
request_create(struct serve *s, struct client *c, const struct session *session,
	       const reg_XLRegMsg *msg)
{
	const uint32_t op = reg_XLRegMsg_Tag_Create;
	struct registry_cluster plan;
	uint64_t ticket = 0;
	(void)session;
	c->change.kind = REGISTRY_NO_CHANGE;
	if (!msg->has_ClusterName || msg->ClusterName.size == 0) {
		request_refuse(s, c, op, "missing cluster name or ID");
		return;
	}
	uint32_t cluster = registry_find_cluster_name(
		s->registry, msg->ClusterName.bytes, msg->ClusterName.size);
	if (cluster == REGISTRY_NONE) {
		const char *refusal = plan_cluster(s, &plan, msg);
		if (refusal) {
			request_refuse(s, c, op, refusal);
			return;
		}
		if (!request_reserve(s, c, op))
			return;
		if (record_append_cluster(&s->store, &plan, &ticket) !=
		    ERR_OK) {
			request_refuse_store(s, c, op);
			return;
		}
		cluster = registry_put_cluster(s->registry, &plan, &c->change);
	}
	c->cluster = cluster;
	request_settle(s, c, op, ticket);
}

/*
 * The cluster that a request is about: by ID, by name, or the session's own;
 * refuses the request and returns REGISTRY_NONE when there is none.
 */
static uint32_t
find_cluster(struct serve *s, struct client *c, const reg_XLRegMsg *msg)
{
	struct nodeid id;
	uint32_t cluster = c->cluster;
	const char *refusal = "missing cluster name or ID";
	if (msg->has_ClusterID && msg->ClusterID.size > 0) {
		refusal = "cannot find cluster with this ID";
		cluster = REGISTRY_NONE;
		if (nodeid_from_bytes(&id, msg->ClusterID.bytes,
				      msg->ClusterID.size) == ERR_OK)
			cluster = registry_find_cluster(s->registry, &id);
	} else if (msg->has_ClusterName && msg->ClusterName.size > 0) {
		refusal = "cannot find cluster with this name";
		cluster = registry_find_cluster_name(s->registry,
						     msg->ClusterName.bytes,
						     msg->ClusterName.size);
	}
	if (cluster == REGISTRY_NONE)
		request_refuse(s, c, msg->Op, refusal);
	return cluster;
}

/* A Join on its way through the checks. */
struct entry {
	uint32_t cluster, index;
	bool known; /* it is a member already */
	struct registry_member member;
	struct record_token token;
};

/*
 * Finds the place for the client's node in a cluster, with its token as it is
 * now.  Returns NULL, or the text of the refusal.
 */
static const char *
find_place(const struct serve *s, const struct client *c, struct entry *entry)
{
	static reg_Token token;
	const struct registry *reg = s->registry;
	const struct registry_cluster *cluster = &reg->clusters[entry->cluster];
	if (msg_decode_token(&token, entry->token.bytes, entry->token.len) !=
	    ERR_OK)
		return "cannot read the registry";
	entry->member = (struct registry_member){
		.node = c->node,
		.name = registry_hash_name(reg, token.Name.bytes,
					   token.Name.size),
	};
	uint32_t named = registry_find_member_name(reg, entry->cluster,
						   entry->member.name);
	entry->index = registry_find_member(reg, entry->cluster, c->node);
	entry->known = entry->index != REGISTRY_NONE;
	if (named != REGISTRY_NONE && named != entry->index)
		return "cluster member name already in use";
	if (!entry->known)
		entry->index = registry_find_place(reg, entry->cluster);
	if (entry->index == REGISTRY_NONE)
		return "cluster is full";
	if (token.MyEnds_count < cluster->endpoint_count)
		return cluster->endpoint_count == 1
			       ? "member must have at least 1 endPoint(s)"
			       : "member must have at least 2 endPoint(s)";
	return NULL;
}

/* Whether the roster has the member with this token already. */
static bool
is_current(const struct serve *s, const struct entry *entry)
{
	static struct record_token old;
	const struct registry_member *m =
		registry_member(s->registry, entry->cluster, entry->index);
	return entry->known && m->token.len == entry->token.len &&
	       record_read_token(&s->store, &m->token, &old) == ERR_OK &&
	       memcmp(old.bytes, entry->token.bytes, old.len) == 0;
}

/* Stores the entry and puts it into memory.  ticket 0: nothing had to be. */
static enum err
store_entry(struct serve *s, struct client *c, struct entry *entry,
	    uint64_t *ticket)
{
	const struct registry_cluster *cluster =
		&s->registry->clusters[entry->cluster];
	*ticket = 0;
	if (is_current(s, entry))
		return ERR_OK;
	enum err e = record_append_member(&s->store, &cluster->id, entry->index,
					  s->registry->nodes[c->node].dialect,
					  &entry->token, ticket,
					  &entry->member.token);
	if (e == ERR_OK)
		registry_put_member(s->registry, entry->cluster, entry->index,
				    &entry->member, &c->change);
	return e;
}

void
request_join(struct serve *s, struct client *c, const struct session *session,
	     const reg_XLRegMsg *msg)
{
	static struct entry entry;
	const uint32_t op = reg_XLRegMsg_Tag_Join;
	const struct registry_node *node = &s->registry->nodes[c->node];
	uint64_t ticket;
	(void)session;
	c->change.kind = REGISTRY_NO_CHANGE;
	entry.cluster = find_cluster(s, c, msg);
	if (entry.cluster == REGISTRY_NONE)
		return;
	if (!node->stored || request_is_passing(c->attrs)) {
		request_refuse(s, c, op, "not permitted");
		return;
	}
	if (record_read_token(&s->store, &node->token, &entry.token) !=
	    ERR_OK) {
		request_refuse_store(s, c, op);
		return;
	}
	const char *refusal = find_place(s, c, &entry);
	if (refusal) {
		request_refuse(s, c, op, refusal);
		return;
	}
	if (store_entry(s, c, &entry, &ticket) != ERR_OK) {
		request_refuse_store(s, c, op);
		return;
	}
	c->cluster = entry.cluster;
	request_settle(s, c, op, ticket);
}

void
request_get(struct serve *s, struct client *c, const struct session *session,
	    const reg_XLRegMsg *msg)
{
	if (request_wait(s, c))
		return;
	uint32_t cluster = find_cluster(s, c, msg);
	if (cluster == REGISTRY_NONE)
		return;
	uint64_t which = msg->has_Which ? msg->Which : ANSWER_ALL;
	if (answer_members(&s->answer, session_message_max(session),
			   s->registry, &s->store, cluster, which,
			   session->dialect) != ERR_OK)
		request_refuse(s, c, msg->Op, "cannot read the registry");
}
