// SPDX-License-Identifier: MIT
#include "applets/regd/record.h"

#include <bearssl.h>
#include <errno.h>
#include <pb_decode.h>
#include <pb_encode.h>
#include <string.h>

#include "core/base/bytes.h"
#include "xljournal.pb.h"
#include "xlreg.pb.h"

_Static_assert(journal_Record_size <= RECORD_MAX, "a record fits");
_Static_assert(reg_Token_size <= RECORD_TOKEN_MAX, "a token fits");

/* One of each is enough: they are filled and used at once. */
static journal_Record record_now;
static reg_Token token_now;

#define SET_BYTES(f, src, n)                                            \
	(record_now.has_##f = true, record_now.f.size = (pb_size_t)(n), \
	 (void)memcpy(record_now.f.bytes, (src), (n)))
#define SET(f, v) (record_now.has_##f = true, record_now.f = (v))

static void
begin(journal_Record_Change change)
{
	record_now = (journal_Record)journal_Record_init_zero;
	SET(Kind, (uint32_t)change);
}

/* Appends record_now; *end is then the place behind it. */
static enum err
append(const struct store *store, uint64_t *ticket, uint64_t *end)
{
	uint8_t bytes[RECORD_MAX];
	uint64_t where;
	pb_ostream_t stream = pb_ostream_from_buffer(bytes, sizeof bytes);
	if (!pb_encode(&stream, journal_Record_fields, &record_now))
		return ERR_TOO_LONG;
	size_t len = stream.bytes_written;
	enum err e = store->append(store->self, bytes, len, ticket, &where);
	if (e == ERR_OK)
		*end = where + len;
	return e;
}

/* Appends record_now with a token as its end. */
static enum err
append_token(const struct store *store, enum dialect dialect,
	     const struct record_token *token, uint64_t *ticket,
	     struct registry_token *place)
{
	uint64_t end;
	SET(Dialect, (uint32_t)dialect);
	SET_BYTES(Token, token->bytes, token->len);
	enum err e = append(store, ticket, &end);
	if (e == ERR_OK)
		*place = (struct registry_token){
			.at = end - token->len,
			.len = token->len,
			.bare_len = token->bare_len,
		};
	return e;
}

enum err
record_append_node(const struct store *store, enum dialect dialect,
		   const struct record_token *token, uint64_t *ticket,
		   struct registry_token *place)
{
	begin(journal_Record_Change_Node);
	return append_token(store, dialect, token, ticket, place);
}

enum err
record_append_cluster(const struct store *store,
		      const struct registry_cluster *cluster, uint64_t *ticket)
{
	uint64_t end;
	begin(journal_Record_Change_Cluster);
	SET_BYTES(ClusterID, cluster->id.bytes, cluster->id.len);
	SET_BYTES(ClusterName, cluster->name, cluster->name_len);
	SET(Attrs, cluster->attrs);
	SET(MaxSize, cluster->max_size);
	SET(EndPointCount, cluster->endpoint_count);
	return append(store, ticket, &end);
}

enum err
record_append_member(const struct store *store, const struct nodeid *cluster,
		     uint32_t index, enum dialect dialect,
		     const struct record_token *token, uint64_t *ticket,
		     struct registry_token *place)
{
	begin(journal_Record_Change_Member);
	SET_BYTES(ClusterID, cluster->bytes, cluster->len);
	SET(Index, index);
	return append_token(store, dialect, token, ticket, place);
}

enum err
record_read_token(const struct store *store, const struct registry_token *place,
		  struct record_token *token)
{
	if (place->len > sizeof token->bytes) {
		errno = EIO;
		return ERR_READ;
	}
	token->len = place->len;
	token->bare_len = place->bare_len;
	return store->read(store->self, place->at, token->bytes, place->len);
}

/*
 * Takes record_now's token, which ends at end in the store, apart: into
 * token_now, and what the registry is to know of the node.
 */
static enum err
take_token(struct registry_facts *facts, uint64_t end)
{
	size_t bare;
	br_sha256_context sha;
	size_t len = record_now.Token.size;
	pb_istream_t stream =
		pb_istream_from_buffer(record_now.Token.bytes, len);
	if (!pb_decode(&stream, reg_Token_fields, &token_now) ||
	    nodeid_from_bytes(&facts->id, token_now.ID.bytes,
			      token_now.ID.size) != ERR_OK)
		return ERR_MALFORMED;
	br_sha256_init(&sha);
	br_sha256_update(&sha, token_now.SigKey.bytes, token_now.SigKey.size);
	br_sha256_out(&sha, facts->key);
	token_now.has_DigSig = false;
	if (record_now.Dialect >= DIALECTS_LEN ||
	    !pb_get_encoded_size(&bare, reg_Token_fields, &token_now) ||
	    bare > len)
		return ERR_MALFORMED;
	facts->attrs = token_now.Attrs;
	facts->dialect = (enum dialect)record_now.Dialect;
	facts->stored = true;
	facts->token = (struct registry_token){
		.at = end - len,
		.len = (uint16_t)len,
		.bare_len = (uint16_t)bare,
	};
	return ERR_OK;
}

