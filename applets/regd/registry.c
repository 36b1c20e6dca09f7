// SPDX-License-Identifier: MIT
#include "applets/regd/registry.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/ident/rng.h"

void
registry_init(struct registry *reg, struct rng *rng)
{
	*reg = (struct registry){
		.nodes_free = REGISTRY_NONE,
		.keys_free = REGISTRY_NONE,
	};
	rng_bytes(rng, reg->hash_key, sizeof reg->hash_key);
}

void
registry_free(struct registry *reg)
{
	free(reg->nodes);
	free(reg->keys);
	free(reg->clusters);
	free(reg->members);
	table_free(&reg->node_ids);
	table_free(&reg->key_hashes);
	table_free(&reg->cluster_ids);
	table_free(&reg->cluster_names);
	*reg = (struct registry){ 0 };
}

uint64_t
registry_hash_id(const struct registry *reg, const struct nodeid *id)
{
	return table_hash(reg->hash_key, id->bytes, id->len);
}

uint64_t
registry_hash_name(const struct registry *reg, const void *name, size_t len)
{
	return table_hash(reg->hash_key, name, len);
}

uint32_t
registry_find_node(const struct registry *reg, const struct nodeid *id)
{
	uint64_t hash = registry_hash_id(reg, id);
	uint32_t at;
	uint32_t i = table_first(&reg->node_ids, hash, &at);
	while (i != TABLE_NONE && !nodeid_equal(&reg->nodes[i].id, id))
		i = table_next(&reg->node_ids, hash, &at);
	return i;
}

uint32_t
registry_find_key(const struct registry *reg,
		  const uint8_t hash[static REGISTRY_KEY_LEN])
{
	uint64_t keyed = table_hash(reg->hash_key, hash, REGISTRY_KEY_LEN);
	uint32_t at;
	uint32_t i = table_first(&reg->key_hashes, keyed, &at);
	while (i != TABLE_NONE &&
	       !bytes_equal(reg->keys[i].hash, hash, REGISTRY_KEY_LEN))
		i = table_next(&reg->key_hashes, keyed, &at);
	return i;
}

uint32_t
registry_find_cluster(const struct registry *reg, const struct nodeid *id)
{
	uint64_t hash = registry_hash_id(reg, id);
	uint32_t at;
	uint32_t i = table_first(&reg->cluster_ids, hash, &at);
	while (i != TABLE_NONE && !nodeid_equal(&reg->clusters[i].id, id))
		i = table_next(&reg->cluster_ids, hash, &at);
	return i;
}

uint32_t
registry_find_cluster_name(const struct registry *reg, const void *name,
			   size_t len)
{
	uint64_t hash = registry_hash_name(reg, name, len);
	uint32_t at;
	uint32_t i = table_first(&reg->cluster_names, hash, &at);
	while (i != TABLE_NONE &&
	       (reg->clusters[i].name_len != len ||
		memcmp(reg->clusters[i].name, name, len) != 0))
		i = table_next(&reg->cluster_names, hash, &at);
	return i;
}

bool
registry_is_sealed(const struct registry *reg, uint32_t node)
{
	return reg->keys[reg->nodes[node].key].sealed > 0;
}

const struct registry_member *
registry_member(const struct registry *reg, uint32_t cluster, uint32_t index)
{
	return &reg->members[reg->clusters[cluster].members + index];
}

uint32_t
registry_find_member(const struct registry *reg, uint32_t cluster,
		     uint32_t node)
{
	for (uint32_t i = 0; i < reg->clusters[cluster].max_size; i++)
		if (registry_member(reg, cluster, i)->node == node)
			return i;
	return REGISTRY_NONE;
}

uint32_t
registry_find_member_name(const struct registry *reg, uint32_t cluster,
			  uint64_t name)
{
	for (uint32_t i = 0; i < reg->clusters[cluster].max_size; i++) {
		const struct registry_member *m =
			registry_member(reg, cluster, i);
		if (m->node != REGISTRY_NONE && m->name == name)
			return i;
	}
	return REGISTRY_NONE;
}

uint32_t
registry_find_place(const struct registry *reg, uint32_t cluster)
{
	return registry_find_member(reg, cluster, REGISTRY_NONE);
}
