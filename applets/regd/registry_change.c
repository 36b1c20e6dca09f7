// SPDX-License-Identifier: MIT

/* The part of the registry that changes it, and takes changes back. */

#include "applets/regd/registry.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 64U
#define MEMBERS_MAX 64U /* of a cluster */

/* Makes room for need items of size bytes in the array at items. */
static enum err
grow(void *items, uint32_t *cap, uint32_t need, size_t size)
{
	void *old;
	uint32_t want = *cap > 0 ? *cap : FIRST_CAP;
	if (need <= *cap)
		return ERR_OK;
	while (want < need && want < REGISTRY_NONE / 2)
		want *= 2;
	if (want < need || (uint64_t)want * size > SIZE_MAX / 2)
		return ERR_SYSTEM;
	memcpy(&old, items, sizeof old);
	void *bigger = realloc(old, want * size);
	if (!bigger)
		return ERR_SYSTEM;
	memcpy(items, &bigger, sizeof bigger);
	*cap = want;
	return ERR_OK;
}

enum err
registry_reserve(struct registry *reg)
{
	struct table *tables[] = { &reg->node_ids, &reg->key_hashes,
				   &reg->cluster_ids, &reg->cluster_names };
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		if (table_reserve(tables[i]) != ERR_OK)
			return ERR_SYSTEM;
	if (grow(&reg->nodes, &reg->nodes_cap, reg->nodes_len + 1,
		 sizeof *reg->nodes) != ERR_OK ||
	    grow(&reg->keys, &reg->keys_cap, reg->keys_len + 1,
		 sizeof *reg->keys) != ERR_OK ||
	    grow(&reg->clusters, &reg->clusters_cap, reg->clusters_len + 1,
		 sizeof *reg->clusters) != ERR_OK)
		return ERR_SYSTEM;
	return grow(&reg->members, &reg->members_cap,
		    reg->members_len + MEMBERS_MAX, sizeof *reg->members);
}

static uint32_t
add_key(struct registry *reg, const uint8_t hash[static REGISTRY_KEY_LEN])
{
	uint32_t key = reg->keys_free;
	if (key != REGISTRY_NONE)
		reg->keys_free = reg->keys[key].latest;
	else
		key = reg->keys_len++;
	reg->keys[key] = (struct registry_key){ .latest = REGISTRY_NONE };
	memcpy(reg->keys[key].hash, hash, REGISTRY_KEY_LEN);
	table_put(&reg->key_hashes,
		  table_hash(reg->hash_key, hash, REGISTRY_KEY_LEN), key);
	return key;
}

static void
remove_key(struct registry *reg, uint32_t key)
{
	struct registry_key *k = &reg->keys[key];
	table_drop(&reg->key_hashes,
		   table_hash(reg->hash_key, k->hash, REGISTRY_KEY_LEN), key);
	k->latest = reg->keys_free;
	reg->keys_free = key;
}

static uint32_t
add_node(struct registry *reg, const struct nodeid *id, uint32_t key)
{
	uint32_t node = reg->nodes_free;
	if (node != REGISTRY_NONE)
		reg->nodes_free = reg->nodes[node].older;
	else
		node = reg->nodes_len++;
	struct registry_key *k = &reg->keys[key];
	reg->nodes[node] = (struct registry_node){
		.id = *id,
		.key = key,
		.older = k->latest,
		.newer = REGISTRY_NONE,
	};
	if (k->latest != REGISTRY_NONE)
		reg->nodes[k->latest].newer = node;
	k->latest = node;
	table_put(&reg->node_ids, registry_hash_id(reg, id), node);
	return node;
}

/* Notes in which dialect a node was accepted. */
static void
set_dialect(struct registry *reg, uint32_t node, enum dialect dialect)
{
	struct registry_node *n = &reg->nodes[node];
	struct registry_key *k = &reg->keys[n->key];
	if (n->dialect == DIALECT_SEALED)
		k->sealed--;
	n->dialect = dialect;
	if (n->dialect == DIALECT_SEALED)
		k->sealed++;
}

/* Takes a node out, and its key when it was the last to have it. */
static void
remove_node(struct registry *reg, uint32_t node)
{
	struct registry_node *n = &reg->nodes[node];
	struct registry_key *k = &reg->keys[n->key];
	set_dialect(reg, node, DIALECT_DOCUMENTED);
	table_drop(&reg->node_ids, registry_hash_id(reg, &n->id), node);
	if (n->older != REGISTRY_NONE)
		reg->nodes[n->older].newer = n->newer;
	if (n->newer != REGISTRY_NONE)
		reg->nodes[n->newer].older = n->older;
	else
		k->latest = n->older;
	if (k->latest == REGISTRY_NONE)
		remove_key(reg, n->key);
	n->id.len = 0;
	n->older = reg->nodes_free;
	reg->nodes_free = node;
}