/* Whether the registry can take these facts: an ID keeps its key. */
static bool
is_consistent(const struct registry *reg, const struct registry_facts *facts)
{
	uint32_t node = registry_find_node(reg, &facts->id);
	return node == REGISTRY_NONE ||
	       reg->nodes[node].key == registry_find_key(reg, facts->key);
}

static enum err
replay_node(struct registry *reg, uint64_t end)
{
	struct registry_facts facts;
	struct registry_change change;
	if (take_token(&facts, end) != ERR_OK || !is_consistent(reg, &facts))
		return ERR_MALFORMED;
	registry_release_node(reg, registry_put_node(reg, &facts, &change));
	return ERR_OK;
}

static enum err
replay_cluster(struct registry *reg)
{
	struct registry_cluster cluster = {
		.attrs = record_now.Attrs,
		.max_size = (uint8_t)record_now.MaxSize,
		.endpoint_count = (uint8_t)record_now.EndPointCount,
		.name_len = (uint8_t)record_now.ClusterName.size,
	};
	struct registry_change change;
	if (record_now.MaxSize < 2 || record_now.MaxSize > 64 ||
	    record_now.EndPointCount < 1 || record_now.EndPointCount > 2 ||
	    !text_is_name(record_now.ClusterName.bytes, cluster.name_len) ||
	    nodeid_from_bytes(&cluster.id, record_now.ClusterID.bytes,
			      record_now.ClusterID.size) != ERR_OK)
		return ERR_MALFORMED;
	memcpy(cluster.name, record_now.ClusterName.bytes, cluster.name_len);
	if (registry_find_cluster(reg, &cluster.id) != REGISTRY_NONE ||
	    registry_find_cluster_name(reg, cluster.name, cluster.name_len) !=
		    REGISTRY_NONE)
		return ERR_MALFORMED;
	registry_put_cluster(reg, &cluster, &change);
	return ERR_OK;
}

/* Whether node may be put at index of cluster under this name. */
static bool
is_place_for(const struct registry *reg, uint32_t cluster, uint32_t index,
	     uint32_t node, uint64_t name)
{
	if (index >= reg->clusters[cluster].max_size)
		return false;
	uint32_t there = registry_member(reg, cluster, index)->node;
	uint32_t named = registry_find_member_name(reg, cluster, name);
	uint32_t known = registry_find_member(reg, cluster, node);
	return (there == REGISTRY_NONE || there == node) &&
	       (named == REGISTRY_NONE || named == index) &&
	       (known == REGISTRY_NONE || known == index);
}

/*
 * The node is there already, but where its own record was damaged: then the
 * member's token says as much.
 */
static enum err
replay_member(struct registry *reg, uint64_t end)
{
	struct nodeid id;
	struct registry_facts facts;
	struct registry_change change;
	uint32_t cluster = REGISTRY_NONE;
	if (nodeid_from_bytes(&id, record_now.ClusterID.bytes,
			      record_now.ClusterID.size) == ERR_OK)
		cluster = registry_find_cluster(reg, &id);
	if (cluster == REGISTRY_NONE || take_token(&facts, end) != ERR_OK ||
	    !is_consistent(reg, &facts))
		return ERR_MALFORMED;
	uint32_t node = registry_find_node(reg, &facts.id);
	if (node == REGISTRY_NONE) {
		node = registry_put_node(reg, &facts, &change);
		registry_release_node(reg, node);
	}
	struct registry_member member = {
		.node = node,
		.name = registry_hash_name(reg, token_now.Name.bytes,
					   token_now.Name.size),
		.token = facts.token,
	};
	if (!is_place_for(reg, cluster, record_now.Index, node, member.name))
		return ERR_MALFORMED;
	registry_put_member(reg, cluster, record_now.Index, &member, &change);
	return ERR_OK;
}

enum err
record_replay(void *reg, const uint8_t *record, size_t len, uint64_t where)
{
	pb_istream_t stream = pb_istream_from_buffer(record, len);
	if (!pb_decode(&stream, journal_Record_fields, &record_now))
		return ERR_MALFORMED;
	/* The token must be where it will be looked for. */
	size_t token = record_now.Token.size;
	if (token > len ||
	    memcmp(record + (len - token), record_now.Token.bytes, token) != 0)
		return ERR_MALFORMED;
	if (registry_reserve(reg) != ERR_OK)
		return ERR_SYSTEM;
	switch (record_now.Kind) {
	case journal_Record_Change_Node:
		return replay_node(reg, where + len);
	case journal_Record_Change_Cluster:
		return replay_cluster(reg);
	case journal_Record_Change_Member:
		return replay_member(reg, where + len);
	default:
		return ERR_MALFORMED;
	}
}
