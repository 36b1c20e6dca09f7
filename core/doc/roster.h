// SPDX-License-Identifier: MIT
#ifndef XL_DOC_ROSTER_H
#define XL_DOC_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/text.h"
#include "core/doc/block.h"
#include "core/ident/endpoint.h"
#include "core/ident/nodeid.h"
#include "core/ident/rsakey.h"

/*
 * cluster.dat: a cluster and its members as one of them knows them
 * (xl-protocol(7), Files).  A roster is about 100 KiB: never on the stack.
 */

#define ROSTER_MEMBERS_MAX 64
#define ROSTER_TEXT_MAX (144 * 1024) /* bytes of a file */
#define ROSTER_NO_SELF 64            /* self when not a member */

struct member {
	unsigned index; /* 0..63 */
	char name[TEXT_NAME_MAX + 1];
	struct nodeid id;
	uint64_t attrs;
	struct rsakey_public ck, sk;
	size_t ends_len;
	struct endpoint ends[ENDPOINTS_MAX];
};

struct roster {
	char name[TEXT_NAME_MAX + 1];
	struct nodeid id;
	uint64_t attrs;
	unsigned max_size;       /* 2..64 */
	unsigned endpoint_count; /* 1 or 2 */
	unsigned self;           /* index of this node, or ROSTER_NO_SELF */
	size_t members_len;
	struct member members[ROSTER_MEMBERS_MAX]; /* in index order */
};

/*
 * Reads len bytes.  Refuses what could not have come from a registry: index
 * out of order or not below MaxSize, a name or ID twice, fewer end points
 * than EPCount, Self that is no member.  ERR_MALFORMED, and fault says where
 * and what.
 */
enum err
roster_parse(struct roster *roster, const char *text, size_t len,
	     struct block_fault *fault);

/* Writes roster and returns the length; without Self if it is no member. */
size_t
roster_format(char dst[static ROSTER_TEXT_MAX], const struct roster *roster);

/* Whether both say the same. */
bool
roster_equal(const struct roster *a, const struct roster *b);

/* The member with index, or NULL. */
const struct member *
roster_find(const struct roster *roster, unsigned index);

/* The member with this name, or this ID of len bytes; or NULL. */
const struct member *
roster_find_name(const struct roster *roster, const char *name);
const struct member *
roster_find_id(const struct roster *roster, const uint8_t *id, size_t len);

#endif