uint32_t
registry_put_node(struct registry *reg, const struct registry_facts *facts,
		  struct registry_change *change)
{
	uint32_t node = registry_find_node(reg, &facts->id);
	uint32_t key = registry_find_key(reg, facts->key);
	bool added = node == REGISTRY_NONE;
	if (key == REGISTRY_NONE)
		key = add_key(reg, facts->key);
	if (added)
		node = add_node(reg, &facts->id, key);
	struct registry_node *n = &reg->nodes[node];
	*change = (struct registry_change){
		.kind = added ? REGISTRY_NODE_ADDED : REGISTRY_NODE_CHANGED,
		.number = node,
		.was_stored = n->stored,
		.dialect = n->dialect,
		.attrs = n->attrs,
		.token = n->token,
	};
	n->sessions++;
	if (facts->stored || !n->stored) {
		n->stored = facts->stored;
		n->attrs = facts->attrs;
		n->token = facts->token;
	}
	if (n->dialect != DIALECT_SEALED)
		set_dialect(reg, node, facts->dialect);
	return node;
}

void
registry_release_node(struct registry *reg, uint32_t node)
{
	struct registry_node *n = &reg->nodes[node];
	n->sessions--;
	if (n->sessions == 0 && !n->stored)
		remove_node(reg, node);
}

uint32_t
registry_put_cluster(struct registry *reg, const struct registry_cluster *like,
		     struct registry_change *change)
{
	uint32_t cluster = reg->clusters_len++;
	struct registry_cluster *c = &reg->clusters[cluster];
	*c = *like;
	c->size = 0;
	c->members = reg->members_len;
	for (uint32_t i = 0; i < c->max_size; i++)
		reg->members[reg->members_len++] =
			(struct registry_member){ .node = REGISTRY_NONE };
	table_put(&reg->cluster_ids, registry_hash_id(reg, &c->id), cluster);
	table_put(&reg->cluster_names,
		  registry_hash_name(reg, c->name, c->name_len), cluster);
	*change = (struct registry_change){
		.kind = REGISTRY_CLUSTER_ADDED,
		.number = cluster,
	};
	return cluster;
}

/* Only the last one can go, which is what undoing in reverse gives. */
static void
remove_cluster(struct registry *reg, uint32_t cluster)
{
	const struct registry_cluster *c = &reg->clusters[cluster];
	table_drop(&reg->cluster_ids, registry_hash_id(reg, &c->id), cluster);
	table_drop(&reg->cluster_names,
		   registry_hash_name(reg, c->name, c->name_len), cluster);
	reg->members_len = c->members;
	reg->clusters_len = cluster;
}

static void
set_member(struct registry *reg, uint32_t cluster, uint32_t index,
	   const struct registry_member *member)
{
	struct registry_cluster *c = &reg->clusters[cluster];
	struct registry_member *m = &reg->members[c->members + index];
	if (m->node != REGISTRY_NONE)
		c->size--;
	*m = *member;
	if (m->node != REGISTRY_NONE)
		c->size++;
}

void
registry_put_member(struct registry *reg, uint32_t cluster, uint32_t index,
		    const struct registry_member *member,
		    struct registry_change *change)
{
	*change = (struct registry_change){
		.kind = REGISTRY_MEMBER_CHANGED,
		.number = cluster,
		.index = index,
		.member = *registry_member(reg, cluster, index),
	};
	set_member(reg, cluster, index, member);
}

void
registry_undo(struct registry *reg, const struct registry_change *change)
{
	struct registry_node *n;
	switch (change->kind) {
	case REGISTRY_NO_CHANGE:
		return;
	case REGISTRY_NODE_ADDED:
	case REGISTRY_NODE_CHANGED:
		n = &reg->nodes[change->number];
		set_dialect(reg, change->number, change->dialect);
		n->stored = change->was_stored;
		n->attrs = change->attrs;
		n->token = change->token;
		registry_release_node(reg, change->number);
		return;
	case REGISTRY_CLUSTER_ADDED:
		remove_cluster(reg, change->number);
		return;
	case REGISTRY_MEMBER_CHANGED:
		set_member(reg, change->number, change->index, &change->member);
		return;
	}
}
