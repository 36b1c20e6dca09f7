// SPDX-License-Identifier: MIT
#ifndef XL_REGD_REGISTRY_H
#define XL_REGD_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applets/regd/table.h"
#include "core/base/err.h"
#include "core/base/text.h"
#include "core/ident/nodeid.h"
#include "core/wire/hello.h"

struct rng;

/*
 * The nodes and clusters, in memory.  Tokens stay where the store has them;
 * only their places are here.  Nothing here decides who may do what: that is
 * serve.h's part.
 *
 * Every change fills a struct registry_change, with which it can be taken
 * back.  Changes are taken back in the reverse order in which they were made.
 *
 * Nodes, keys and clusters are numbers that stay the same as long as the thing
 * exists.
 */

#define REGISTRY_NONE TABLE_NONE
#define REGISTRY_KEY_LEN 32 /* SHA-256 of a sig key's SubjectPublicKeyInfo */

/* Where a token stands in the store. */
struct registry_token {
	uint64_t at;
	uint16_t len;
	uint16_t bare_len; /* without its DigSig, which is its end */
};

struct registry_node {
	struct nodeid id;
	bool stored;          /* else it lives while sessions hold it */
	enum dialect dialect; /* accepted in; sealed once is sealed for ever */
	uint64_t attrs;
	uint32_t key;   /* its sig key */
	uint32_t older; /* the next older node of that key */
	uint32_t newer;
	uint32_t sessions; /* that hold it */
	struct registry_token token;
};

/* A sig key that nodes have. */
struct registry_key {
	uint8_t hash[REGISTRY_KEY_LEN];
	uint32_t latest; /* the node that came last */
	uint32_t sealed; /* how many of its nodes were accepted in sealed */
};

/* A place in a cluster. */
struct registry_member {
	uint32_t node; /* REGISTRY_NONE: free */
	uint64_t name; /* keyed hash of its name */
	struct registry_token token;
};

struct registry_cluster {
	struct nodeid id;
	uint8_t name_len;
	char name[TEXT_NAME_MAX];
	uint8_t max_size;       /* 2..64 */
	uint8_t endpoint_count; /* 1 or 2 */
	uint8_t size;           /* members now */
	uint64_t attrs;
	uint32_t members; /* the first of its max_size places */
};

struct registry {
	uint8_t hash_key[16];
	struct registry_node *nodes;
	struct registry_key *keys;
	struct registry_cluster *clusters;
	struct registry_member *members;
	uint32_t nodes_len, nodes_cap, nodes_free;
	uint32_t keys_len, keys_cap, keys_free;
	uint32_t clusters_len, clusters_cap;
	uint32_t members_len, members_cap;
	struct table node_ids, key_hashes, cluster_ids, cluster_names;
};

/* How a change is taken back. */
struct registry_change {
	enum {
		REGISTRY_NO_CHANGE,
		REGISTRY_NODE_ADDED,
		REGISTRY_NODE_CHANGED,
		REGISTRY_CLUSTER_ADDED,
		REGISTRY_MEMBER_CHANGED,
	} kind;
	bool was_stored;
	enum dialect dialect;
	uint32_t number; /* of the node or cluster */
	uint32_t index;  /* of the member */
	uint64_t attrs;
	struct registry_token token;
	struct registry_member member;
};

/* What is to be known of a node. */
struct registry_facts {
	struct nodeid id;
	uint8_t key[REGISTRY_KEY_LEN];
	uint64_t attrs;
	enum dialect dialect; /* in which it was accepted */
	bool stored;
	struct registry_token token;
};

/* An empty registry. */
void
registry_init(struct registry *reg, struct rng *rng);

void
registry_free(struct registry *reg);

/* The number of a node, key or cluster, or REGISTRY_NONE. */
uint32_t
registry_find_node(const struct registry *reg, const struct nodeid *id);
uint32_t
registry_find_key(const struct registry *reg,
		  const uint8_t hash[static REGISTRY_KEY_LEN]);
uint32_t
registry_find_cluster(const struct registry *reg, const struct nodeid *id);
uint32_t
registry_find_cluster_name(const struct registry *reg, const void *name,
			   size_t len);

/* Whether a node with this one's key was accepted in a sealed session. */
bool
registry_is_sealed(const struct registry *reg, uint32_t node);

/* The keyed hashes of an ID, and of a name as in registry_member. */
uint64_t
registry_hash_id(const struct registry *reg, const struct nodeid *id);
uint64_t
registry_hash_name(const struct registry *reg, const void *name, size_t len);

/*
 * The index at which a node is in a cluster, the one at which another member
 * has this name, or the lowest that is free; REGISTRY_NONE if there is none.
 */
uint32_t
registry_find_member(const struct registry *reg, uint32_t cluster,
		     uint32_t node);
uint32_t
registry_find_member_name(const struct registry *reg, uint32_t cluster,
			  uint64_t name);
uint32_t
registry_find_place(const struct registry *reg, uint32_t cluster);

/* The member at an index below the cluster's max_size; its node may be none. */
const struct registry_member *
registry_member(const struct registry *reg, uint32_t cluster, uint32_t index);

/*
 * Makes sure that the next change, whatever it is, finds room.  ERR_SYSTEM;
 * the registry is then as it was.
 */
enum err
registry_reserve(struct registry *reg);

/*
 * Adds a node, or replaces what is known of the one with this ID, whose key
 * must be the same; returns its number.  A node that is not stored changes
 * nothing of one that is.  The caller's session holds it.
 */
uint32_t
registry_put_node(struct registry *reg, const struct registry_facts *facts,
		  struct registry_change *change);

/* A session lets go of a node. */
void
registry_release_node(struct registry *reg, uint32_t node);

/*
 * Adds a cluster whose ID and name are not there yet, from the fields of like
 * but for its size and members; returns its number.
 */
uint32_t
registry_put_cluster(struct registry *reg, const struct registry_cluster *like,
		     struct registry_change *change);

/* Sets the member at an index below the cluster's max_size. */
void
registry_put_member(struct registry *reg, uint32_t cluster, uint32_t index,
		    const struct registry_member *member,
		    struct registry_change *change);

/* Takes a change back. */
void
registry_undo(struct registry *reg, const struct registry_change *change);

#endif
